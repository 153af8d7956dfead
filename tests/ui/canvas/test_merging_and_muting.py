"""A MergeBlock's inputs and its sum under the hand, and blocks muted and collapsed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.plan import edits, shaping
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.canvas.sections.sum_bar import SumBar
from tests.ui.hands import NO_KEY, SHIFT, choose


def scales(editor) -> list[float]:
    return [i.scale for i in editor.plan.blocks["m"].inputs]


def feeders(editor) -> list[str | None]:
    return [i.block for i in editor.plan.blocks["m"].inputs]


def menu_at(canvas, hand, at: QPointF) -> QMenu:
    pointer = canvas.pointer_at(canvas.viewportTransform().map(at), NO_KEY)
    canvas.menu_wanted.emit(canvas.hit(pointer), pointer)
    return [m for m in canvas.findChildren(QMenu) if m.parent() is canvas][-1]


def test_the_plus_adds_an_input_up_to_sixteen(canvas, editor, plan, hand):
    hand.click(hand.plus("m"))
    assert feeders(editor) == ["left", "right", None]
    editor.undo_stack.undo()
    assert editor.plan == plan
    for _ in range(14):
        hand.click(hand.plus("m"))
    assert len(feeders(editor)) == 16
    assert hand.section("m", SumBar).add_input is None
    canvas.grab()


def test_a_link_dropped_on_the_plus_makes_a_new_input(editor, hand):
    hand.drag(hand.out_port("trunk"), hand.plus("m"))
    assert feeders(editor) == ["left", "right", "trunk"]
    assert editor.undo_stack.count() == 1


def test_the_lock_keeps_the_sum_at_one_through_a_drag(editor, plan, hand):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 1.5))
    hand.click(hand.lock("m"))
    assert editor.plan.blocks["m"].sums_to_one
    assert scales(editor) == pytest.approx([0.75, 0.25])
    heard = []
    editor.changed.connect(lambda _: heard.append(scales(editor)))
    start = hand.fader("m", 0)
    hand.drag(start, start + QPointF(0, 20))
    assert scales(editor)[0] < 0.6
    assert len(heard) >= 3
    assert all(sum(values) == pytest.approx(1.0) for values in heard)
    assert editor.undo_stack.count() == 3
    hand.click(hand.lock("m"))
    assert not editor.plan.blocks["m"].sums_to_one


def test_a_fader_pulled_to_one_and_back_gives_the_others_their_proportion_back(editor, hand):
    hand.click(hand.plus("m"))
    plan = editor.plan
    for port, scale in enumerate((0.2, 0.2, 0.6)):
        plan = edits.set_scale(plan, "m", port, scale)
    editor.apply("Lock", shaping.set_sums_to_one(plan, "m", True))
    start = hand.fader("m", 0)
    hand.press(start)
    for step in (-10, -60, -60, -3, 0):
        hand.move(start + QPointF(0, step))
    hand.release(start)
    assert scales(editor)[2] == pytest.approx(3 * scales(editor)[1], rel=0.01)


def test_a_typed_scale_keeps_the_sum_too(canvas, editor, plan, hand):
    editor.apply("Lock", shaping.set_sums_to_one(plan, "m", True))
    hand.double_click(hand.number("m", 1))
    edit = canvas.viewport().findChild(InlineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, "0,8")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert scales(editor) == pytest.approx([0.2, 0.8])


def test_a_number_dragged_onto_another_swaps_the_inputs(canvas, editor, plan, hand):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.25))
    hand.drag_only(hand.number("m", 0), hand.number("m", 1))
    canvas.grab()
    hand.release(hand.number("m", 1))
    assert feeders(editor) == ["right", "left"]
    assert scales(editor) == [0.25, 0.5]
    assert editor.undo_stack.count() == 2


def test_a_number_dragged_elsewhere_or_clicked_changes_nothing(canvas, editor, plan, hand):
    hand.drag(hand.number("m", 0), hand.body("left"))
    hand.click(hand.number("m", 0))
    assert editor.plan == plan
    assert canvas.selected_ids() == ("m",)


def test_inputs_are_removed_and_swapped_from_the_menu(canvas, editor, hand):
    hand.click(hand.plus("m"))
    choose(menu_at(canvas, hand, hand.number("m", 0)), "Input 3")
    assert feeders(editor) == [None, "right", "left"]
    choose(menu_at(canvas, hand, hand.fader("m", 0)), "Remove input 1")
    assert feeders(editor) == ["right", "left"]


def test_a_merge_keeps_two_inputs(canvas, hand):
    menu = menu_at(canvas, hand, hand.fader("m", 0))
    (remove,) = [a for a in menu.actions() if a.text() == "Remove input 1"]
    assert not remove.isEnabled()
    menu.close()


def test_equalise_gives_each_input_the_same_share(canvas, editor, plan, hand):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.9))
    hand.click(hand.body("m"))
    canvas.commands.block.equalise.trigger()
    assert scales(editor) == [0.5, 0.5]


def test_m_mutes_the_selection_and_lets_it_be_heard_again(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("m"), SHIFT)
    hand.key(Qt.Key.Key_M)
    assert [i for i, b in editor.plan.blocks.items() if b.muted] == ["left", "m"]
    assert editor.undo_stack.count() == 1
    face = canvas.plan_scene.blocks["left"].face
    assert (face.number, face.passes) == (None, 0)
    assert canvas.plan_scene.blocks["trunk"].face.passes is None
    canvas.grab()
    hand.key(Qt.Key.Key_M)
    assert editor.plan == plan


def test_what_only_a_muted_merge_left_unheard_is_shown_as_unused(canvas, editor, plan):
    editor.apply("Mute", shaping.set_muted(plan, ("m",), True))
    blocks = canvas.plan_scene.blocks
    assert not blocks["left"].face.unused
    assert blocks["right"].face.unused
    assert not blocks["m"].face.unused


def test_a_muted_block_looks_otherwise(canvas, editor, plan, hand):
    before = canvas.viewport().grab().toImage()
    editor.apply("Mute", shaping.set_muted(plan, ("left",), True))
    after = canvas.viewport().grab().toImage()
    rect = canvas.viewportTransform().mapRect(canvas.plan_scene.blocks["left"].scene_rect())
    places = [
        (x, y)
        for x in range(round(rect.left()) + 2, round(rect.right()) - 2, 3)
        for y in range(round(rect.bottom()) - 9, round(rect.bottom()) - 2)
    ]
    other = sum(before.pixelColor(x, y) != after.pixelColor(x, y) for x, y in places)
    assert other > len(places) / 10


def test_h_collapses_keeps_the_links_and_expands(canvas, editor, plan, hand):
    hand.click(hand.body("m"))
    hand.key(Qt.Key.Key_H)
    item = canvas.plan_scene.blocks["m"]
    assert item.block_shape.is_collapsed
    ends = [canvas.plan_scene.links["m", port].line.p2() for port in range(2)]
    assert ends == [item.pos() + QPointF(0, 18)] * 2
    canvas.grab()
    hand.key(Qt.Key.Key_H)
    assert editor.plan == plan


def test_a_double_click_expands_a_collapsed_block(canvas, editor, plan, hand):
    editor.apply("Collapse", shaping.set_collapsed(plan, ("left",), True))
    hand.double_click(hand.body("left"))
    assert editor.plan == plan


def test_a_link_to_a_collapsed_merge_takes_its_free_input(editor, plan, hand):
    plan = edits.disconnect(shaping.set_collapsed(plan, ("m",), True), "m", 1)
    editor.replace_document(plan)
    hand.drag(hand.out_port("right"), hand.in_port("m", 0))
    assert feeders(editor) == ["left", "right"]


def test_f2_renames_a_collapsed_block(canvas, editor, plan, hand):
    editor.apply("Collapse", shaping.set_collapsed(plan, ("left",), True))
    hand.click(hand.body("left"))
    hand.key(Qt.Key.Key_F2)
    edit = canvas.viewport().findChild(InlineEdit)
    QTest.keyClicks(edit, "Small")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert editor.plan.blocks["left"].title == "Small"
