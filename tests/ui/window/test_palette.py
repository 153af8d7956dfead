"""The palettes in the window: their keys and menus, and plans made from templates."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.palette import Palette
from app.ui.palette.search_popup import SearchPopup
from app.ui.palette.template_dialog import TemplateDialog
from tests.ui.hands import CTRL
from tests.ui.workbench import Bench


def popup(bench: Bench) -> SearchPopup:
    (shown,) = [p for p in bench.window.findChildren(SearchPopup) if p.isVisible()]
    return shown


def test_ctrl_f_finds_a_block_from_anywhere_in_the_window(bench: Bench) -> None:
    bench.window.chat.composer.setFocus()
    bench.qtbot.keyClick(bench.window, Qt.Key.Key_F, CTRL)
    QTest.keyClicks(popup(bench).line, "layer 3")
    QTest.keyClick(popup(bench).line, Qt.Key.Key_Return)
    plan = bench.window.services.editor.plan
    (found,) = bench.window.canvas.selected_ids()
    assert plan.blocks[found].weight_start == 2


def test_a_template_of_the_file_menu_becomes_a_plan_in_a_tab_of_its_own(bench: Bench) -> None:
    window = bench.window
    before, n_tabs = window.services.editor.plan, len(window.services.documents.all)
    menu = bench.menu("New from template")
    next(a for a in menu.actions() if a.text() == "Repeat a range …").trigger()
    (dialog,) = window.findChildren(TemplateDialog)
    assert "weights, " in dialog.figures.text()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert len(window.services.documents.all) == n_tabs + 1
    assert window.services.editor.plan != before
    assert window.services.editor.plan.sources == ("tiny.gguf",)
    assert window.services.editor.lowered is not None


def test_a_template_of_the_plan_menu_is_added_to_the_plan(bench: Bench) -> None:
    window = bench.window
    before = set(window.services.editor.plan.blocks)
    menu = bench.menu("Insert template")
    next(a for a in menu.actions() if a.text() == "Whole model …").trigger()
    (dialog,) = window.findChildren(TemplateDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert before < set(window.services.editor.plan.blocks)
    window.services.editor.undo_stack.undo()
    assert set(window.services.editor.plan.blocks) == before


def test_tab_on_the_canvas_adds_what_is_typed(bench: Bench) -> None:
    window = bench.window
    before = set(window.services.editor.plan.blocks)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    QTest.keyClicks(popup(bench).line, "1-2")
    QTest.keyClick(popup(bench).line, Qt.Key.Key_Return)
    (added,) = set(window.services.editor.plan.blocks) - before
    assert window.services.editor.plan.blocks[added].weight_start == 1


def test_the_palette_of_the_sidebar_asks_for_a_template(bench: Bench) -> None:
    palette = bench.window.docks["Palette"].findChild(Palette)
    palette.templates[0].click()
    assert [d.isVisible() for d in bench.window.findChildren(TemplateDialog)] == [True]
