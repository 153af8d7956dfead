"""The history: says what was done, and a click goes there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.plan import edits
from app.ui.views.history_panel import HistoryPanel
from tests.ui.hands import LEFT


@pytest.fixture
def panel(qtbot, editor) -> HistoryPanel:
    panel = HistoryPanel(editor)
    qtbot.addWidget(panel)
    panel.resize(240, 300)
    panel.show()
    return panel


def labels(panel: HistoryPanel) -> list[str]:
    model = panel.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def click(panel: HistoryPanel, row: int) -> None:
    at = panel.visualRect(panel.model().index(row, 0)).center()
    QTest.mouseClick(panel.viewport(), LEFT, pos=at)


def test_it_lists_the_steps_from_the_plan_as_opened(panel, editor, plan):
    assert labels(panel) == ["As opened"]
    editor.apply("Rename block", edits.rename(plan, "left", "Left"))
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, 0.9))
    assert labels(panel) == ["As opened", "Rename block", "Set scale"]


def test_a_click_goes_to_a_step_and_back(panel, editor, plan):
    first = edits.rename(plan, "left", "Left")
    second = edits.set_scale(first, "m", 0, 0.9)
    editor.apply("Rename block", first)
    editor.apply("Set scale", second)
    click(panel, 0)
    assert editor.plan == plan
    click(panel, 1)
    assert editor.plan == first
    click(panel, 2)
    assert editor.plan == second


def test_the_saved_step_is_marked(panel, editor, plan):
    editor.apply("Rename block", edits.rename(plan, "left", "Left"))
    editor.mark_saved()
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, 0.9))
    icons = [panel.model().index(row, 0).data(Qt.ItemDataRole.DecorationRole) for row in range(3)]
    assert [icon is not None and not icon.isNull() for icon in icons] == [False, True, False]


def test_it_follows_the_document_that_is_shown(panel, editor, plan):
    first = editor.undo_stack
    editor.apply("Rename block", edits.rename(plan, "left", "Left"))
    renamed = editor.plan
    editor.show_document(edits.whole_model(8), editor.make_undo_stack())
    assert labels(panel) == ["As opened"]
    editor.show_document(renamed, first)
    assert labels(panel) == ["As opened", "Rename block"]
