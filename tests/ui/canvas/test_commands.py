"""Adding, deleting, copying, pasting and arranging blocks on the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from app.plan import shaping
from app.plan.document import TOKENS, MergeBlock, Plan, WeightBlock
from app.plan.reader import read_plan
from app.ui.canvas.canvas import KIND_MIME
from tests.ui.hands import CTRL, LEFT, NO_KEY, SHIFT


def added(editor, plan):
    (block,) = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    return block


def test_delete_and_undo_restores_block_links_and_order(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.key(Qt.Key.Key_Delete)
    assert "left" not in editor.plan.blocks
    assert editor.plan.blocks["m"].inputs[0].block is None
    assert "left" not in canvas.plan_scene.blocks
    editor.undo_stack.undo()
    assert editor.plan == plan
    assert list(editor.plan.blocks) == list(plan.blocks)
    assert ("left", 0) in canvas.plan_scene.links


def test_delete_and_join_lets_the_chain_go_on(editor, hand):
    hand.click(hand.body("left"))
    hand.key(Qt.Key.Key_Delete, CTRL)
    assert editor.plan.blocks["m"].inputs[0].block == "trunk"


def test_undo_and_redo_by_key(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.key(Qt.Key.Key_Delete)
    canvas.commands.undo.trigger()
    assert editor.plan == plan
    canvas.commands.redo.trigger()
    assert "left" not in editor.plan.blocks


def test_a_new_weight_block_goes_on_after_the_selected_one(canvas, editor, plan, hand):
    hand.click(hand.body("trunk"))
    canvas.commands.add_kind["weight"].trigger()
    block = added(editor, plan)
    assert (block.weight_start, block.n_layers, block.input) == (20, 8, None)
    assert canvas.selected_ids() == (block.id,)


def test_a_new_weight_block_takes_layers_that_none_borrows(canvas, editor, plan):
    canvas.add_block("weight")
    assert (added(editor, plan).weight_start, added(editor, plan).n_layers) == (36, 4)


def test_the_first_block_takes_the_whole_model_and_both_ends(canvas, editor):
    editor.replace_document(Plan())
    canvas.add_block("weight")
    (block,) = editor.plan.blocks.values()
    assert (block.weight_start, block.n_layers, block.input) == (0, 40, TOKENS)
    assert editor.plan.output == block.id
    assert editor.problems == ()


def test_new_blocks_cover_no_other(canvas, editor):
    for _ in range(4):
        canvas.add_block("merge")
    rects = [canvas.plan_scene.bounds_of((i,)) for i in editor.plan.blocks]
    pairs = [(a, b) for n, a in enumerate(rects) for b in rects[n + 1 :]]
    assert not any(a.intersects(b) for a, b in pairs)


def test_even_at_the_end_of_the_canvas_blocks_can_be_added_pasted_and_moved(
    canvas, editor, plan, hand
):
    canvas._look_at(QPointF(1.1e7, -1.1e7), 1.0)
    canvas.add_block("weight")
    hand.key(Qt.Key.Key_C, CTRL)
    hand.key(Qt.Key.Key_V, CTRL)
    hand.key(Qt.Key.Key_Right, SHIFT)
    far = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert len(far) == 2
    assert all(9.9e6 < b.position[0] <= 1e7 and b.position[1] < -9.9e6 for b in far)
    hand.key(Qt.Key.Key_L)
    assert all(abs(b.position[0]) < 1e5 for b in editor.plan.blocks.values())


def test_a_new_merge_is_fed_by_the_selected_blocks(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("right"), SHIFT)
    canvas.commands.add_kind["merge"].trigger()
    merge = added(editor, plan)
    assert isinstance(merge, MergeBlock)
    assert [(i.block, i.scale) for i in merge.inputs] == [("left", 0.5), ("right", 0.5)]


def test_the_clipboard_holds_layerblocks_text(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("m"), SHIFT)
    hand.key(Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    copied = read_plan(text).plan
    weight, merge = copied.blocks.values()
    assert (weight.weight_start, weight.n_layers) == (20, 8)
    assert merge.inputs[0].block == weight.id
    assert merge.inputs[1].block is None


def test_paste_adds_copies_and_selects_them(canvas, editor, plan, hand):
    hand.key(Qt.Key.Key_A, CTRL)
    hand.key(Qt.Key.Key_C, CTRL)
    hand.key(Qt.Key.Key_V, CTRL)
    new = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert len(new) == 4
    assert canvas.selected_ids() == tuple(b.id for b in new)
    trunk, left, _right, merge = new
    assert trunk.input == TOKENS
    assert left.input == trunk.id
    assert merge.inputs[0].block == left.id
    assert editor.plan.output == "m"
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_a_strict_text_from_elsewhere_can_be_pasted(canvas, editor, hand):
    editor.replace_document(Plan())
    QGuiApplication.clipboard().setText(
        "WeightBlock; 0; 20; 0; -1\nWeightBlock; 20; 40; 20; 0\nTotalLayers; 40\n"
    )
    hand.key(Qt.Key.Key_V, CTRL)
    first, second = editor.plan.blocks.values()
    assert second.input == first.id
    assert first.position[0] < second.position[0]


@pytest.mark.parametrize("text", ["", "hello", "Blocks; 1; 2", "\x00\x01;;;;"])
def test_pasted_garbage_is_refused_in_words(canvas, editor, plan, hand, text):
    told = []
    canvas.notice.connect(told.append)
    QGuiApplication.clipboard().setText(text)
    hand.key(Qt.Key.Key_V, CTRL)
    assert editor.plan == plan
    (words,) = told
    assert words.startswith("Nothing was pasted. ")
    assert len(words) > 50


def test_muted_collapsed_and_locked_blocks_stay_so_through_the_clipboard(editor, plan, hand):
    plan = shaping.set_collapsed(shaping.set_muted(plan, ("left",), True), ("right",), True)
    plan = shaping.set_sums_to_one(plan, "m", True)
    editor.replace_document(plan)
    hand.key(Qt.Key.Key_A, CTRL)
    hand.key(Qt.Key.Key_C, CTRL)
    hand.key(Qt.Key.Key_V, CTRL)
    new = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    weights = {b.weight_start: b for b in new if isinstance(b, WeightBlock)}
    left, right = weights[20], weights[28]
    (merge,) = (b for b in new if isinstance(b, MergeBlock))
    assert (left.muted, left.collapsed) == (True, False)
    assert (right.muted, right.collapsed) == (False, True)
    assert merge.sums_to_one


def test_cut_takes_away_and_duplicate_doubles(canvas, editor, plan, hand):
    hand.click(hand.body("right"))
    hand.key(Qt.Key.Key_D, CTRL)
    copy = added(editor, plan)
    assert (copy.weight_start, copy.n_layers, copy.input) == (28, 8, None)
    assert copy.position == (424, 184)
    hand.key(Qt.Key.Key_X, CTRL)
    assert list(editor.plan.blocks) == list(plan.blocks)


def test_what_is_gone_leaves_the_selection_at_once(canvas, editor, plan, hand):
    told = []
    canvas.select_all()
    canvas.selection_changed.connect(told.append)
    hand.key(Qt.Key.Key_Delete)
    assert told == [()]
    editor.undo_stack.undo()
    hand.click(hand.body("left"))
    hand.key(Qt.Key.Key_M)
    assert canvas.selected_ids() == ("left",)


def test_arrange_is_one_step(editor, plan, hand):
    hand.key(Qt.Key.Key_L)
    assert editor.undo_stack.count() == 1
    positions = [b.position for b in editor.plan.blocks.values()]
    assert len(set(positions)) == 4
    assert positions[0][0] < positions[1][0] < positions[3][0]
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_a_plan_without_positions_is_laid_out_and_stays_clean(canvas, editor):
    chain = Plan(output="b").with_blocks(
        WeightBlock("a", 0, 4, TOKENS), WeightBlock("b", 4, 4, "a")
    )
    editor.replace_document(chain)
    a, b = editor.plan.blocks.values()
    assert a.position[0] + 184 < b.position[0]
    assert editor.is_clean
    assert editor.undo_stack.count() == 0
    assert canvas.plan_scene.blocks["b"].pos() == QPointF(*b.position)


def test_a_double_click_on_empty_space_asks_what_to_add_there(qtbot, canvas, hand):
    at = hand.empty_place() + QPointF(160, -140)
    with qtbot.waitSignal(canvas.add_wanted) as asked:
        hand.double_click(at)
    assert (asked.args[0].scene - at).manhattanLength() < 2


def test_tab_asks_what_to_add_and_stays_on_the_canvas(qtbot, canvas, hand):
    canvas.setFocus()
    with qtbot.waitSignal(canvas.add_wanted):
        hand.key(Qt.Key.Key_Tab)
    assert canvas.hasFocus()


def test_a_card_dropped_on_the_canvas_becomes_a_block_there(canvas, editor, plan):
    data = QMimeData()
    data.setData(KIND_MIME, b"merge")
    at = QPoint(120, 120)
    wanted = canvas.mapToScene(at)
    buttons, keys = LEFT, NO_KEY
    copy = Qt.DropAction.CopyAction
    entering = QDragEnterEvent(at, copy, data, buttons, keys)
    QApplication.sendEvent(canvas.viewport(), entering)
    assert entering.isAccepted()
    QApplication.sendEvent(canvas.viewport(), QDropEvent(QPointF(at), copy, data, buttons, keys))
    merge = added(editor, plan)
    centre = canvas.plan_scene.bounds_of((merge.id,)).center()
    assert (centre - wanted).manhattanLength() < 12
    assert canvas.mapToScene(at) == wanted


def test_a_file_dragged_over_the_canvas_is_left_to_the_window(canvas):
    data = QMimeData()
    data.setText("a file")
    event = QDragEnterEvent(
        QPoint(60, 60),
        Qt.DropAction.CopyAction,
        data,
        LEFT,
        NO_KEY,
    )
    QApplication.sendEvent(canvas.viewport(), event)
    assert not event.isAccepted()
