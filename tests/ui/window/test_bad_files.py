"""What is no plan, or a strange one, given to the window: a sentence each time, never a crash."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QPointF, Qt

from app.plan.document import MergeBlock
from app.plan.reader import read_plan
from app.ui.state import documents
from tests.ui.workbench import PLAN, Bench


@pytest.fixture
def path(bench: Bench) -> Path:
    return bench.folder / "strange.txt"


def refusal(bench: Bench, path: Path) -> str:
    """What is said when the file is opened; everything stays as it was."""
    before = bench.window.services.editor.plan
    bench.window.files.open_plan(path)
    said = bench.answer("OK")
    assert bench.window.services.editor.plan == before
    assert [d.name for d in bench.window.services.documents.all] == ["plan.txt"]
    return said


@pytest.mark.parametrize(
    "noise",
    [
        random.Random(1).randbytes(1_000_000),
        bytes(1_000_000),
        bytes(random.Random(2).choices(range(32, 127), k=1_000_000)),
        b"\xff\xfe" + random.Random(3).randbytes(1_000_000),
        b"{" * 1_000_000,
        b";" * 1_000_000,
        b"",
    ],
    ids=["bytes", "zeros", "one line", "utf-16", "braces", "semicolons", "nothing"],
)
def test_noise_is_refused(bench: Bench, path: Path, noise: bytes) -> None:
    path.write_bytes(noise)
    assert "is not a plan" in refusal(bench, path)


def test_lines_of_noise_with_a_keyword_in_front_are_read_as_far_as_they_go(
    bench: Bench, path: Path
) -> None:
    words = ["WeightBlock", "MergeBlock", "TotalLayers;", "-1", "9e999", "nan", "0,5", ";"]
    pick = random.Random(4).choices
    path.write_text("\n".join("; ".join(pick(words, k=6)) for _ in range(10_000)))
    bench.window.files.open_plan(path)
    said = bench.answer("OK")
    assert "“strange.txt”" in said
    assert len(said.splitlines()) < 20


def test_ten_thousand_lines_are_opened_and_it_is_said_that_it_takes_a_moment(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "SHOW_WORK_AFTER_MS", 0)
    lines = [f"WeightBlock; {n}; {n + 1}; {n % 4}; {n - 1}" for n in range(10_000)]
    path.write_text("\n".join([*lines, "TotalLayers; 10000"]))
    told: list[str] = []
    bench.window.services.documents.working.connect(told.append)
    bench.window.files.open_plan(path)
    bench.qtbot.waitUntil(
        lambda: bench.window.services.documents.name == "strange.txt", timeout=60_000
    )
    assert len(bench.window.services.editor.plan.blocks) == 10_000
    assert told == ["Opening “strange.txt” …", ""]
    assert bench.window.status.currentMessage() == ""


def test_blocks_at_absurd_places_are_opened_looked_at_arranged_and_saved(
    bench: Bench, path: Path
) -> None:
    places = ["[1e300, 0]", "[NaN, 1]", "[-Infinity, 0]", "[-1e9, -1e9]", "[1e7, 1e7]"]
    places += ["[-1e7, -1e7]", "[1e7, -1e7]", '["a", 1]', "[[], {}]", "null", "[0.5, -0.5]"]
    lines = [
        f'WeightBlock; {n}; {n + 1}; {n % 4}; {n - 1}  #@ {{"at": {at}}}'
        for n, at in enumerate(places)
    ]
    path.write_text("\n".join([*lines, f"TotalLayers; {len(lines)}", ""]))
    window, canvas = bench.window, bench.window.canvas
    window.files.open_plan(path)
    bench.qtbot.waitUntil(lambda: window.services.documents.name == "strange.txt")
    opened = [b.position for b in window.services.editor.plan.blocks.values()]
    assert opened[4:7] == [(1e7, 1e7), (-1e7, -1e7), (1e7, -1e7)]
    assert all(at is not None and max(map(abs, at)) <= 1e7 for at in opened)
    canvas.fit_all()
    canvas.grab()
    canvas.zoom_by(1 / canvas.zoom)
    canvas.pan_by(QPointF(-1e6, 1e6))
    window.grab()
    canvas.commands.arrange.trigger()
    canvas.fit_all()
    canvas.grab()
    window.services.editor.undo_stack.undo()
    assert [b.position for b in window.services.editor.plan.blocks.values()] == opened
    saved = window.services.tasks.start(window.services.documents.save())
    bench.qtbot.waitUntil(saved.done)
    kept = read_plan(path.read_text()).plan
    assert kept is not None
    assert [b.position for b in kept.blocks.values()] == opened


@pytest.fixture
def german() -> Iterator[None]:
    """A system whose decimals have a comma."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("typed", ["0,25", "0.25"])
def test_scales_are_typed_with_a_comma_and_saved_with_a_point(bench: Bench, typed: str) -> None:
    window = bench.window
    window.canvas.show_block("b3")
    row = window.inspector.forms["merge"].inputs[0]
    row.spin.setFocus()
    row.spin.selectAll()
    bench.qtbot.keyClicks(row.spin, typed)
    bench.qtbot.keyClick(row.spin, Qt.Key.Key_Return)
    merge = window.services.editor.plan.blocks["b3"]
    assert isinstance(merge, MergeBlock)
    assert merge.inputs[0].scale == 0.25
    temperature = window.chat.sampling.temperature
    temperature.setFocus()
    temperature.selectAll()
    bench.qtbot.keyClicks(temperature, typed)
    bench.qtbot.keyClick(temperature, Qt.Key.Key_Return)
    assert window.services.reply_settings.chat.sampling.temperature == 0.25
    saved = window.services.tasks.start(window.services.documents.save())
    bench.qtbot.waitUntil(saved.done)
    assert "MergeBlock; 1; 0.25; 2; 0.5" in (bench.folder / "plan.txt").read_text()


def test_a_folder_a_pipe_and_nothing_at_all_are_refused(bench: Bench, path: Path) -> None:
    assert "folder" in refusal(bench, bench.folder)
    os.mkfifo(path)
    assert "not an ordinary file" in refusal(bench, path)
    assert "No such file" in refusal(bench, bench.folder / "gone.txt")


def test_a_file_that_may_not_be_read_is_refused(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(PLAN)

    def forbidden(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("app.plan.files.read", forbidden)
    assert "Permission denied" in refusal(bench, path)


def test_a_file_that_vanishes_while_it_is_saved_is_written_again(
    bench: Bench, tmp_path: Path
) -> None:
    (bench.folder / "plan.txt").unlink()
    bench.window.files.save()
    bench.qtbot.waitUntil((bench.folder / "plan.txt").exists)
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())


def test_a_folder_that_vanishes_leaves_the_plan_open(bench: Bench) -> None:
    folder = bench.folder / "inner"
    folder.mkdir()
    path = folder / "inner.txt"
    path.write_text(PLAN)
    bench.window.files.open_plan(path)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "inner.txt")
    path.unlink()
    folder.rmdir()
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isVisible)
    before = bench.window.services.editor.plan
    bench.window.files.save()
    assert "could not be saved" in bench.answer("OK")
    assert bench.window.services.editor.plan == before
    assert bench.window.isWindowModified()
