"""The menus: every key is said once, every dock can be brought back, recent files are listed."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from app.ui.window.keys import actions_in
from app.ui.window.keys_dialog import KeysDialog
from tests.ui.workbench import Bench


def all_actions(bench: Bench) -> list[QAction]:
    return [a for top in bench.window.menuBar().actions() for a in actions_in(top.menu())]


def test_no_key_is_given_to_two_actions(bench: Bench) -> None:
    actions = [a for a in all_actions(bench) if a.shortcuts()]
    keys = Counter(key.toString() for action in actions for key in set(action.shortcuts()))
    assert len(keys) > 40
    assert [key for key, n in keys.items() if n > 1] == []


def test_every_action_with_a_key_is_in_a_menu(bench: Bench) -> None:
    """So are those of the canvas, which hear their keys only while it has the focus."""
    canvas, listed = bench.window.canvas, all_actions(bench)
    with_keys = [a for a in canvas.actions() if a.shortcuts()]
    assert len(with_keys) > 15
    assert [a.text() for a in with_keys if a not in listed] == []
    assert [a.text() for a in canvas.commands.children() if isinstance(a, QAction)] != []
    assert [
        a.text()
        for a in canvas.commands.children()
        if isinstance(a, QAction) and a.shortcuts() and a not in listed
    ] == []


def test_what_is_done_to_frames_and_notes_is_in_a_submenu_of_its_own(bench: Bench) -> None:
    loose = [a.text() for a in bench.menu("Plan").actions()]
    assert {"Add frame", "Add note", "Frames and notes"} <= set(loose)
    assert not {"Select contents", "Fit to contents", "Colour"} & set(loose)
    submenu = bench.menu("Frames and notes")
    assert [a.text() for a in submenu.actions()] == ["Select contents", "Fit to contents", "Colour"]
    assert not any(a.isEnabled() for a in submenu.actions())
    bench.window.canvas.commands.annotations.add_note.trigger()
    assert [a.text() for a in submenu.actions() if a.isEnabled()] == ["Colour"]


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_the_sheet_lists_keys_and_gestures_and_can_be_searched(bench: Bench, key: Qt.Key) -> None:
    bench.window.activateWindow()
    bench.window.canvas.setFocus()
    bench.qtbot.keyClick(bench.window, key)
    dialog = bench.window.findChild(KeysDialog)
    assert dialog is not None
    words = dialog.shown_words()
    assert {("Run", "Ctrl+R"), ("Close plan", "Ctrl+W"), ("Send the message", "Enter")} <= set(
        words
    )
    assert dict(words)["Undo"].startswith("Ctrl+Z")
    assert any("strip" in hand for _, hand in words)
    assert max(Counter(row for row in words).values()) == 1
    bench.qtbot.keyClicks(dialog.search, "RUN")
    assert dialog.shown_words() == [("Run", "Ctrl+R")]
    bench.qtbot.keyClicks(dialog.search, "x")
    assert dialog.shown_words() == []
    dialog.search.clear()
    assert dialog.shown_words() == words
    assert dialog.sheet.accessibleName()


def test_a_question_mark_can_be_typed_into_a_message(bench: Bench) -> None:
    composer = bench.window.chat.composer
    composer.clear()
    composer.setFocus()
    bench.qtbot.keyClick(composer, "?")
    assert composer.toPlainText() == "?"
    assert bench.window.findChild(KeysDialog) is None


def test_closed_dock_comes_back_from_the_view_menu_and_by_reset(bench: Bench) -> None:
    dock = bench.window.docks["Chat"]
    dock.close()
    toggle = next(a for a in bench.menu("View").actions() if a.text() == "Chat")
    assert not toggle.isChecked()
    toggle.trigger()
    assert dock.isVisible()
    dock.close()
    bench.window.reset_layout()
    assert dock.isVisible()


def test_recent_plans_are_listed_and_open(bench: Bench) -> None:
    recent = bench.menu("Open recent")
    recent.aboutToShow.emit()
    first = recent.actions()[0]
    assert first.text().startswith("plan.txt")
    bench.window.files.new_plan()
    assert bench.window.services.documents.name != "plan.txt"
    first.trigger()
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "plan.txt")
    forget = next(a for a in recent.actions() if a.text() == "Clear recent files")
    forget.trigger()
    recent.aboutToShow.emit()
    assert not recent.actions()[0].isEnabled()


def test_a_sample_is_opened_without_its_file(bench: Bench) -> None:
    samples = bench.menu("Open sample")
    towers = next(a for a in samples.actions() if a.text() == "Two towers")
    assert "merged at the end" in towers.toolTip()
    towers.trigger()
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "two-towers")
    assert bench.window.services.documents.active.path is None
    assert len(bench.window.services.editor.plan.blocks) > 2


def test_the_minimap_is_switched_off_for_good(bench: Bench) -> None:
    switch = next(
        a for a in bench.menu("View").actions() if a.shortcut().toString() == "Ctrl+Shift+M"
    )
    assert switch.isChecked()
    switch.trigger()
    bench.window.canvas.zoom_by(8.0)
    assert not bench.window.canvas.minimap.isVisible()
    assert not bench.window.services.settings.shows_minimap()
    switch.trigger()
    bench.qtbot.waitUntil(bench.window.canvas.minimap.isVisible)
    assert bench.window.services.settings.shows_minimap()
