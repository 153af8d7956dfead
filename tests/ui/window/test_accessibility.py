"""Everything in the window that can be used or read has a name for screen readers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QScrollArea,
    QWidget,
)

from app.ui.window.keys import actions_in
from tests.ui.workbench import Bench

Role, Text = QAccessible.Role, QAccessible.Text

NAMED = {
    Role.Button,
    Role.CheckBox,
    Role.ComboBox,
    Role.EditableText,
    Role.List,
    Role.PageTabList,
    Role.RadioButton,
    Role.Slider,
    Role.SpinBox,
    Role.Table,
    Role.Tree,
}


def name_of(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(Text.Name)


def nameless(window: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if (
            widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            or isinstance(widget, QAbstractButton | QAbstractItemView)
        )
        and widget.focusProxy() is None
        and widget.isVisible()
        and not isinstance(widget, QScrollArea | QHeaderView)
        and not name_of(widget)
    ]


def nameless_in_tree(of: QAccessibleInterface, path: str = "") -> list[str]:
    """The controls without a name among what a screen reader finds below this, with their way."""
    if of is None or not of.isValid() or of.state().invisible:
        return []
    here = f"{path}/{of.role().name}"
    found = [here] if of.role() in NAMED and not of.text(Text.Name) else []
    if of.role() in (Role.List, Role.Table, Role.Tree, Role.ComboBox, Role.SpinBox):
        return found
    for index in range(of.childCount()):
        found += nameless_in_tree(of.child(index), here)
    return found


@pytest.fixture
def full_bench(bench: Bench) -> Bench:
    """A window with every dock in front in turn, an answer that failed, and a block selected."""
    bench.window.chat.fold.setChecked(True)
    bench.script.die_after_pieces = 1
    bench.say("Hi")
    bench.window.canvas.plan_scene.select((bench.window.services.editor.lowered.block_ids[-1],))
    return bench


def test_every_control_has_a_name(full_bench: Bench) -> None:
    for dock in full_bench.window.docks.values():
        dock.show()
        dock.raise_()
        full_bench.qtbot.wait(1)
        assert nameless(full_bench.window) == [], dock.windowTitle()


def test_every_control_that_a_screen_reader_finds_has_a_name(full_bench: Bench) -> None:
    for dock in full_bench.window.docks.values():
        dock.show()
        dock.raise_()
        full_bench.qtbot.wait(1)
        root = QAccessible.queryAccessibleInterface(full_bench.window)
        assert nameless_in_tree(root) == [], dock.windowTitle()


def test_the_plan_s_blocks_are_found_from_the_window_down(bench: Bench) -> None:
    canvas = QAccessible.queryAccessibleInterface(bench.window.canvas)
    above = canvas.parent()
    while above.parent() is not None and above.role() != Role.Window:
        assert above.isValid()
        above = above.parent()
    assert canvas.child(1).text(Text.Name).startswith("Block 0: weight layers 0 to 1")


def test_every_action_of_the_menus_has_words(bench: Bench) -> None:
    actions: list[QAction] = []
    for action in bench.window.menuBar().actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        actions += actions_in(menu)
    assert len(actions) > 40
    assert [a for a in actions if not a.text().strip()] == []
