"""The text view in the window: docks, keys, saving, tabs, and texts that take long to read."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.ui.views.list_view import ListPanel
from app.ui.views.text_view import TextPanel
from tests.ui.hands import CTRL
from tests.ui.workbench import PLAN, Bench

CONTROL = CTRL


@pytest.fixture
def text(bench: Bench):
    dock = bench.window.docks["Text"]
    dock.show()
    dock.raise_()
    bench.qtbot.waitUntil(lambda: bool(bench.window.findChildren(TextPanel)))
    text = bench.window.views.text.text
    bench.qtbot.waitUntil(text.isVisible)
    bench.window.activateWindow()
    text.setFocus()
    bench.qtbot.waitUntil(text.hasFocus)
    return text


def test_the_views_stand_behind_the_problems(bench: Bench) -> None:
    window = bench.window
    behind = window.tabifiedDockWidgets(window.docks["Problems"])
    assert {dock.windowTitle() for dock in behind} == {"Text", "List", "History"}
    assert not window.findChildren(TextPanel)
    assert not window.findChildren(ListPanel)
    window.docks["Text"].raise_()
    bench.qtbot.waitUntil(lambda: window.views.text.text.toPlainText() + "\n" == PLAN)
    window.docks["List"].raise_()
    bench.qtbot.waitUntil(lambda: window.views.list.model.rowCount() == 4)


def test_what_was_typed_is_saved_by_key(bench: Bench, text) -> None:
    path = bench.window.services.documents.active.path
    assert text.toPlainText() + "\n" == PLAN
    text.moveCursor(text.textCursor().MoveOperation.Start)
    QTest.keyClicks(text, "# mine")
    QTest.keyClick(text, Qt.Key.Key_Return)
    QTest.keyClick(text, Qt.Key.Key_S, CONTROL)
    bench.qtbot.waitUntil(lambda: not bench.window.services.documents.active.is_dirty)
    assert path.read_text().startswith("# mine\n")
    assert text.hasFocus()


def test_undo_by_key_is_the_plan_s(bench: Bench, text) -> None:
    editor = bench.window.services.editor
    before = editor.plan
    bench.window.canvas.select_all()
    bench.window.canvas.delete()
    assert not editor.plan.blocks
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_Z, CONTROL)
    assert editor.plan == before
    assert text.toPlainText() + "\n" == PLAN


def test_noise_of_a_megabyte_is_read_beside_the_window(bench: Bench, text) -> None:
    editor, before = bench.window.services.editor, bench.window.services.editor.plan
    noise = random.Random(4)
    letters = [chr(n) for n in range(32, 127)] + ["\n"] * 3
    QApplication.clipboard().setText("".join(noise.choices(letters, k=1_048_576)))
    QTest.keyClick(text, Qt.Key.Key_V, CONTROL)
    sync = bench.window.views.text.sync
    bench.qtbot.waitUntil(lambda: not sync.is_unread, timeout=20_000)
    assert sync.is_stale
    assert editor.plan == before
    QTest.keyClick(text, Qt.Key.Key_Z, CONTROL)
    bench.qtbot.waitUntil(lambda: not sync.is_unread, timeout=20_000)
    assert text.toPlainText() + "\n" == PLAN
    assert not sync.is_stale


def test_ten_thousand_lines_become_a_plan(bench: Bench, text) -> None:
    lines = [f"WeightBlock; {n}; {n + 1}; {n % 4}; {n - 1}" for n in range(10_000)]
    text.selectAll()
    QApplication.clipboard().setText("\n".join([*lines, "TotalLayers; 10000"]))
    QTest.keyClick(text, Qt.Key.Key_V, CONTROL)
    sync = bench.window.views.text.sync
    bench.qtbot.waitUntil(lambda: not sync.is_unread, timeout=30_000)
    assert len(bench.window.services.editor.plan.blocks) == 10_000
    assert bench.window.services.editor.undo_stack.undoText() == "Edit text"


def test_the_list_knows_what_the_layers_take(bench: Bench) -> None:
    dock = bench.window.docks["List"]
    dock.raise_()
    bench.qtbot.waitUntil(bench.window.views.list.isVisible)
    cells = bench.window.views.list.model.cells
    bench.qtbot.waitUntil(lambda: len(cells.layer_bytes) == 4)
    assert all(cells.layer_bytes)


def test_closing_a_tab_asks_about_text_that_is_no_plan(bench: Bench, text) -> None:
    documents = bench.window.services.documents
    first = documents.active
    bench.window.files.new_plan()
    second = documents.active
    documents.show(first)
    text.setFocus()
    QTest.keyClicks(text, "x")
    sync = bench.window.views.text.sync
    bench.qtbot.waitUntil(lambda: sync.is_stale)
    documents.show(second)
    assert not first.is_dirty
    bench.window.area.tabs.bar.tabCloseRequested.emit(documents.all.index(first))
    assert "not a plan yet" in bench.answer("Cancel")
    bench.qtbot.waitUntil(lambda: documents.active is first)
    assert first in documents.all
    assert sync.backup == PLAN.removesuffix("\n") + "x"
    bench.window.files.close_plan()
    bench.answer("Close anyway")
    bench.qtbot.waitUntil(lambda: first not in documents.all)
    bench.window.files.close_plan()
    bench.qtbot.waitUntil(lambda: second not in documents.all)


def test_saving_says_that_the_text_is_not_in_the_file(bench: Bench, text) -> None:
    QTest.keyClicks(text, "x")
    bench.qtbot.waitUntil(lambda: bench.window.views.text.sync.is_stale)
    QTest.keyClick(text, Qt.Key.Key_S, CONTROL)
    bench.qtbot.waitUntil(lambda: bool(bench.window.status.currentMessage()))
    assert "not a plan yet" in bench.window.status.currentMessage()
    assert text.toPlainText() == PLAN.removesuffix("\n") + "x"
    bench.window.views.text.sync.go_back()
    bench.window.views.text.sync.discard_backup()


def test_closing_asks_about_text_that_is_no_plan(bench: Bench, text) -> None:
    QTest.keyClicks(text, "x")
    bench.qtbot.waitUntil(lambda: bench.window.views.text.sync.is_stale)
    bench.window.close()
    assert "not a plan yet" in bench.answer("Cancel")
    bench.qtbot.waitUntil(lambda: not bench.window._closing)
    assert bench.window.isVisible()
    bench.window.close()
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.answer("Close anyway")
