"""The list shows the plan as it runs, takes what is typed, and shares its selection."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.plan import edits
from app.plan.document import WeightBlock
from app.ui.views.list_view.columns import Column
from tests.ui.hands import CTRL, SHIFT


def test_rows_stand_in_the_order_in_which_they_run(clerk, editor, plan):
    assert clerk.column(Column.NUMBER) == ["0", "1", "2", "3"]
    assert clerk.column(Column.BLOCK) == ["Layers 0–19", "Layers 20–27", "Layers 28–35", "Merge"]
    assert clerk.column(Column.WEIGHT_LAYERS) == ["0–19", "20–27", "28–35", ""]
    assert clerk.column(Column.PLAN_LAYERS) == ["0–19", "20–27", "28–35", ""]
    assert clerk.column(Column.INPUT) == ["Tokens", "0  Layers 0–19", "0  Layers 0–19", "1, 2"]
    assert clerk.column(Column.SCALE) == ["", "", "", "0.50, 0.50"]
    editor.apply("Add", edits.add_block(plan, WeightBlock("loose", 3, 2, None)))
    assert clerk.column(Column.NUMBER) == ["0", "1", "2", "3", ""]
    assert clerk.column(Column.BLOCK)[4] == "Layers 3–4"
    assert clerk.words("loose", Column.INPUT) == "Not linked"
    assert "Unused" in clerk.words("loose", Column.STATE)


def test_the_inputs_of_a_merge_stand_below_it(clerk, editor, plan):
    merge = clerk.model.index_of("m")
    assert clerk.model.rowCount(merge) == 2
    assert clerk.words("m", Column.INPUT, 1) == "2  Layers 28–35"
    assert clerk.words("m", Column.SCALE, 1) == "0.50"
    editor.apply("Add input", edits.add_input(plan, "m"))
    assert clerk.model.rowCount(merge) == 3
    assert clerk.words("m", Column.STATE, 2) == "Nothing feeds it"
    editor.undo_stack.undo()
    assert clerk.model.rowCount(merge) == 2


def test_memory_is_the_sum_of_the_layers(clerk):
    assert clerk.words("left", Column.MEMORY) == ""
    clerk.panel.set_layer_bytes([2**20] * 40)
    assert clerk.words("left", Column.MEMORY) == "8.0 MiB"
    assert clerk.words("m", Column.MEMORY) == ""


def test_a_title_is_typed_in_its_cell(clerk, editor, plan):
    clerk.type_into(clerk.cell("left", Column.BLOCK), "Left branch")
    assert editor.plan == edits.rename(plan, "left", "Left branch")
    assert editor.undo_stack.undoText() == "Rename block"


def test_a_range_of_layers_is_typed_in_its_cell(clerk, editor, plan):
    clerk.type_into(clerk.cell("left", Column.WEIGHT_LAYERS), "22-29")
    assert editor.plan == edits.set_weights(plan, "left", 22, 8)
    clerk.type_into(clerk.cell("left", Column.WEIGHT_LAYERS), "5")
    assert editor.plan == edits.set_weights(plan, "left", 5, 1)


def test_an_input_is_typed_as_a_number_or_as_tokens(clerk, editor, plan):
    clerk.type_into(clerk.cell("right", Column.INPUT), "1")
    assert editor.plan == edits.connect(plan, "left", "right", 0)
    clerk.type_into(clerk.cell("right", Column.INPUT), "tokens")
    assert editor.plan == edits.connect(plan, "tokens", "right", 0)
    clerk.type_into(clerk.cell("right", Column.INPUT), "0")
    clerk.type_into(clerk.cell("right", Column.INPUT), "-1")
    assert editor.plan == edits.connect(plan, "tokens", "right", 0)


def test_the_inputs_of_a_merge_are_typed_below_it(clerk, editor, plan):
    clerk.tree.expand(clerk.model.index_of("m"))
    clerk.type_into(clerk.cell("m", Column.SCALE, 1), "0,25")
    assert editor.plan == edits.set_scale(plan, "m", 1, 0.25)
    clerk.type_into(clerk.cell("m", Column.INPUT, 0), "0")
    assert editor.plan.blocks["m"].inputs[0].block == "trunk"
    assert clerk.tree.isExpanded(clerk.model.index_of("m"))


@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [
        (Column.WEIGHT_LAYERS, "many", "“many” is not a range of layers."),
        (Column.WEIGHT_LAYERS, "9-3", "ends before it starts"),
        (Column.INPUT, "17", "There is no block “17”."),
        (Column.INPUT, "1", "A block cannot feed itself."),
        (Column.INPUT, "3", "would close a loop"),
    ],
)
def test_what_cannot_be_is_refused_with_words(clerk, editor, plan, column, typed, words):
    clerk.type_into(clerk.cell("left", column), typed)
    assert editor.plan == plan
    assert words in clerk.said()


def test_a_bad_scale_is_refused_with_words(clerk, editor, plan):
    clerk.tree.expand(clerk.model.index_of("m"))
    clerk.type_into(clerk.cell("m", Column.SCALE, 0), "half")
    assert editor.plan == plan
    assert "“half” is not a scale. Type a number such as 0.5." in clerk.said()


def test_the_selection_is_shared_with_the_canvas(clerk, editor):
    clerk.click(clerk.cell("left", Column.BLOCK))
    assert clerk.canvas.selected_ids() == ("left",)
    clerk.click(clerk.cell("m", Column.BLOCK), CTRL)
    assert clerk.canvas.selected_ids() == ("left", "m")
    assert clerk.tree.hasFocus()
    clerk.canvas.plan_scene.select(("trunk", "right"))
    assert clerk.panel.selected_ids() == ("trunk", "right")
    clerk.canvas.plan_scene.select(())
    assert clerk.panel.selected_ids() == ()


def test_arrows_go_from_block_to_block(clerk):
    clerk.click(clerk.cell("trunk", Column.BLOCK))
    clerk.press(Qt.Key.Key_Down)
    assert clerk.canvas.selected_ids() == ("left",)
    clerk.press(Qt.Key.Key_Down, SHIFT)
    assert clerk.canvas.selected_ids() == ("left", "right")


def test_an_input_row_selects_its_merge(clerk):
    clerk.tree.expand(clerk.model.index_of("m"))
    clerk.click(clerk.cell("m", Column.BLOCK, 1))
    assert clerk.canvas.selected_ids() == ("m",)
    assert clerk.tree.currentIndex().parent().isValid()


def test_delete_mute_and_insert_work_by_key(clerk, editor, plan):
    clerk.click(clerk.cell("left", Column.BLOCK))
    clerk.press(Qt.Key.Key_M)
    assert editor.plan.blocks["left"].muted
    assert clerk.words("left", Column.STATE).startswith("Muted")
    assert clerk.words("left", Column.NUMBER) == ""
    editor.undo_stack.undo()
    clerk.press(Qt.Key.Key_Delete)
    assert "left" not in editor.plan.blocks
    editor.undo_stack.undo()
    clerk.press(Qt.Key.Key_Insert)
    assert len(editor.plan.blocks) == 5
    assert clerk.tree.hasFocus()


def test_rows_are_announced_only_where_something_changed(clerk, editor, plan, qtbot):
    resets, changes = [], []
    clerk.model.modelReset.connect(lambda: resets.append(1))
    clerk.model.dataChanged.connect(lambda first, last: changes.append((first.row(), last.row())))
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.4))
    assert not resets
    assert (3, 3) in changes
    editor.apply("Remove", edits.remove(editor.plan, ["left"]))
    assert len(resets) == 1


def test_nothing_is_done_while_nobody_looks(clerk, editor, plan):
    clerk.panel.hide()
    editor.apply("Remove", edits.remove(plan, ["left"]))
    assert clerk.model.rowCount() == 4
    clerk.panel.show()
    assert clerk.model.rowCount() == 3


def test_a_row_is_spoken_as_a_sentence(clerk, editor, plan):
    role = Qt.ItemDataRole.AccessibleTextRole
    editor.apply("Rename", edits.rename(plan, "left", "Left branch"))
    assert clerk.cell("left", Column.BLOCK).data(role) == (
        "Block 1, weight block, Left branch, weight layers 20 to 27, plan layers 20 to 27, "
        "input from 0  Layers 0–19."
    )
    assert clerk.cell("m", Column.BLOCK).data(role) == (
        "Block 3, merge block, Merge, 0.5 of 1  Left branch, 0.5 of 2  Layers 28–35, "
        "Feeds the output."
    )
    assert clerk.cell("m", Column.BLOCK, 0).data(role) == "Input 1: 0.5 of 1  Left branch."
