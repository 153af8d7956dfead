"""What the tests of the window stand on: an editor with a plan, a canvas, or the whole window."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.ui import kinds
from app.ui.canvas import Canvas
from app.ui.state.editor import PlanEditor
from app.ui.state.settings import Settings
from tests.engine.composed import write_pack
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import Hand
from tests.ui.workbench import Bench, open_bench

kinds.install()


@pytest.fixture
def plan() -> Plan:
    """The third example of the note on layerBlocks, small enough to be in sight whole."""
    return Plan(output="m").with_blocks(
        WeightBlock("trunk", 0, 20, TOKENS, position=(0.0, 60.0)),
        WeightBlock("left", 20, 8, "trunk", position=(400.0, 0.0)),
        WeightBlock("right", 28, 8, "trunk", position=(400.0, 160.0)),
        MergeBlock(
            "m", (MergeInput("left", 0.5), MergeInput("right", 0.5)), position=(680.0, 40.0)
        ),
    )


@pytest.fixture
def editor(qapp, plan) -> Iterator[PlanEditor]:
    editor = PlanEditor(plan)
    editor.set_weight_layer_count(40)
    yield editor
    # Python's garbage collector may delete steps before their stack, which then deletes them again.
    for stack in editor.undo_group.stacks():
        stack.clear()


@pytest.fixture
def canvas(qtbot, editor) -> Canvas:
    canvas = Canvas(editor)
    qtbot.addWidget(canvas)
    canvas.resize(1100, 600)
    canvas.show()
    return canvas


@pytest.fixture
def hand(canvas) -> Hand:
    return Hand(canvas)


@pytest.fixture(scope="session")
def session_loop(qapp: QApplication) -> Iterator[QEventLoop]:
    """Stopping a qasync loop makes Qt leave every later event loop, so there is one for all."""
    loop = QEventLoop(qapp, already_running=True)
    asyncio.events._set_running_loop(None)
    yield loop
    loop.stop()
    loop.close()


@pytest.fixture
def loop(session_loop: QEventLoop, qapp: QApplication) -> Iterator[QEventLoop]:
    """The loop in which the window's coroutines run, as if the program's."""
    asyncio.events._set_running_loop(session_loop)
    yield session_loop
    for task in asyncio.all_tasks(session_loop):
        task.cancel()
    qapp.processEvents()
    asyncio.events._set_running_loop(None)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny.gguf", TinyModel(n_layers=4))


@pytest.fixture
def fine_tune(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "fine tune.gguf", TinyModel(n_layers=3, seed=1))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of the layers 2 and 3 of a fine-tune."""
    whole = write_tiny(tmp_path / "whole.gguf", TinyModel(n_layers=4, seed=2))
    return write_pack(whole, (2, 3), tmp_path / "pack.gguf")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def bench(
    qtbot: QtBot,
    loop: QEventLoop,
    tmp_path: Path,
    tiny_model: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with open_bench(qtbot, tmp_path, tiny_model, settings) as bench:
        yield bench
