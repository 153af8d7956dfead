"""Copies of unsaved plans: kept while the program runs, offered after it was ended by force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.plan import files
from app.ui.files.documents.recovery_bar import DISCARD, DISCARD_THEM, LATER, RESTORE
from app.ui.state import autosave
from app.ui.state.recovery import Copy, RecoveryFolder
from tests.ui.hands import click_button
from tests.ui.workbench import PLAN, Bench

ROOT = Path(__file__).parents[3]
EDITS_A_PLAN = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from app.plan import edits
from app.ui.application import EngineBridge, MainWindow, Settings, make_application, make_loop
store, plan = sys.argv[1:]
app, loop = make_application(), make_loop()
window = MainWindow(
    EngineBridge(), EngineBridge(), Settings(QSettings(store, QSettings.Format.IniFormat)), Path
)
window.restore_layout()
window.show()

async def work():
    await window.services.documents.open(Path(plan))
    editor = window.services.editor
    editor.apply("Rename", edits.rename(editor.plan, next(iter(editor.plan.blocks)), "Unsaved"))
    await window.services.autosave.write()
    print("kept", flush=True)

loop.create_task(work())
loop.run_forever()
"""


def end_by_force(bench: Bench, plan: Path) -> None:
    """A process of the program that edits a plan and is killed before it is saved."""
    store = str(bench.folder / "settings.ini")
    process = subprocess.Popen(
        [sys.executable, "-c", EDITS_A_PLAN, store, str(plan)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        assert RecoveryFolder(bench.window.services.settings.recovery_folder).leftovers() == []
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


@pytest.fixture
def other(bench: Bench) -> Path:
    path = bench.folder / "other.txt"
    path.write_text(PLAN)
    return path


def test_a_killed_program_loses_nothing(bench: Bench, other: Path) -> None:
    end_by_force(bench, other)
    window = bench.window
    assert other.read_text() == PLAN
    bench.run(window.area.recovery.offer())
    assert window.area.recovery.isVisible()
    assert "“other.txt”" in window.area.recovery.words.text()
    click_button(bench.window.area.recovery, RESTORE)
    bench.qtbot.waitUntil(lambda: window.services.documents.name == "other.txt")
    assert window.isWindowModified()
    assert next(iter(window.services.editor.plan.blocks.values())).title == "Unsaved"
    assert window.area.recovery.isHidden()
    bench.run(window.services.documents.save())
    assert "Unsaved" in other.read_text()
    assert not window.isWindowModified()
    bench.run(window.area.recovery.offer())
    assert window.area.recovery.isHidden()


def test_saving_a_restored_plan_asks_when_its_file_is_another_by_now(
    bench: Bench, other: Path
) -> None:
    end_by_force(bench, other)
    other.write_text(PLAN + "# a line by another program\n")
    bench.run(bench.window.area.recovery.offer())
    click_button(bench.window.area.recovery, RESTORE)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "other.txt")
    bench.window.files.save()
    assert "changed by another program" in bench.answer("Cancel")
    assert "another program" in other.read_text()


def test_what_is_not_decided_is_offered_again_and_what_is_discarded_is_not(
    bench: Bench, other: Path
) -> None:
    end_by_force(bench, other)
    for _ in range(2):
        bench.run(bench.window.area.recovery.offer())
        click_button(bench.window.area.recovery, LATER)
        assert bench.window.area.recovery.isHidden()
    bench.run(bench.window.area.recovery.offer())
    click_button(bench.window.area.recovery, DISCARD)
    bench.answer("Cancel")
    assert bench.window.area.recovery.isVisible()
    click_button(bench.window.area.recovery, DISCARD)
    bench.answer(DISCARD_THEM)
    bench.qtbot.waitUntil(bench.window.area.recovery.isHidden)
    assert RecoveryFolder(bench.window.services.settings.recovery_folder).leftovers() == []
    assert len(bench.window.services.documents.all) == 1


def test_a_plan_whose_file_is_open_already_is_restored_beside_it(bench: Bench) -> None:
    end_by_force(bench, bench.folder / "plan.txt")
    bench.run(bench.window.area.recovery.offer())
    click_button(bench.window.area.recovery, RESTORE)
    bench.qtbot.waitUntil(lambda: len(bench.window.services.documents.all) == 2)
    assert bench.window.services.documents.active.path is None
    assert bench.window.services.documents.name == "plan.txt"


def copies(bench: Bench) -> list[Path]:
    return sorted(bench.window.services.settings.recovery_folder.glob("*/*.txt"))


def test_copies_come_with_edits_and_go_with_saving(bench: Bench) -> None:
    bench.rename_first()
    bench.qtbot.waitUntil(lambda: len(copies(bench)) == 1)
    assert "Renamed" in copies(bench)[0].read_text()
    bench.run(bench.window.services.documents.save())
    bench.qtbot.waitUntil(lambda: copies(bench) == [])


def test_a_closed_program_leaves_nothing_behind(bench: Bench) -> None:
    bench.rename_first()
    bench.run(bench.window.services.autosave.write())
    assert copies(bench)
    bench.window.close()
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.answer("Discard changes")
    assert list(bench.window.services.settings.recovery_folder.iterdir()) == []


def test_closing_does_not_wait_for_a_disk_that_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(autosave, "CLOSE_WITHIN_S", 0.1)
    monkeypatch.setattr(RecoveryFolder, "close", lambda _self: never.wait(30))
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.window.close()
    never.set()


def test_a_folder_that_cannot_be_written_is_told_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    bench.window.services.autosave.failed.connect(told.append)
    bench.window.services.settings.recovery_folder.parent.mkdir(exist_ok=True)
    bench.window.services.settings.recovery_folder.write_text("in the way")
    for title in ("A", "B", "C"):
        bench.rename_first(title)
        assert bench.run(bench.window.services.autosave.write()) is False
    assert len(told) == 1
    assert "recovery" in told[0]
    assert told[0] == bench.window.status.currentMessage()
    bench.window.services.settings.recovery_folder.unlink()
    assert bench.run(bench.window.services.autosave.write()) is True
    assert len(copies(bench)) == 1

    def full_disk(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "save", full_disk)
    bench.rename_first("D")
    bench.run(bench.window.services.autosave.write())
    assert "No space left" in told[1]


def test_a_running_program_keeps_what_is_its_own(tmp_path: Path) -> None:
    mine, other = RecoveryFolder(tmp_path), RecoveryFolder(tmp_path)
    mine.write("0", Copy("text", "mine"))
    assert other.leftovers() == []
    assert mine.leftovers() == []
    mine.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("about", ["", "{not json", "[1]", '{"time": "x", "name": 3}', None])
def test_a_copy_with_a_damaged_description_is_offered_all_the_same(
    tmp_path: Path, about: str | None
) -> None:
    folder = tmp_path / "of-a-dead-program"
    folder.mkdir()
    (folder / "0.txt").write_text(PLAN)
    if about is not None:
        (folder / "0.json").write_text(about)
    (leftover,) = RecoveryFolder(tmp_path).leftovers()
    (copy,) = leftover.copies
    assert copy.text == PLAN
    assert copy.name
    leftover.discard()
    assert RecoveryFolder(tmp_path).leftovers() == []


def test_a_copy_that_cannot_be_read_is_told_and_left_where_it_is(bench: Bench) -> None:
    folder = RecoveryFolder(bench.window.services.settings.recovery_folder)
    folder.write("0", Copy(PLAN, "two-towers"))
    folder.write("1", Copy("\x01\x02", "broken.txt"))
    assert folder._lock is not None
    folder._lock.close()  # as when its process has ended
    bench.run(bench.window.area.recovery.offer())
    click_button(bench.window.area.recovery, RESTORE)
    said = bench.answer("OK")
    assert "broken.txt" in said
    assert str(folder.root) in said
    assert bench.window.services.documents.name == "two-towers"
    bench.qtbot.waitUntil(lambda: bool(RecoveryFolder(folder.root).leftovers()))


def test_an_untitled_plan_is_restored_without_a_file(bench: Bench) -> None:
    folder = RecoveryFolder(bench.window.services.settings.recovery_folder)
    folder.write("0", Copy(PLAN, "two-towers"))
    assert folder._lock is not None
    folder._lock.close()  # as when its process has ended
    bench.run(bench.window.area.recovery.offer())
    click_button(bench.window.area.recovery, RESTORE)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "two-towers")
    assert bench.window.services.documents.active.path is None
    assert len(bench.window.services.editor.plan.blocks) == 4
    assert bench.window.isWindowModified()
