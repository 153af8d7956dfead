"""Selecting blocks and moving them, by mouse and by key."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from app.plan import edits
from tests.ui.hands import ALT, CTRL, NO_BUTTON, NO_KEY, SHIFT


def test_dragging_a_block_moves_it_in_one_undo_step(canvas, editor, plan, hand):
    start = hand.body("trunk")
    hand.drag(start, start + QPointF(60, -40))
    x, y = editor.plan.blocks["trunk"].position
    assert (x, y) == pytest.approx((60, 20), abs=4)
    assert x % 4 == y % 4 == 0
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan
    assert canvas.plan_scene.blocks["trunk"].pos() == QPointF(0, 60)


def test_all_selected_blocks_move_together(editor, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("right"), SHIFT)
    start = hand.body("left")
    hand.drag(start, start + QPointF(0, 40))
    blocks = editor.plan.blocks
    assert blocks["left"].position[1] == blocks["right"].position[1] - 160
    assert blocks["left"].position[1] == pytest.approx(40, abs=4)
    assert blocks["trunk"].position == (0, 60)
    assert editor.undo_stack.count() == 1


def test_a_move_is_not_in_the_plan_before_the_release_and_escape_gives_it_up(
    canvas, editor, plan, hand
):
    start = hand.body("trunk")
    hand.drag_only(start, start + QPointF(80, 0))
    assert editor.plan == plan
    assert canvas.plan_scene.blocks["trunk"].pos() != QPointF(0, 60)
    hand.key(Qt.Key.Key_Escape)
    assert canvas.plan_scene.blocks["trunk"].pos() == QPointF(0, 60)
    hand.release(start)
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0


def test_arrow_keys_move_the_selection_in_one_step(editor, plan, hand):
    hand.click(hand.body("left"))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        hand.key(key)
    hand.key(Qt.Key.Key_Down, SHIFT)
    assert editor.plan.blocks["left"].position == (408, 20)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_keys_mean_nothing_to_the_plan_while_a_block_is_dragged(canvas, editor, plan, hand):
    start = hand.body("left")
    hand.drag_only(start, start + QPointF(30, 0))
    hand.key(Qt.Key.Key_Delete)
    assert editor.plan == plan
    hand.release(start + QPointF(30, 0))
    assert "left" in editor.plan.blocks


def test_an_undo_from_elsewhere_ends_a_drag_and_shows_the_plan_as_it_is(canvas, editor, plan, hand):
    editor.apply("Delete block", edits.remove(plan, ["m"]))
    start = hand.body("left")
    hand.drag_only(start, start + QPointF(30, 0))
    editor.undo_stack.undo()
    assert canvas.gesture is None
    hand.release(start + QPointF(30, 0))
    assert editor.plan == plan
    assert canvas.plan_scene.blocks["left"].pos() == QPointF(400, 0)


def test_another_document_ends_a_drag(canvas, editor, plan, hand):
    start = hand.body("left")
    hand.drag_only(start, start + QPointF(30, 0))
    editor.replace_document(plan.with_blocks())
    hand.release(start + QPointF(30, 0))
    assert canvas.gesture is None
    assert editor.plan == plan


def test_click_shift_and_ctrl_select(canvas, hand):
    heard = []
    canvas.selection_changed.connect(heard.append)
    hand.click(hand.body("left"))
    assert canvas.selected_ids() == ("left",)
    hand.click(hand.body("m"), SHIFT)
    assert canvas.selected_ids() == ("left", "m")
    hand.click(hand.body("left"), CTRL)
    assert canvas.selected_ids() == ("m",)
    hand.click(hand.empty_place())
    assert canvas.selected_ids() == ()
    assert heard[-1] == ()


def test_a_box_selects_what_it_touches(canvas, hand):
    hand.drag(QPointF(380, -40), QPointF(460, 200))
    assert canvas.selected_ids() == ("left", "right")
    hand.drag(QPointF(-60, 180), QPointF(40, 130), SHIFT)
    assert canvas.selected_ids() == ("trunk", "left", "right")


def test_select_all_and_invert(canvas, hand):
    hand.key(Qt.Key.Key_A, CTRL)
    assert canvas.selected_ids() == ("trunk", "left", "right", "m")
    hand.click(hand.body("m"))
    hand.key(Qt.Key.Key_I, CTRL)
    assert canvas.selected_ids() == ("trunk", "left", "right")


def test_the_wheel_zooms_at_the_cursor(canvas, hand, qtbot):
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    at = QPointF(300, 200)
    before = canvas.viewportTransform().inverted()[0].map(at)
    event = QWheelEvent(
        at,
        QPointF(canvas.viewport().mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120),
        NO_BUTTON,
        NO_KEY,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    zoom = canvas.zoom
    QApplication.sendEvent(canvas.viewport(), event)
    after = canvas.viewportTransform().inverted()[0].map(at)
    assert canvas.zoom > zoom
    assert (after - before).manhattanLength() < 2 / canvas.zoom


def test_the_middle_button_pans(canvas, hand, editor):
    at = QPointF(200, 300)
    before = canvas.mapFromScene(at)
    hand.press(at, button=Qt.MouseButton.MiddleButton)
    hand.move(at + QPointF(50, 30), button=Qt.MouseButton.MiddleButton)
    hand.release(at + QPointF(50, 30), button=Qt.MouseButton.MiddleButton)
    moved = canvas.mapFromScene(at) - before
    assert moved.x() == pytest.approx(50 * canvas.zoom, abs=2)
    assert moved.y() == pytest.approx(30 * canvas.zoom, abs=2)
    assert editor.undo_stack.count() == 0


def test_space_and_drag_pans_and_moves_nothing(canvas, hand, editor, plan):
    at = hand.body("left")
    before = canvas.mapFromScene(at)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    hand.drag(at, at + QPointF(40, 0))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.mapFromScene(at).x() > before.x()
    assert editor.plan == plan
    assert canvas.selected_ids() == ()


def test_fit_brings_the_plan_or_the_selection_into_sight(canvas, hand):
    canvas.zoom_by(3.0)
    canvas.pan_by(QPointF(5000, 5000))
    hand.key(Qt.Key.Key_Home)
    whole = canvas.plan_scene.bounds_of(canvas.plan_scene.blocks)
    assert canvas.seen_rect().contains(whole)
    canvas.plan_scene.select(("m",))
    canvas.pan_by(QPointF(5000, 5000))
    hand.key(Qt.Key.Key_F)
    assert canvas.seen_rect().contains(canvas.plan_scene.bounds_of(("m",)))


def test_a_block_out_of_sight_is_shown(canvas):
    canvas.pan_by(QPointF(5000, 5000))
    canvas.show_block("left")
    assert canvas.selected_ids() == ("left",)
    assert canvas.seen_rect().contains(canvas.plan_scene.bounds_of(("left",)))


def test_a_dragged_block_is_drawn_to_its_neighbours_lines_and_not_with_alt(canvas, editor, hand):
    start = hand.body("right")
    hand.drag_only(start, start + QPointF(5, 30))
    assert canvas.plan_scene.blocks["right"].left == 400
    assert canvas.gesture._lines
    canvas.grab()
    hand.move(start + QPointF(5, 30), ALT)
    assert canvas.plan_scene.blocks["right"].pos() == QPointF(405, 190)
    hand.release(start + QPointF(5, 30), ALT)
    assert editor.plan.blocks["right"].position == (405, 190)


def test_blocks_are_aligned_and_distributed_in_one_step(canvas, editor, plan, hand):
    canvas.select_all()
    actions = {a.text(): a for a in canvas.commands.block.line_up if a is not None}
    actions["Align top"].trigger()
    assert {b.position[1] for b in editor.plan.blocks.values()} == {0}
    actions["Distribute across"].trigger()
    rects = sorted((canvas.plan_scene.blocks[i].scene_rect() for i in plan.blocks), key=QRectF.left)
    gaps = [b.left() - a.right() for a, b in pairwise(rects)]
    assert max(gaps) - min(gaps) < 0.1
    assert editor.undo_stack.count() == 2
    canvas.plan_scene.select(("m",))
    assert not actions["Align top"].isEnabled()


def test_arranging_a_selection_covers_no_other_block(editor, canvas, hand):
    editor.apply("Move", edits.move(editor.plan, {"right": (-60.0, 220.0)}))
    hand.click(hand.body("trunk"))
    hand.click(hand.body("right"), SHIFT)
    hand.key(Qt.Key.Key_L)
    rects = {i: item.scene_rect() for i, item in canvas.plan_scene.blocks.items()}
    assert rects["trunk"].right() < rects["right"].left()
    for id_ in ("trunk", "right"):
        assert not any(rects[id_].intersects(rects[other]) for other in ("left", "m"))


def test_blocks_at_the_edge_of_the_canvas_are_arranged_within_it(editor, canvas, hand):
    edge = {"trunk": (1e7, 1e7), "left": (1e7 - 40, 1e7)}
    editor.apply("Move", edits.move(editor.plan, edge))
    canvas.plan_scene.select(edge)
    hand.key(Qt.Key.Key_L)
    assert editor.plan.blocks["trunk"].position == (1e7 - 40, 1e7)
    assert editor.plan.blocks["left"].position == (1e7, 1e7)


def test_arrange_lays_out_only_the_selection_when_there_is_one(editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("right"), SHIFT)
    hand.key(Qt.Key.Key_L)
    blocks = editor.plan.blocks
    assert blocks["trunk"].position == plan.blocks["trunk"].position
    assert blocks["m"].position == plan.blocks["m"].position
