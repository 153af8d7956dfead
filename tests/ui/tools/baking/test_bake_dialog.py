"""A plan is baked and measured from its dialog, by a real engine over tiny models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from app.engine.errors import EngineDied
from app.model_files.reader import read_model_file
from app.model_files.sources import read_sources
from app.plan.reader import read_plan
from app.ui.canvas.placement import placed
from app.ui.files.sources.words import details
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.services import Services, build_services
from app.ui.state.settings import Settings
from app.ui.tools.baking.dialog import BakeDialog
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import CTRL, LEFT
from tests.ui.workbench import Bench

TEXT = "in the other one there is the note;\non the other hand, thin ether.\n" * 60
MERGED = (
    "WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 4; 2; 0\nWeightBlock; 4; 6; 6; 0\n"
    "MergeBlock; 1; 0.5; 2; 0.5\nTotalLayers; 6\n"
)
SHORT = "WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 3; 6; 0\nTotalLayers; 3\n"
UNEVEN = (
    "WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 4; 2; 0\nWeightBlock; 4; 5; 6; 0\n"
    "MergeBlock; 1; 0.5; 2; 0.5\nTotalLayers; 5\n"
)


@dataclass
class Stage:
    """The dialog over a plan that the test sets."""

    dialog: BakeDialog
    services: Services
    qtbot: QtBot
    out: Path

    def set_plan(self, text: str) -> None:
        plan = read_plan(text).plan
        assert plan is not None
        self.dialog.kind.setText("")
        self.services.editor.replace_document(plan)
        self.qtbot.waitUntil(lambda: self.dialog.kind.text() != "")

    def press(self, button: QWidget) -> str:
        """Press it and wait for the end; what the dialog says then."""
        self.qtbot.mouseClick(button, LEFT)
        self.qtbot.waitUntil(lambda: self.dialog.runs or bool(self.questions()))
        return self.ended()

    def ended(self) -> str:
        self.qtbot.waitUntil(lambda: not self.dialog.runs, timeout=60_000)
        return self.dialog.problem.text() or self.dialog.row.words.text()

    def questions(self) -> list[QMessageBox]:
        return [box for box in self.dialog.findChildren(QMessageBox) if box.isVisible()]


@pytest.fixture
def stage(qtbot: QtBot, loop: QEventLoop, settings: Settings, tmp_path: Path) -> Iterator[Stage]:
    paths = [write_tiny(tmp_path / f"{seed}.gguf", TinyModel(seed=seed)) for seed in (1, 2)]
    files = read_sources(paths)
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    window = QWidget()
    qtbot.addWidget(window)
    services = build_services(
        window, EngineBridge(), EngineBridge(), settings, lambda: paths[0], placed
    )
    services.model.show(files)
    dialog = BakeDialog(services)
    dialog.out.setText(str(tmp_path / "out.gguf"))
    dialog.text.choose(text)
    dialog.show()
    yield Stage(dialog, services, qtbot, tmp_path / "out.gguf")
    closed = services.tasks.start(services.engine.close(10))
    qtbot.waitUntil(closed.done, timeout=15_000)


def test_the_verdict_follows_the_plan(stage: Stage) -> None:
    stage.set_plan(SHORT)
    assert stage.dialog.kind.text() == "Exact"
    assert not stage.dialog.type.isEnabled()
    stage.set_plan(MERGED)
    assert stage.dialog.kind.text() == "An approximation"
    assert "as block 3 does, so the weights of 2 layers are averaged" in stage.dialog.reason.text()
    assert stage.dialog.type.isEnabled()
    assert "4 layers" in stage.dialog.room.text()
    stage.set_plan(UNEVEN)
    assert stage.dialog.kind.text() == "This plan can't be baked"
    assert "Block 3 merges outputs that have passed 4 layers" in stage.dialog.reason.text()
    assert not stage.dialog.bake.isEnabled()
    stage.services.model.show(())
    stage.qtbot.waitUntil(lambda: "model files are missing" in stage.dialog.reason.text())


def test_an_approximation_is_baked_measured_and_opened(stage: Stage) -> None:
    stage.set_plan(MERGED)
    stage.dialog.type.setCurrentText("Q8_0")
    stage.qtbot.waitUntil(lambda: stage.dialog.bake.isEnabled())
    assert "an approximation" in stage.press(stage.dialog.bake)
    made = read_model_file(stage.out)
    assert made.n_layers == 4
    told = [detail.value for detail in details(made, 0)]
    assert "2-3 from 0.5 × 1.gguf, its 2-3 + 0.5 × 2.gguf, its 2-3" in told
    assert "Measured on" in stage.press(stage.dialog.measure)
    [row] = stage.dialog.table.rows
    assert row[0] == "out.gguf"
    assert float(row[1]) > 0
    wanted: list[Path] = []
    stage.dialog.open_wanted.connect(wanted.append)
    stage.qtbot.mouseClick(stage.dialog.open_button, LEFT)
    assert wanted == [stage.out]
    assert not stage.dialog.isVisible()


def test_an_exact_file_has_no_distance_and_is_replaced_only_when_asked(stage: Stage) -> None:
    stage.set_plan(SHORT)
    stage.out.write_text("mine")
    stage.qtbot.mouseClick(stage.dialog.bake, LEFT)
    stage.qtbot.waitUntil(lambda: bool(stage.questions()))
    [question] = stage.questions()
    next(b for b in question.buttons() if b.text() == "Cancel").click()
    stage.qtbot.waitUntil(lambda: not stage.questions())
    assert stage.out.read_text() == "mine"
    stage.out.unlink()
    assert "exact" in stage.press(stage.dialog.bake)
    stage.press(stage.dialog.measure)
    [row] = stage.dialog.table.rows
    assert row[1:3] == ["0.00000", "100.0%"]
    assert row[3] == row[4]


def test_a_failure_is_said_and_nothing_is_opened(stage: Stage) -> None:
    stage.set_plan(SHORT)
    stage.dialog.out.setText(str(stage.out.with_name("1.gguf")))
    stage.qtbot.waitUntil(lambda: stage.dialog.bake.isEnabled())
    stage.qtbot.mouseClick(stage.dialog.bake, LEFT)
    stage.qtbot.waitUntil(lambda: bool(stage.questions()))
    [question] = stage.questions()
    next(b for b in question.buttons() if b.text() == "Replace").click()
    stage.qtbot.waitUntil(lambda: stage.dialog.runs)
    assert "“1.gguf” is one of the source files" in stage.ended()
    assert not stage.dialog.open_button.isEnabled()


def test_nothing_is_left_by_an_engine_that_was_killed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = stage.out.with_name(".out.gguf.abcdefgh.new")

    async def killed(_job: object) -> None:
        left.write_bytes(b"half of it")
        raise EngineDied("The engine process was killed.")

    monkeypatch.setattr(stage.dialog, "run_on", killed)
    stage.set_plan(SHORT)
    stage.qtbot.mouseClick(stage.dialog.bake, LEFT)
    stage.qtbot.waitUntil(lambda: "was killed" in stage.dialog.problem.text())
    assert not left.exists()


def test_the_window_opens_it_once_and_then_what_was_baked(bench: Bench, tiny_model: Path) -> None:
    window, qtbot = bench.window, bench.qtbot
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_B, CTRL)
    qtbot.waitUntil(lambda: window.baking.open is not None)
    dialog = window.baking.open
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.kind.text() == "This plan can't be baked")
    window.baking.show()
    assert window.baking.open is dialog
    n_plans = len(window.services.documents.all)
    dialog.open_wanted.emit(tiny_model)
    qtbot.waitUntil(lambda: len(window.services.documents.all) == n_plans + 1)
    dialog.reject()
    qtbot.waitUntil(lambda: window.baking.open is None)
