"""Blocks let go on links, links cut with Alt, links that ask for a block, blocks linked by key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.plan import edits
from app.plan.document import TOKENS, WeightBlock
from app.plan.kinds import links_into
from app.ui.canvas.canvas import KIND_MIME
from app.ui.canvas.shapes import OUTPUT
from tests.ui.hands import ALT, LEFT, NO_KEY, SHIFT


@pytest.fixture
def loose(editor, plan):
    """The plan with one block more that nothing is linked to."""
    block = WeightBlock("loose", 36, 4, None, position=(300.0, 300.0))
    plan = edits.add_block(plan, block)
    editor.replace_document(plan)
    return plan


def drag_onto(hand, block_id: str, to: QPointF) -> None:
    """Drag a block so that its centre comes to lie here."""
    start = hand.body(block_id)
    centre = hand.canvas.plan_scene.blocks[block_id].scene_rect().center()
    hand.drag_only(start, start + to - centre, ALT)


def test_a_loose_block_let_go_on_a_link_is_put_into_it(canvas, editor, loose, hand):
    drag_onto(hand, "loose", hand.middle_of_link("right"))
    assert canvas.gesture._target.key == ("right", 0)
    canvas.grab()
    hand.release(hand.middle_of_link("right"))
    assert editor.plan.blocks["loose"].input == "trunk"
    assert editor.plan.blocks["right"].input == "loose"
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == loose


def test_a_loose_block_let_go_before_the_output_feeds_it(editor, loose, hand):
    at = hand.middle_of_link(OUTPUT)
    drag_onto(hand, "loose", at)
    hand.release(at)
    assert editor.plan.blocks["loose"].input == "m"
    assert editor.plan.output == "loose"


def test_a_linked_block_is_only_moved_over_a_link(editor, plan, hand):
    at = hand.middle_of_link("m", 1)
    drag_onto(hand, "left", at)
    hand.release(at)
    assert [links_into(b) for b in editor.plan.blocks.values()] == [
        links_into(b) for b in plan.blocks.values()
    ]


def test_escape_over_a_link_inserts_nothing(canvas, editor, loose, hand):
    drag_onto(hand, "loose", hand.middle_of_link("right"))
    hand.key(Qt.Key.Key_Escape)
    assert editor.plan == loose
    assert canvas.plan_scene.blocks["loose"].pos() == QPointF(300, 300)


@pytest.mark.parametrize("kind", ["weight", "merge"])
def test_a_card_dropped_on_a_link_is_put_into_it(canvas, editor, plan, hand, kind):
    data = QMimeData()
    data.setData(KIND_MIME, kind.encode())
    at = canvas.viewportTransform().map(hand.middle_of_link("right")).toPoint()
    copy, button = Qt.DropAction.CopyAction, LEFT
    keys = NO_KEY
    for event in (
        QDragEnterEvent(at, copy, data, button, keys),
        QDragMoveEvent(at, copy, data, button, keys),
    ):
        QApplication.sendEvent(canvas.viewport(), event)
        assert event.isAccepted()
    canvas.grab()
    QApplication.sendEvent(canvas.viewport(), QDropEvent(QPointF(at), copy, data, button, keys))
    (new,) = editor.plan.blocks.keys() - plan.blocks.keys()
    assert editor.plan.blocks["right"].input == new
    assert links_into(editor.plan.blocks[new])[0] == "trunk"
    assert canvas.selected_ids() == (new,)
    if kind == "weight":
        assert editor.plan.blocks[new].weight_start == 20
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_alt_click_cuts_a_link(canvas, editor, plan, hand):
    hand.click(canvas.plan_scene.links["right", 0].path.pointAtPercent(0.5), ALT)
    assert editor.plan.blocks["right"].input is None
    assert editor.undo_stack.count() == 1


def test_alt_drag_cuts_all_links_it_crosses_in_one_step(canvas, editor, plan, hand):
    x = hand.middle_of_link("left").x()
    hand.drag_only(QPointF(x, -60), QPointF(x, 280), ALT)
    canvas.grab()
    assert editor.plan == plan
    hand.release(QPointF(x, 280), ALT)
    blocks = editor.plan.blocks
    assert (blocks["left"].input, blocks["right"].input) == (None, None)
    assert blocks["trunk"].input == TOKENS
    assert editor.undo_stack.count() == 1


def test_k_gives_the_next_drag_the_knife(canvas, editor, plan, hand):
    canvas.setFocus()
    x = hand.middle_of_link("left").x()
    hand.key(Qt.Key.Key_K)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    hand.move(QPointF(x, -60))
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    hand.drag(QPointF(x, -60), QPointF(x, 280))
    blocks = editor.plan.blocks
    assert (blocks["left"].input, blocks["right"].input) == (None, None)
    assert editor.undo_stack.count() == 1
    x = hand.middle_of_link("m").x()
    hand.drag(QPointF(x, -60), QPointF(x, 280))
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_K, Qt.Key.Key_Escape])
def test_the_knife_is_put_away_again(canvas, editor, plan, hand, key):
    canvas.setFocus()
    hand.key(Qt.Key.Key_K)
    hand.key(key)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    hand.click(canvas.plan_scene.links["right", 0].path.pointAtPercent(0.5))
    assert editor.plan == plan
    hand.key(Qt.Key.Key_K)
    hand.click(canvas.plan_scene.links["right", 0].path.pointAtPercent(0.5))
    assert editor.plan.blocks["right"].input is None


def test_alt_click_on_nothing_changes_nothing(editor, plan, hand):
    hand.click(hand.empty_place(), ALT)
    assert editor.plan == plan


def test_a_new_link_let_go_over_nothing_asks_for_a_block(qtbot, canvas, editor, plan, hand):
    at = hand.empty_place()
    with qtbot.waitSignal(canvas.block_wanted) as asked:
        hand.drag(hand.out_port("right"), at)
    pointer, source, target = asked.args
    assert (pointer.scene - at).manhattanLength() < 2
    assert (source, target) == ("right", None)
    editor.apply("Unlink", edits.disconnect(plan, "right", 0))
    with qtbot.waitSignal(canvas.block_wanted) as asked:
        hand.drag(hand.in_port("right"), at)
    assert asked.args[1:] == [None, ("right", 0)]


def test_c_links_the_selected_blocks_from_left_to_right(editor, loose, hand):
    hand.click(hand.body("loose"))
    hand.click(hand.body("right"), SHIFT)
    hand.key(Qt.Key.Key_C)
    assert editor.plan.blocks["right"].input == "loose"
    assert editor.undo_stack.count() == 1


def test_c_says_why_blocks_cannot_be_linked(canvas, editor, plan, hand):
    told = []
    canvas.notice.connect(told.append)
    plan = edits.move(plan, {"m": (-300.0, 40.0)})
    editor.replace_document(plan)
    hand.click(hand.body("m"))
    hand.click(hand.body("trunk"), SHIFT)
    hand.key(Qt.Key.Key_C)
    assert editor.plan == plan
    assert told == [edits.why_not_connect(plan, "m", "trunk")]
