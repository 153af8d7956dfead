"""Everything on the canvas by keys alone: walking, linking, ranges, faders, cells."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.plan import edits
from app.plan.document import TOKENS, WeightBlock
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.canvas.shapes import Part
from tests.ui.hands import ALT, CTRL, CTRL_SHIFT, SHIFT

Key = Qt.Key


@pytest.fixture
def said(canvas) -> list[str]:
    """What the status line was told."""
    sentences: list[str] = []
    canvas.notice.connect(sentences.append)
    return sentences


def type_into(canvas, text: str) -> None:
    (edit,) = [e for e in canvas.viewport().findChildren(InlineEdit) if e.isVisible()]
    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Key.Key_Return)


def test_walking_follows_the_links_and_goes_to_neighbours(canvas, hand, said):
    hand.key(Key.Key_Right, ALT)
    assert canvas.selected_ids() == ("trunk",)
    assert said[-1] == "Block 0: weight layers 0 to 19, plan layers 0 to 19."
    hand.key(Key.Key_Right, ALT)
    assert canvas.selected_ids() == ("left",)
    hand.key(Key.Key_Down, ALT)
    assert canvas.selected_ids() == ("right",)
    hand.key(Key.Key_Right, ALT)
    assert canvas.selected_ids() == ("m",)
    hand.key(Key.Key_Right, ALT)
    assert canvas.selected_ids() == ("m",)
    assert said[-1] == "No block is further down the flow."
    hand.key(Key.Key_Left, ALT)
    hand.key(Key.Key_Left, ALT)
    assert canvas.selected_ids() == ("trunk",)


def test_walking_with_shift_extends_the_selection(canvas, hand):
    for _ in range(3):
        hand.key(Key.Key_Right, ALT | SHIFT)
    assert canvas.selected_ids() == ("trunk", "left", "m")


def test_where_one_walks_comes_into_sight(canvas, hand):
    canvas._look_at(canvas.plan_scene.blocks["m"].pos() * 20, 1.0)
    hand.key(Key.Key_Right, ALT)
    assert canvas.seen_rect().contains(canvas.plan_scene.bounds_of(("trunk",)))


def test_a_link_is_made_by_keys(canvas, editor, plan, hand, said):
    editor.apply("Remove link", edits.disconnect(plan, "m", 1))
    hand.click(hand.body("right"))
    hand.key(Key.Key_C, SHIFT)
    assert said[-1].startswith("Link from “Layers 28–35” to “Merge”, input 2: Enter confirms")
    hand.key(Key.Key_Return)
    assert editor.plan.blocks["m"].inputs[1].block == "right"
    assert canvas.gesture is None
    assert editor.undo_stack.undoText() == "Add link"


def test_a_link_that_may_not_be_made_says_why_and_escape_gives_it_up(
    canvas, editor, plan, hand, said
):
    hand.click(hand.body("m"))
    hand.key(Key.Key_C, SHIFT)
    for _ in range(4):
        hand.key(Key.Key_Left)
    reason = canvas.gesture.reason
    assert reason == edits.why_not_connect(plan, "m", "trunk")
    assert said[-1] == reason
    hand.key(Key.Key_Return)
    assert canvas.gesture is not None
    hand.key(Key.Key_Escape)
    assert canvas.gesture is None
    assert editor.plan == plan


def test_an_input_is_fed_anew_from_the_tokens_by_keys(canvas, editor, hand):
    hand.click(hand.body("left"))
    hand.key(Key.Key_Right, CTRL)
    assert canvas.commands.keyboard.part.place == ("left", Part("in", 0))
    hand.key(Key.Key_Return)
    for _ in range(3):
        hand.key(Key.Key_Left)
    hand.key(Key.Key_Return)
    assert editor.plan.blocks["left"].input == TOKENS


def test_delete_on_an_input_cuts_its_link_and_leaves_the_block(canvas, editor, hand):
    hand.click(hand.body("m"))
    hand.key(Key.Key_Right, CTRL)
    assert canvas.plan_scene.selected_link == ("m", 0)
    hand.key(Key.Key_Delete)
    assert editor.plan.blocks["m"].inputs[0].block is None
    hand.key(Key.Key_Delete)
    assert "m" in editor.plan.blocks


def test_number_keys_choose_a_fader_and_arrows_move_it_in_one_step(canvas, editor, hand, said):
    hand.click(hand.body("m"))
    hand.key(Key.Key_2)
    assert canvas.commands.keyboard.part.place == ("m", Part("fader", 1))
    assert said[-1].startswith("Scale of input 2, from block 2: 0.50.")
    hand.key(Key.Key_Up)
    hand.key(Key.Key_Up)
    hand.key(Key.Key_Down, SHIFT)
    assert editor.plan.blocks["m"].inputs[1].scale == pytest.approx(0.595)
    assert said[-1].startswith("Scale of input 2, from block 2: 0.595.")
    assert editor.undo_stack.count() == 1
    hand.key(Key.Key_Left)
    assert canvas.commands.keyboard.part.place == ("m", Part("fader", 0))
    hand.key(Key.Key_Return)
    type_into(canvas, "-0.25")
    assert editor.plan.blocks["m"].inputs[0].scale == -0.25


def test_inputs_are_swapped_by_key(editor, hand):
    hand.click(hand.body("m"))
    hand.key(Key.Key_1)
    hand.key(Key.Key_S)
    assert [i.block for i in editor.plan.blocks["m"].inputs] == ["right", "left"]


def test_escape_leaves_the_part_and_arrows_move_the_block_again(canvas, editor, hand):
    hand.click(hand.body("m"))
    hand.key(Key.Key_1)
    hand.key(Key.Key_Escape)
    assert canvas.commands.keyboard.part.place is None
    hand.key(Key.Key_Up)
    assert editor.plan.blocks["m"].position == (680, 36)
    hand.key(Key.Key_1)
    hand.click(hand.body("left"))
    assert canvas.commands.keyboard.part.place is None


def test_the_ring_is_seen_around_the_current_part(canvas, hand):
    hand.click(hand.body("m"))
    before = canvas.viewport().grab().toImage()
    hand.key(Key.Key_2)
    assert canvas.viewport().grab().toImage() != before
    hand.key(Key.Key_Escape)
    assert canvas.viewport().grab().toImage() == before


def test_ranges_grow_shrink_and_slide_by_keys(editor, plan, hand, said):
    hand.click(hand.body("left"))

    def weights():
        block = editor.plan.blocks["left"]
        return block.weight_start, block.weight_end

    hand.key(Key.Key_Plus)
    hand.key(Key.Key_Plus)
    assert weights() == (20, 30)
    assert editor.undo_stack.count() == 1
    assert "weight layers 20 to 29" in said[-1]
    hand.key(Key.Key_Minus)
    assert weights() == (20, 29)
    hand.key(Key.Key_PageUp)
    assert weights() == (21, 30)
    hand.key(Key.Key_PageDown)
    assert weights() == (20, 29)
    hand.key(Key.Key_PageUp, CTRL)
    assert weights() == (21, 29)
    hand.key(Key.Key_PageDown, CTRL)
    assert weights() == (20, 29)


def test_ranges_stay_within_the_model_and_keep_a_layer(editor, plan, hand):
    hand.click(hand.body("trunk"))
    hand.key(Key.Key_PageDown)
    assert editor.plan == plan
    for _ in range(25):
        hand.key(Key.Key_Plus)
    assert editor.plan.blocks["trunk"].weight_end == 40
    for _ in range(50):
        hand.key(Key.Key_Minus)
    assert editor.plan.blocks["trunk"].n_layers == 1


def test_layers_are_left_out_by_typing_them(canvas, editor, hand, said):
    hand.click(hand.body("left"))
    hand.key(Key.Key_X)
    type_into(canvas, "22, 25-26")
    pieces = [editor.plan.blocks[i] for i in canvas.selected_ids()]
    assert [(b.weight_start, b.weight_end) for b in pieces] == [(20, 22), (23, 25), (27, 28)]
    assert editor.plan.blocks["m"].inputs[0].block == pieces[-1].id
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("19", "“19” is not within the block’s layers. It has weight layers 20 to 27."),
        ("some", "“some” is not a range of layers. Type it as 22-29, or 22 for one layer."),
        ("20-27", "These are all the layers of the block. Delete the block instead."),
    ],
)
def test_what_cannot_be_left_out_is_refused_in_words(
    canvas, editor, plan, hand, said, text, reason
):
    hand.click(hand.body("left"))
    hand.key(Key.Key_X)
    type_into(canvas, text)
    assert said[-1] == reason
    assert editor.plan == plan


def test_a_cell_is_walked_to_and_left_out(canvas, editor, hand):
    hand.click(hand.body("left"))
    for _ in range(4):
        hand.key(Key.Key_Right, CTRL)
    assert canvas.commands.keyboard.part.place == ("left", Part("cell", 2))
    hand.key(Key.Key_Delete)
    weights = [b for b in editor.plan.blocks.values() if isinstance(b, WeightBlock)]
    pieces = [(b.weight_start, b.n_layers) for b in weights if 20 <= b.weight_start < 28]
    assert pieces == [(20, 2), (23, 5)]


def test_enter_types_a_range_and_chooses_a_merge_s_first_fader(canvas, editor, hand):
    hand.click(hand.body("left"))
    hand.key(Key.Key_Return)
    type_into(canvas, "3-5")
    assert editor.plan.blocks["left"].weight_start == 3
    assert editor.plan.blocks["left"].n_layers == 3
    hand.click(hand.body("m"))
    hand.key(Key.Key_Return)
    assert canvas.commands.keyboard.part.place == ("m", Part("fader", 0))


def test_frames_and_notes_are_reached_and_resized_by_keys(canvas, editor, hand):
    hand.key(Key.Key_N)
    canvas.setFocus()
    canvas.plan_scene.select(())
    hand.key(Key.Key_G, ALT)
    assert canvas.plan_scene.annotations.selected == ("a0",)
    width, height = editor.plan.annotations["a0"].size
    hand.key(Key.Key_Right, CTRL_SHIFT)
    hand.key(Key.Key_Up, CTRL_SHIFT)
    assert editor.plan.annotations["a0"].size == (width + 8, height - 8)


def test_no_two_commands_of_the_canvas_have_the_same_key(canvas):
    keys = [
        key.toString()
        for action in canvas.actions()
        for key in action.shortcuts()
        if not key.isEmpty()
    ]
    assert sorted(keys) == sorted(set(keys))


def test_the_menu_key_opens_the_menu_of_the_selected_block(canvas, hand):
    hits = []
    canvas.menu_wanted.disconnect()
    canvas.menu_wanted.connect(lambda hit, pointer: hits.append(hit))
    canvas.plan_scene.select(("right",))
    where = canvas.viewport().rect().center()
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard, where, canvas.viewport().mapToGlobal(where)
    )
    QApplication.sendEvent(canvas.viewport(), event)
    assert hits[0].block_id == "right"


def test_a_click_gives_up_a_link_that_keys_began(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.key(Key.Key_C, SHIFT)
    hand.click(hand.empty_place())
    assert canvas.gesture is None
    assert editor.plan == plan


def test_a_block_is_put_into_a_link_by_keys(canvas, editor, plan, hand, said):
    loose = WeightBlock("loose", 36, 2, None, position=(680.0, 300.0))
    editor.apply("Add", edits.add_block(plan, loose))
    canvas.plan_scene.select(("loose",))
    hand.key(Key.Key_I)
    assert canvas.gesture.end == ("m", 1)
    hand.key(Key.Key_Up)
    hand.key(Key.Key_Return)
    assert editor.plan.blocks["m"].inputs[0].block == "loose"
    assert editor.plan.blocks["loose"].input == "left"
    assert said[-1].startswith("Done: ")
    assert canvas.gesture is None
    assert editor.undo_stack.undoText() == "Insert block"
