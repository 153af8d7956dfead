"""The problems list: says what is wrong and leads to the block."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.plan import edits
from app.plan.document import Plan, WeightBlock
from app.ui.views.problems_panel import ProblemsPanel
from tests.ui.hands import LEFT


@pytest.fixture
def panel(qtbot, editor) -> ProblemsPanel:
    panel = ProblemsPanel(editor)
    qtbot.addWidget(panel)
    panel.resize(500, 160)
    panel.show()
    return panel


def words(panel: ProblemsPanel) -> list[str]:
    model = panel.list.model()
    return [model.index(row).data() for row in range(model.rowCount())]


def test_without_problems_it_says_so(panel):
    assert not panel.list.isVisible()
    assert panel.currentWidget().text() == "No problems"


def test_a_problem_is_listed_with_its_severity_and_its_mend(panel, editor, plan):
    editor.apply("Change layers", edits.set_weights(plan, "right", 35, 10))
    (problem,) = editor.problems
    assert panel.list.isVisible()
    assert words(panel) == [f"Error: {problem.message} {problem.fix}"]
    panel.grab()
    editor.undo_stack.undo()
    assert not panel.list.isVisible()


def test_errors_come_before_notes(panel, editor, plan):
    plan = edits.set_scale(plan, "m", 0, 0.9)
    editor.apply("Break", edits.set_weights(plan, "right", 35, 10))
    assert [text.split(":")[0] for text in words(panel)] == ["Error", "Note"]


def test_a_click_leads_to_the_block(panel, editor, plan, canvas):
    panel.block_requested.connect(canvas.show_block)
    editor.apply("Change layers", edits.set_weights(plan, "right", 35, 10))
    at = panel.list.visualRect(panel.list.model().index(0)).center()
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=at)
    assert canvas.selected_ids() == ("right",)


def test_enter_leads_to_the_block(panel, editor, plan, qtbot):
    editor.apply("Change layers", edits.set_weights(plan, "right", 35, 10))
    panel.list.setCurrentIndex(panel.list.model().index(0))
    with qtbot.waitSignal(panel.block_requested) as heard:
        QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert heard.args == ["right"]


def click_link(panel: ProblemsPanel, row: int, words: str) -> None:
    index = panel.list.model().index(row)
    link = panel.list.model().labels(index).index(words)
    at = panel.list.link_rect(index, link).center()
    QTest.mouseMove(panel.list.viewport(), at)
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=at)


def with_unused(plan: Plan, *ids: str) -> Plan:
    for id_ in ids:
        plan = edits.add_block(plan, WeightBlock(id_, 3, 2, "trunk"))
    return plan


def test_a_click_on_a_mend_mends_in_one_step(panel, editor, plan):
    editor.apply("Add", with_unused(plan, "loose"))
    panel.grab()
    click_link(panel, 0, "Remove")
    assert editor.plan == plan
    assert editor.undo_stack.count() == 2
    assert editor.undo_stack.undoText() == "Remove"


def test_a_mend_keeps_what_was_done_since_it_was_offered(panel, editor, plan):
    editor.apply("Add", with_unused(plan, "loose"))
    panel.grab()
    moved = edits.move(editor.plan, {"left": (500.0, 40.0)})
    editor.apply("Move", moved)
    click_link(panel, 0, "Remove")
    assert editor.plan == edits.remove(moved, ["loose"])


def test_a_mend_is_reached_by_tab_and_pressed_by_enter(panel, editor, plan):
    editor.apply("Add", with_unused(plan, "loose"))
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.model().index(0))
    labels = panel.list.model().labels(panel.list.currentIndex())
    for _ in range(labels.index("Remove") + 1):
        QTest.keyClick(panel.list, Qt.Key.Key_Tab)
    panel.grab()
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert editor.plan == plan


def test_the_context_menu_offers_the_mends(panel, editor, plan, qtbot):
    editor.apply("Add", with_unused(plan, "loose"))
    at = panel.list.visualRect(panel.list.model().index(0)).center()
    panel.list.customContextMenuRequested.emit(at)
    (menu,) = panel.findChildren(QMenu)
    assert [a.text() for a in menu.actions() if a.text()][-1] == "Show the block"
    next(a for a in menu.actions() if a.text() == "Remove").trigger()
    assert editor.plan == plan
    menu.close()


def test_a_screen_reader_hears_of_the_mends(panel, editor, plan):
    editor.apply("Add", with_unused(plan, "loose"))
    index = panel.list.model().index(0)
    assert "Remove" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_nothing_is_listed_while_nobody_looks(panel, editor, plan):
    panel.hide()
    editor.apply("Add", with_unused(plan, "loose"))
    assert words(panel) == []
    panel.show()
    assert len(words(panel)) == 1
