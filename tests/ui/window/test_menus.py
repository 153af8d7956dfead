"""The menus: every key is said once, every dock can be brought back, recent files are listed."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu

from app.ui.window.keys_dialog import KeysDialog, keys_of
from tests.ui.window.conftest import Bench


def menu(bench: Bench, title: str) -> QMenu:
    bar = bench.window.menuBar()
    return next(m for m in bar.findChildren(QMenu) if m.title().replace("&", "") == title)


def test_no_key_is_given_to_two_actions(bench: Bench) -> None:
    keys = Counter(key for _, key in keys_of(bench.window.menuBar()))
    assert len(keys) > 20
    assert [key for key, n in keys.items() if n > 1] == []


def test_keys_are_listed(bench: Bench) -> None:
    bench.qtbot.keyClick(bench.window, Qt.Key.Key_F1)
    dialog = bench.window.findChild(KeysDialog)
    words = {label.text() for label in dialog.findChildren(QLabel)}
    assert {"Run", "Ctrl+R", "Undo", "Ctrl+Z", "Stop the reply"} <= words


def test_closed_dock_comes_back_from_the_view_menu_and_by_reset(bench: Bench) -> None:
    dock = bench.window.docks["Chat"]
    dock.close()
    toggle = next(a for a in menu(bench, "View").actions() if a.text() == "Chat")
    assert not toggle.isChecked()
    toggle.trigger()
    assert dock.isVisible()
    dock.close()
    bench.window.reset_layout()
    assert dock.isVisible()


def test_recent_plans_are_listed_and_open(bench: Bench) -> None:
    recent = menu(bench, "Open recent")
    recent.aboutToShow.emit()
    first = recent.actions()[0]
    assert first.text().startswith("plan.txt")
    bench.window.files.new_plan()
    assert bench.window.documents.name != "plan.txt"
    first.trigger()
    bench.qtbot.waitUntil(lambda: bench.window.documents.name == "plan.txt")
    forget = next(a for a in recent.actions() if a.text() == "Forget recent files")
    forget.trigger()
    recent.aboutToShow.emit()
    assert not recent.actions()[0].isEnabled()


def test_a_sample_is_opened_without_its_file(bench: Bench) -> None:
    samples = menu(bench, "Open sample")
    towers = next(a for a in samples.actions() if a.text() == "Two towers")
    assert "merged at the end" in towers.toolTip()
    towers.trigger()
    bench.qtbot.waitUntil(lambda: bench.window.documents.name == "two-towers")
    assert bench.window.documents.active.path is None
    assert len(bench.window.editor.plan.blocks) > 2
