"""The palettes in the window: their keys and menus, and plans made from templates."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.palette.search_popup import SearchPopup
from tests.ui.window.conftest import Bench


def popup(bench: Bench) -> SearchPopup:
    (shown,) = [p for p in bench.window.findChildren(SearchPopup) if p.isVisible()]
    return shown


def test_ctrl_f_finds_a_block_from_anywhere_in_the_window(bench: Bench) -> None:
    bench.window.chat.composer.setFocus()
    bench.qtbot.keyClick(bench.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(popup(bench).line, "layer 3")
    QTest.keyClick(popup(bench).line, Qt.Key.Key_Return)
    plan = bench.window.editor.plan
    (found,) = bench.window.canvas.selected_ids()
    assert plan.blocks[found].weight_start == 2
