"""The problems list: says what is wrong and leads to the block."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.plan import edits
from app.ui.problems_panel import ProblemsPanel


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
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert canvas.selected_ids() == ("right",)


def test_enter_leads_to_the_block(panel, editor, plan, qtbot):
    editor.apply("Change layers", edits.set_weights(plan, "right", 35, 10))
    panel.list.setCurrentIndex(panel.list.model().index(0))
    with qtbot.waitSignal(panel.block_requested) as heard:
        QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert heard.args == ["right"]
