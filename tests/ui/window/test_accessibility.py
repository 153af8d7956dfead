"""Every control that can take the focus has a name for screen readers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QScrollArea, QWidget

from tests.ui.window.conftest import Bench


def nameless(window: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and widget.isVisible()
        and not isinstance(widget, QScrollArea)
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]


def test_every_control_has_a_name(bench: Bench) -> None:
    bench.window.chat.fold.setChecked(True)
    bench.script.die_after_pieces = 1
    bench.say("Hi")
    bench.window.canvas.plan_scene.select((bench.window.editor.lowered.block_ids[-1],))
    assert nameless(bench.window) == []
