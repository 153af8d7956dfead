"""The inspector: what is typed there becomes the plan, and the plan is what it shows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QSlider,
    QStyle,
    QStyleOptionSlider,
)

from app.memory.estimate import BlockMemory
from app.plan import edits, shaping
from app.plan.document import TOKENS, Plan
from app.ui.views.inspector import Inspector
from tests.ui.hands import LEFT, type_into


@pytest.fixture
def memory() -> dict[str, BlockMemory]:
    """What the blocks are said to take."""
    return {}


@pytest.fixture
def inspector(qtbot, editor, canvas, memory) -> Inspector:
    inspector = Inspector(editor, canvas, memory.get)
    qtbot.addWidget(inspector)
    inspector.resize(280, 600)
    inspector.show()
    return inspector


@pytest.fixture
def weight(inspector, canvas):
    canvas.show_block("left")
    return inspector.forms["weight"]


@pytest.fixture
def merge(inspector, canvas):
    canvas.show_block("m")
    return inspector.forms["merge"]


def test_a_weight_blocks_range_is_shown_and_typed(editor, plan, weight):
    assert (weight.first.value(), weight.count.value(), weight.last.value()) == (20, 8, 27)
    type_into(weight.first, "22")
    assert (editor.plan.blocks["left"].weight_start, editor.plan.blocks["left"].n_layers) == (22, 8)
    type_into(weight.count, "5")
    assert editor.plan.blocks["left"].n_layers == 5
    type_into(weight.last, "31")
    assert editor.plan.blocks["left"].n_layers == 10
    assert editor.undo_stack.count() == 3
    for _ in range(3):
        editor.undo_stack.undo()
    assert editor.plan == plan
    assert (weight.first.value(), weight.count.value(), weight.last.value()) == (20, 8, 27)


def test_a_scale_beside_which_no_sum_comes_out_as_one_is_refused_at_its_input(editor, merge):
    keeps_sum = shaping.set_sums_to_one(editor.plan, "m", True)
    editor.apply("Keep the sum at 1", keeps_sum)
    type_into(merge.inputs[1].spin, "1e17")
    assert editor.plan == keeps_sum
    assert merge.inputs[1].spin.value() == 0.5
    assert merge.inputs[1].refusal.isVisible()
    assert "cannot bring the sum to 1" in merge.inputs[1].refusal.text()
    assert not merge.inputs[0].refusal.isVisible()
    type_into(merge.inputs[1].spin, "0.25")
    assert [i.scale for i in editor.plan.blocks["m"].inputs] == [0.75, 0.25]
    assert not merge.inputs[1].refusal.isVisible()


@pytest.mark.parametrize("typed", ["2000000", "-1.5e12", "1e300"])
def test_a_large_scale_is_taken_as_it_is_typed(editor, merge, typed):
    type_into(merge.inputs[1].spin, typed)
    assert editor.plan.blocks["m"].inputs[1].scale == float(typed)
    assert merge.inputs[1].spin.value() == float(typed)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "Known when the plan is valid"),
        (BlockMemory(0, 0, 0), "Nothing (unused)"),
        (BlockMemory(8 << 20, 2 << 20, 1 << 20), "8.0 MiB of weights, 6.0 MiB of them shared\n"),
        (BlockMemory(8 << 20, 0, 1 << 20), "8.0 MiB of weights, all shared\n1.0 MiB of KV"),
        (BlockMemory(8 << 20, 8 << 20, 1 << 20), "8.0 MiB of weights, none shared\n1.0 MiB"),
    ],
)
def test_the_memory_of_a_weight_block_is_said(inspector, memory, weight, said, words):
    if said is not None:
        memory["left"] = said
    inspector.show_memory()
    assert weight.memory.text().startswith(words)


def test_what_a_block_runs_as_is_not_known_without_an_output(editor, plan, weight):
    editor.apply("Unlink", edits.connect_output(plan, None))
    assert "Not linked yet" not in _words(weight)
    assert _words(weight).count("Known when the plan is valid") == 2
    editor.apply("Unlink", edits.disconnect(editor.plan, "left", 0))
    assert "Not linked yet" in _words(weight)


def test_a_muted_block_takes_no_memory(editor, memory, weight):
    memory["left"] = BlockMemory(8 << 20, 8 << 20, 1 << 20)
    QTest.mouseClick(weight.muted, LEFT, pos=QPoint(8, 8))
    assert weight.memory.text() == "Nothing (muted)"


def test_steps_with_the_arrow_keys_are_one_undo_step(editor, weight):
    weight.first.setFocus()
    for _ in range(3):
        QTest.keyClick(weight.first, Qt.Key.Key_Up)
    assert editor.plan.blocks["left"].weight_start == 23
    assert editor.undo_stack.count() == 1


def test_the_range_stays_inside_the_model(editor, weight):
    type_into(weight.first, "36")
    block = editor.plan.blocks["left"]
    assert (block.weight_start, block.weight_end) == (36, 40)
    assert weight.count.maximum() == 4


def test_selecting_a_block_edits_nothing(editor, inspector, canvas):
    for block_id in (*editor.plan.blocks, *editor.plan.blocks):
        canvas.show_block(block_id)
    assert editor.undo_stack.count() == 0


def test_the_input_offers_what_closes_no_circle(editor, weight, canvas):
    offered = {weight.source.itemData(i) for i in range(weight.source.count())}
    assert offered == {None, TOKENS, "trunk", "right"}
    assert weight.source.currentData() == "trunk"


def test_an_input_is_chosen_by_key(editor, weight):
    weight.source.setFocus()
    QTest.keyClick(weight.source, Qt.Key.Key_Home)
    assert editor.plan.blocks["left"].input is None
    QTest.keyClick(weight.source, Qt.Key.Key_Down)
    assert editor.plan.blocks["left"].input == TOKENS


def test_a_title_is_typed(editor, weight):
    type_into(weight.title, "Left branch")
    assert editor.plan.blocks["left"].title == "Left branch"
    assert editor.undo_stack.count() == 1


def test_a_block_can_be_made_to_feed_the_output(editor, weight):
    QTest.mouseClick(weight.make_output, LEFT)
    assert editor.plan.output == "left"
    assert not weight.make_output.isVisible()


def test_a_scale_is_typed_exactly_with_point_or_comma(editor, merge):
    type_into(merge.inputs[0].spin, "-0.1234")
    assert editor.plan.blocks["m"].inputs[0].scale == -0.1234
    type_into(merge.inputs[1].spin, "1,5")
    assert editor.plan.blocks["m"].inputs[1].scale == 1.5
    assert editor.undo_stack.count() == 2


def test_a_scale_with_many_digits_is_not_rounded_by_looking_at_it(editor, merge, canvas):
    exact = 1 / 3
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, exact))
    canvas.show_block("left")
    canvas.show_block("m")
    merge.inputs[0].spin.setFocus()
    QTest.keyClick(merge.inputs[0].spin, Qt.Key.Key_Return)
    assert editor.plan.blocks["m"].inputs[0].scale == exact


def test_a_slider_drag_is_one_undo_step_heard_as_it_goes(editor, plan, merge):
    slider = merge.inputs[0].slider
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    handle = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    heard = []
    editor.changed.connect(lambda _: heard.append(editor.plan.blocks["m"].inputs[0].scale))
    start = handle.center()
    QTest.mousePress(slider, LEFT, pos=start)
    for step in (8, 16, 24):
        QTest.mouseMove(slider, start + QPoint(step, 0))
    QTest.mouseRelease(slider, LEFT, pos=start + QPoint(24, 0))
    assert len(heard) == 3
    assert heard == sorted(heard)
    assert heard[-1] > 0.6
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_inputs_are_added_equalised_and_removed(editor, merge):
    assert not merge.inputs[0].remove.isEnabled()
    QTest.mouseClick(merge.add_input, LEFT)
    assert len(editor.plan.blocks["m"].inputs) == len(merge.inputs) == 3
    QTest.mouseClick(merge.equalise, LEFT)
    assert [i.scale for i in editor.plan.blocks["m"].inputs] == [1 / 3] * 3
    assert merge.sum.text() == "1.00"
    QTest.mouseClick(merge.inputs[0].remove, LEFT)
    assert [i.block for i in editor.plan.blocks["m"].inputs] == ["right", None]
    assert len(merge.inputs) == 2


def test_the_sum_is_kept_at_one_from_the_inspector(editor, merge):
    type_into(merge.inputs[0].spin, "1.5")
    QTest.mouseClick(merge.keep_sum, LEFT)
    assert [i.scale for i in editor.plan.blocks["m"].inputs] == [0.75, 0.25]
    type_into(merge.inputs[1].spin, "0,4")
    assert [i.scale for i in editor.plan.blocks["m"].inputs] == pytest.approx([0.6, 0.4])
    QTest.mouseClick(merge.keep_sum, LEFT)
    assert not editor.plan.blocks["m"].sums_to_one


def test_a_slider_drag_with_the_sum_kept_is_one_undo_step(editor, plan, merge):
    QTest.mouseClick(merge.keep_sum, LEFT)
    merge.inputs[0].slider.setFocus()
    for _ in range(3):
        QTest.keyClick(merge.inputs[0].slider, Qt.Key.Key_Right)
    assert sum(i.scale for i in editor.plan.blocks["m"].inputs) == pytest.approx(1.0)
    assert editor.undo_stack.count() == 2


def test_a_merge_grows_to_sixteen_inputs(editor, merge):
    for _ in range(14):
        QTest.mouseClick(merge.add_input, LEFT)
    assert len(merge.inputs) == 16
    assert not merge.add_input.isEnabled()


def test_a_block_is_muted_and_collapsed(editor, plan, weight):
    QTest.mouseClick(weight.muted, LEFT)
    assert editor.plan.blocks["left"].muted
    assert "Nothing (muted)" in _words(weight)
    QTest.mouseClick(weight.collapsed, LEFT)
    assert editor.plan.blocks["left"].collapsed
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert editor.plan == plan
    assert not weight.muted.isChecked()


def test_the_inputs_of_a_merge_share_one_list_that_follows_the_plan(editor, plan, merge):
    first, second = (row.source for row in merge.inputs)
    assert first.model() is second.model()
    assert [c.currentData() for c in (first, second)] == ["left", "right"]
    editor.apply("Rename", edits.rename(plan, "trunk", "Roots"))
    assert [first.itemText(i) for i in range(first.count())][2] == "0  Roots"
    assert [c.currentData() for c in (first, second)] == ["left", "right"]
    editor.apply("Remove", edits.remove(editor.plan, ("left",)))
    assert [c.currentText() for c in (first, second)] == ["Not linked", "Layers 28–35"]


def test_the_summary_counts_the_plan_and_the_selection(inspector, editor, canvas):
    words = _words(inspector.summary)
    assert "3 weight blocks, 1 merge block" in words
    assert "36 of 40" in words
    canvas.select_all()
    assert "4 blocks selected" in _words(inspector.summary)


def test_an_empty_plan_says_what_to_do_first(inspector, editor):
    editor.replace_document(Plan())
    assert any("Add one here" in text for text in _words(inspector.summary))
    (add,) = [b for b in inspector.summary.findChildren(QAbstractButton) if b.isVisible()]
    QTest.mouseClick(add, LEFT)
    assert len(editor.plan.blocks) == 1


def test_the_summary_counts_layers_that_overlap_once_and_only_those_there_are(inspector, editor):
    after = edits.set_weights(editor.plan, "left", 10, 15)
    after = edits.set_weights(after, "right", 38, 90_000)
    editor.apply("Overlap", after)
    assert "27 of 40" in _words(inspector.summary)
    editor.set_weight_layer_count(None)
    assert "90025" in _words(inspector.summary)


def test_the_summary_counts_no_layers_of_muted_blocks(inspector, editor):
    left = editor.plan.blocks["left"]
    before = editor.lowered.recipe.n_plan_layers
    editor.apply("Mute block", shaping.set_muted(editor.plan, ("left",), True))
    assert str(before) not in _words(inspector.summary)
    assert str(before - left.n_layers) in _words(inspector.summary)


def test_deleting_the_shown_block_shows_the_summary(inspector, editor, canvas, weight):
    canvas.delete()
    assert "left" not in editor.plan.blocks
    assert inspector.summary.isVisible()
    assert not weight.isVisible()
    editor.undo_stack.undo()
    assert "left" in editor.plan.blocks


@pytest.mark.parametrize("block_id", ["left", "m"])
def test_every_control_has_an_accessible_name(inspector, canvas, block_id):
    canvas.show_block(block_id)
    page = inspector.forms["merge" if block_id == "m" else "weight"]
    assert page.isVisible()
    for kind in (QAbstractSpinBox, QSlider, QComboBox):
        for control in page.findChildren(kind):
            assert control.accessibleName(), control
    for button in page.findChildren(QAbstractButton):
        assert button.accessibleName() or button.text()
    assert page.title.accessibleName()


def _words(page) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
