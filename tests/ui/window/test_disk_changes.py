"""Files of open plans that other programs change: told at once, and nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.ui.files.documents.disk_bar import KEEP, LEAVE, RELOAD, SAVE_AGAIN
from app.ui.state.difference import SHOW_DIFFERENCE
from app.ui.widgets.difference_dialog import DifferenceDialog
from tests.ui.hands import click_button
from tests.ui.workbench import PLAN, Bench

THEIRS = PLAN.replace("1; 0.5", "1; 0.25")


@pytest.fixture
def path(bench: Bench) -> Path:
    return bench.folder / "plan.txt"


def replace_file(path: Path, text: str) -> None:
    """Write a file as careful programs do: aside, then in its place."""
    aside = path.with_suffix(".aside")
    aside.write_text(text)
    os.replace(aside, path)


def wait_for_news(bench: Bench) -> str:
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isVisible)
    return bench.window.area.disk_bar.words.text()


def first_scale(bench: Bench) -> float:
    return list(bench.window.services.editor.plan.blocks.values())[-1].inputs[0].scale


@pytest.mark.parametrize("write", [Path.write_text, replace_file])
def test_a_changed_file_can_be_reloaded_and_the_reload_undone(bench, path, write) -> None:
    write(path, THEIRS)
    assert "changed by another program" in wait_for_news(bench)
    assert first_scale(bench) == 0.5
    before = bench.window.services.editor.plan
    click_button(bench.window.area.disk_bar, RELOAD)
    bench.qtbot.waitUntil(lambda: first_scale(bench) == 0.25)
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isHidden)
    assert not bench.window.isWindowModified()
    bench.window.services.editor.undo_stack.undo()
    assert bench.window.services.editor.plan == before
    assert bench.window.isWindowModified()
    bench.window.services.editor.undo_stack.redo()
    write(path, PLAN)
    wait_for_news(bench)


def test_own_changes_can_be_kept(bench: Bench, path: Path) -> None:
    bench.rename_first()
    replace_file(path, THEIRS)
    assert "elsewhere and here" in wait_for_news(bench)
    click_button(bench.window.area.disk_bar, KEEP)
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isHidden)
    assert bench.window.isWindowModified()
    bench.window.files.save()
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    assert "Renamed" in path.read_text()


def test_the_difference_is_shown_before_one_chooses(bench: Bench, path: Path) -> None:
    bench.rename_first()
    replace_file(path, THEIRS)
    wait_for_news(bench)
    click_button(bench.window.area.disk_bar, SHOW_DIFFERENCE)
    dialog = bench.wait_for(DifferenceDialog)
    lines = dialog.text.toPlainText().splitlines()
    assert any(line.startswith("-MergeBlock; 1; 0.25") for line in lines)
    assert any(line.startswith("+") and "Renamed" in line for line in lines)
    assert len([line for line in lines if line[0] == "+"]) == 3  # the heading and two blocks
    click_button(dialog, "Cancel")
    assert bench.window.area.disk_bar.isVisible()
    click_button(bench.window.area.disk_bar, SHOW_DIFFERENCE)
    click_button(bench.wait_for(DifferenceDialog), RELOAD)
    bench.qtbot.waitUntil(lambda: first_scale(bench) == 0.25)


def test_the_difference_is_shown_before_saving_too(bench: Bench, path: Path) -> None:
    bench.rename_first()
    replace_file(path, THEIRS)
    bench.window.files.save()
    bench.answer(SHOW_DIFFERENCE)
    dialog = bench.wait_for(DifferenceDialog)
    click_button(dialog, "Replace the file")
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    assert "Renamed" in path.read_text()
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isHidden)


def test_a_deleted_file_leaves_an_unsaved_plan(bench: Bench, path: Path) -> None:
    path.unlink()
    assert "moved or deleted" in wait_for_news(bench)
    assert bench.window.isWindowModified()
    click_button(bench.window.area.disk_bar, SAVE_AGAIN)
    bench.qtbot.waitUntil(path.exists)
    bench.qtbot.waitUntil(bench.window.area.disk_bar.isHidden)
    assert not bench.window.isWindowModified()
    path.unlink()
    wait_for_news(bench)
    click_button(bench.window.area.disk_bar, LEAVE)
    assert bench.window.area.disk_bar.isHidden()
    assert bench.window.isWindowModified()


def test_a_file_that_was_changed_and_then_deleted_is_said_to_be_gone(
    bench: Bench, path: Path
) -> None:
    path.write_text(THEIRS)
    assert "changed by another program" in wait_for_news(bench)
    path.unlink()
    words = bench.window.area.disk_bar.words
    bench.qtbot.waitUntil(lambda: "moved or deleted" in words.text())
    assert bench.window.isWindowModified()
    path.write_text(THEIRS)
    bench.qtbot.waitUntil(lambda: "was changed" in words.text())


def test_a_touched_file_or_ones_own_saving_is_no_news(bench: Bench, path: Path) -> None:
    os.utime(path, (1, 1))
    bench.run(bench.window.services.disk_watch.look())
    assert bench.window.services.disk_watch.news == {}
    bench.rename_first()
    bench.window.files.save()
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    bench.run(bench.window.services.disk_watch.look())
    assert bench.window.services.disk_watch.news == {}


def test_a_file_that_is_no_plan_any_more_cannot_be_reloaded(bench: Bench, path: Path) -> None:
    before = bench.window.services.editor.plan
    replace_file(path, "Dear all,\nthis is a letter.\n")
    wait_for_news(bench)
    click_button(bench.window.area.disk_bar, RELOAD)
    assert "not a plan any more" in bench.answer("OK")
    assert bench.window.services.editor.plan == before


def test_news_belong_to_their_tab(bench: Bench, path: Path) -> None:
    bench.window.files.new_plan()
    replace_file(path, THEIRS)
    bench.qtbot.waitUntil(lambda: bool(bench.window.services.disk_watch.news))
    assert bench.window.area.disk_bar.isHidden()
    bench.window.services.documents.show_neighbour(1)
    assert bench.window.area.disk_bar.isVisible()
