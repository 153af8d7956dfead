"""Links made, moved and cut with the mouse, and the words for those that may not be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from app.plan import edits
from app.plan.document import TOKENS
from app.ui.canvas.gestures.drag_link import DragLink
from app.ui.canvas.shapes import OUTPUT


@pytest.fixture
def loose(editor, plan) -> None:
    """The right branch is linked to nothing."""
    plan = edits.disconnect(edits.disconnect(plan, "right", 0), "m", 1)
    editor.replace_document(plan)


def test_dragging_from_an_output_to_an_input_links_them(loose, editor, hand):
    hand.drag(hand.out_port("trunk"), hand.in_port("right"))
    assert editor.plan.blocks["right"].input == "trunk"
    hand.drag(hand.out_port("right"), hand.in_port("m", 1))
    assert editor.plan.blocks["m"].inputs[1].block == "right"
    assert editor.problems == ()
    assert editor.undo_stack.count() == 2


def test_dragging_from_an_input_back_to_an_output_links_them(loose, editor, hand):
    hand.drag(hand.in_port("right"), hand.out_port("trunk"))
    assert editor.plan.blocks["right"].input == "trunk"


def test_tokens_and_output_can_be_linked(editor, hand):
    hand.drag(hand.out_port(TOKENS), hand.in_port("right"))
    assert editor.plan.blocks["right"].input == TOKENS
    hand.drag(hand.out_port("left"), hand.in_port(OUTPUT))
    assert editor.plan.output == "left"


def test_a_drop_on_a_blocks_body_takes_its_free_input(loose, editor, hand):
    hand.drag(hand.out_port("right"), hand.body("m"))
    assert editor.plan.blocks["m"].inputs[1].block == "right"


def test_a_link_that_would_close_a_circle_says_why_and_is_not_made(canvas, editor, plan, hand):
    told = []
    canvas.notice.connect(told.append)
    hand.drag_only(hand.out_port("m"), hand.body("trunk"))
    assert isinstance(canvas.gesture, DragLink)
    reason = canvas.gesture.reason
    assert reason == edits.why_not_connect(plan, "m", "trunk")
    assert "loop" in reason
    canvas.grab()
    hand.release(hand.body("trunk"))
    assert editor.plan == plan
    assert told == [reason]


def test_tokens_to_output_says_why(canvas, editor, plan, hand):
    hand.drag_only(hand.out_port(TOKENS), hand.in_port(OUTPUT))
    assert canvas.gesture.reason == edits.why_not_output(plan, TOKENS)
    hand.release(hand.in_port(OUTPUT))
    assert editor.plan == plan


def test_an_arriving_end_dropped_in_the_void_removes_the_link(editor, plan, hand):
    hand.drag(hand.in_port("left"), hand.empty_place())
    assert editor.plan.blocks["left"].input is None
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_an_arriving_end_can_be_moved_to_another_input(editor, hand):
    hand.drag(hand.in_port("m", 0), hand.in_port(OUTPUT))
    assert editor.plan.output == "left"
    assert editor.plan.blocks["m"].inputs[0].block is None
    assert editor.undo_stack.count() == 1


def test_a_leaving_end_can_be_moved_to_another_output(canvas, editor, hand):
    link = canvas.plan_scene.links["right", 0]
    near_start = link.path.pointAtPercent(0.25)
    hand.drag(near_start, hand.out_port(TOKENS))
    assert editor.plan.blocks["right"].input == TOKENS


def test_moving_a_link_may_undo_the_circle_it_closes_itself(canvas, editor, hand):
    """The end that is dragged away no longer counts: left and trunk can change places."""
    hand.drag(hand.in_port("left"), hand.empty_place())
    hand.drag(hand.in_port("right"), hand.empty_place())
    hand.drag(hand.out_port("right"), hand.in_port("trunk"))
    assert editor.plan.blocks["trunk"].input == "right"


def test_a_clicked_link_is_selected_and_delete_removes_it(canvas, editor, plan, hand):
    hand.click(canvas.plan_scene.links["right", 0].path.pointAtPercent(0.5))
    assert canvas.plan_scene.selected_link == ("right", 0)
    hand.key(Qt.Key.Key_Delete)
    assert editor.plan.blocks["right"].input is None
    assert list(editor.plan.blocks) == list(plan.blocks)


def test_escape_gives_a_dragged_link_up(canvas, editor, plan, hand):
    hand.drag_only(hand.in_port("left"), hand.empty_place())
    hand.key(Qt.Key.Key_Escape)
    hand.release(hand.empty_place())
    assert editor.plan == plan
    assert canvas.plan_scene.hidden_link is None


def test_links_follow_the_blocks(canvas, hand):
    before = canvas.plan_scene.links["left", 0].line
    start = hand.body("trunk")
    hand.drag_only(start, start + QPointF(0, 80))
    during = canvas.plan_scene.links["left", 0].line
    assert during.p2() == before.p2()
    assert during.p1().y() - before.p1().y() == pytest.approx(80, abs=6)
    hand.release(start + QPointF(0, 80))
