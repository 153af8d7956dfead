"""Faders and strips: values dragged and typed, each drag one undo step, heard as it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.plan import edits
from app.plan.document import MergeBlock, MergeInput
from app.plan.scales import sum_is_one
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.canvas.sections.strip import StripSection
from tests.ui.hands import LEFT, SHIFT


def scale(editor, port: int = 0) -> float:
    return editor.plan.blocks["m"].inputs[port].scale


def test_a_fader_drag_is_heard_at_every_move_and_is_one_undo_step(editor, plan, hand):
    heard = []
    editor.changed.connect(lambda change: heard.append(scale(editor)))
    start = hand.fader("m", 0)
    hand.drag(start, start - QPointF(0, 16))
    assert scale(editor) == pytest.approx(0.75, abs=0.03)
    assert len(heard) >= 3
    assert heard == sorted(heard)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_two_drags_are_two_steps(editor, hand):
    for _ in range(2):
        start = hand.fader("m", 0)
        hand.drag(start, start - QPointF(0, 10))
    assert editor.undo_stack.count() == 2


def test_shift_makes_the_drag_fine(editor, hand):
    start = hand.fader("m", 0)
    hand.drag(start, start - QPointF(0, 20), SHIFT)
    assert 0.51 <= scale(editor) <= 0.55


def test_a_fader_rests_at_its_end_and_then_goes_on(editor, hand):
    start = hand.fader("m", 0)
    hand.drag(start, start - QPointF(0, 46))
    assert scale(editor) == 1.0
    editor.undo_stack.undo()
    hand.drag(start, start - QPointF(0, 80))
    assert scale(editor) > 1.1
    editor.undo_stack.undo()
    hand.drag(start, start + QPointF(0, 80))
    assert scale(editor) < -0.1


def test_a_drag_to_what_cannot_be_says_why_and_keeps_the_last_scale(editor, canvas, plan, hand):
    merge = MergeBlock(
        "m", (MergeInput("left", 9e15), MergeInput("right", 1 - 9e15)), sums_to_one=True
    )
    editor.apply("Load", plan.with_blocks(replace(merge, position=plan.blocks["m"].position)))
    start = hand.fader("m", 0)
    end = start - QPointF(0, 46)

    def is_said() -> bool:
        image, x = canvas.viewport().grab().toImage(), canvas.viewportTransform().map(end).x() + 40
        reds = (image.pixelColor(int(x), y) == canvas.theme.error for y in range(image.height()))
        return any(reds)

    hand.drag_only(start, end)
    assert is_said()
    hand.release(end)
    assert not is_said()
    assert sum_is_one([i.scale for i in editor.plan.blocks["m"].inputs])


def test_escape_takes_a_fader_drag_back(editor, plan, hand):
    start = hand.fader("m", 0)
    hand.drag_only(start, start - QPointF(0, 16))
    assert editor.plan != plan
    hand.key(Qt.Key.Key_Escape)
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0


def test_a_double_click_on_a_fader_gives_it_its_share_again(editor, plan, hand):
    editor.apply("Set scale", edits.set_scale(plan, "m", 1, 0.9))
    hand.double_click(hand.fader("m", 1))
    assert scale(editor, 1) == 0.5


def test_a_number_can_be_typed_where_it_stands(canvas, editor, hand):
    hand.double_click(hand.number("m", 1))
    edit = canvas.viewport().findChild(InlineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, "-0,125")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert scale(editor, 1) == -0.125
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize("typed", ["half", "inf", "nan", ""])
def test_what_is_no_number_is_refused_in_words(canvas, editor, plan, hand, typed):
    told = []
    canvas.notice.connect(told.append)
    hand.double_click(hand.number("m", 1))
    edit = canvas.viewport().findChild(InlineEdit)
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    QTest.keyClicks(edit, typed)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert editor.plan == plan
    assert len(told) == 1


def test_escape_leaves_a_number_as_it_was(canvas, editor, plan, hand):
    hand.double_click(hand.number("m", 1))
    edit = canvas.viewport().findChild(InlineEdit)
    QTest.keyClicks(edit, "3")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert editor.plan == plan


def test_f2_renames_the_selected_block(canvas, editor, hand):
    hand.click(hand.body("trunk"))
    hand.key(Qt.Key.Key_F2)
    edit = canvas.viewport().findChild(InlineEdit)
    QTest.keyClicks(edit, "Trunk")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert editor.plan.blocks["trunk"].title == "Trunk"


def test_what_is_renamed_comes_into_sight(canvas, editor, hand):
    canvas.setFocus()
    canvas.plan_scene.select(("left",))
    canvas.zoom_by(1 / canvas.zoom)
    canvas.pan_by(QPointF(3000, 0))
    hand.key(Qt.Key.Key_F2)
    field = canvas.viewport().findChild(InlineEdit)
    assert canvas.viewport().rect().contains(field.geometry())


def test_leaving_a_field_for_another_widget_takes_the_text_and_leaves_it_the_keys(
    qtbot, canvas, editor
):
    other = QLineEdit(canvas)
    other.show()
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.plan_scene.select(("left",))
    canvas.rename()
    QTest.keyClicks(canvas.viewport().findChild(InlineEdit), "Branch")
    QTest.mouseClick(other, LEFT)
    assert editor.plan.blocks["left"].title == "Branch"
    assert other.hasFocus()


def test_dragging_the_end_of_the_strip_borrows_more_layers(editor, plan, hand):
    cell = hand.section("left", StripSection).cell
    start = hand.strip_edge("left", at_end=True)
    hand.drag(start, start + QPointF(3 * cell, 0))
    block = editor.plan.blocks["left"]
    assert (block.weight_start, block.n_layers) == (20, 11)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_dragging_the_start_of_the_strip_keeps_its_end(editor, hand):
    cell = hand.section("left", StripSection).cell
    start = hand.strip_edge("left", at_end=False)
    hand.drag(start, start + QPointF(2 * cell, 0))
    block = editor.plan.blocks["left"]
    assert (block.weight_start, block.weight_end) == (22, 28)


def test_the_strip_ends_where_the_model_does(editor, hand):
    start = hand.strip_edge("right", at_end=True)
    hand.drag(start, start + QPointF(400, 0))
    assert editor.plan.blocks["right"].weight_end == 40
    start = hand.strip_edge("right", at_end=True)
    hand.drag(start, start - QPointF(900, 0))
    assert editor.plan.blocks["right"].n_layers == 1
