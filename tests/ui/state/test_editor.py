"""The editor: one undo step an edit, steps that go on, and plans that no editor may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.plan import annotating, edits, shaping
from app.plan.document import Annotation, Plan, WeightBlock

FRAME = Annotation("a0", "frame", "Start", (0.0, 0.0), (90.0, 60.0))


def test_an_edit_is_one_undo_step_that_goes_back_and_forth_exactly(editor, plan):
    heard = []
    editor.changed.connect(heard.append)
    after = edits.set_scale(plan, "m", 0, 0.75)
    editor.apply("Set scale", after)
    editor.undo_stack.undo()
    assert editor.plan == plan
    editor.undo_stack.redo()
    assert editor.plan == after
    assert [(c.before == plan, c.after == plan) for c in heard] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_an_equal_merge_key_goes_on_with_the_step(editor, plan):
    for scale in (0.6, 0.7, 0.8):
        editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, scale), merge_key="drag")
    assert editor.undo_stack.count() == 1
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", 0, 0.9), merge_key="another")
    assert editor.undo_stack.count() == 2
    editor.undo_stack.undo()
    assert editor.plan.blocks["m"].inputs[0].scale == 0.8
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_coming_back_to_where_a_step_began_takes_it_back(editor, plan):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.6), merge_key="drag")
    editor.apply("Set scale", plan, merge_key="drag")
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0
    assert editor.is_clean


def test_applying_the_same_plan_is_no_step(editor, plan):
    editor.apply("Nothing", edits.move(plan, {"trunk": plan.blocks["trunk"].position}))
    assert editor.undo_stack.count() == 0


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda p: replace(p, output="gone"), "output names block 'gone'"),
        (lambda p: p.with_blocks(WeightBlock("left", 20, 8, "gone")), "names block 'gone'"),
        (lambda p: p.with_blocks(WeightBlock("trunk", 0, 20, "m")), "loop"),
    ],
    ids=["unknown output", "unknown input", "loop"],
)
def test_a_plan_that_does_not_hold_together_is_refused_before_it_is_pushed(
    editor, plan, broken, words
):
    with pytest.raises(ValueError, match=words):
        editor.apply("Break", broken(plan))
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0
    with pytest.raises(ValueError, match=words):
        editor.replace_document(broken(plan))
    assert editor.plan == plan


def test_another_document_starts_with_an_empty_stack_and_clean(editor, plan, qtbot):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.6))
    with qtbot.waitSignal(editor.replaced):
        editor.replace_document(Plan())
    assert editor.undo_stack.count() == 0
    assert editor.is_clean
    assert not editor.plan.blocks


def test_placing_blocks_is_no_edit(editor):
    editor.place({"trunk": (8.0, 16.0)})
    assert editor.plan.blocks["trunk"].position == (8.0, 16.0)
    assert editor.is_clean
    assert not editor.undo_stack.canUndo()


def test_problems_and_lowering_are_in_step_when_a_change_is_heard(editor, plan):
    seen = []
    editor.changed.connect(lambda _: seen.append((bool(editor.problems), editor.lowered is None)))
    editor.apply("Remove link", edits.disconnect(plan, "trunk", 0))
    editor.undo_stack.undo()
    assert seen == [(True, True), (False, False)]


@pytest.mark.parametrize(
    ("edit", "is_judged"),
    [
        (lambda p: edits.move(p, {"left": (1.0, 2.0)}), False),
        (lambda p: shaping.set_collapsed(p, ("left", "m"), True), False),
        (lambda p: shaping.set_sums_to_one(p, "m", True), False),
        (lambda p: annotating.add_annotation(p, FRAME), False),
        (lambda p: edits.rename(p, "left", "Other"), True),
        (lambda p: shaping.set_muted(p, ("left",), True), True),
        (lambda p: edits.set_scale(p, "m", 0, 0.75), True),
        (lambda p: replace(p, sources=("a.gguf",)), True),
        (lambda p: edits.connect_output(p, "left"), True),
    ],
    ids=["move", "collapse", "lock", "frame", "rename", "mute", "scale", "sources", "output"],
)
def test_only_a_step_that_changes_what_runs_or_is_said_is_judged(editor, plan, edit, is_judged):
    lowered, problems = editor.lowered, editor.problems
    editor.apply("Edit", edit(plan))
    assert (editor.lowered is not lowered) == is_judged
    assert editor.lowered is not None
    assert is_judged or editor.problems is problems
    editor.undo_stack.undo()
    assert editor.lowered.recipe == lowered.recipe
    assert editor.problems == problems


def test_blocks_in_another_order_are_numbered_anew(editor, plan):
    swapped = {i: plan.blocks[i] for i in ("trunk", "right", "left", "m")}
    editor.apply("Reorder", replace(plan, blocks=swapped))
    assert [editor.number(i) for i in ("left", "right")] == [2, 1]
    editor.undo_stack.undo()
    assert [editor.number(i) for i in ("left", "right")] == [1, 2]
    editor.undo_stack.redo()
    editor.apply("Move", edits.move(plan, {"m": (1.0, 2.0)}))
    assert [editor.number(i) for i in ("left", "right")] == [1, 2]


def test_a_smaller_model_brings_problems_and_no_model_takes_them_away(editor):
    heard = []
    editor.problems_changed.connect(heard.append)
    editor.set_weight_layer_count(30)
    assert [p.block_id for p in editor.problems] == ["right"]
    assert editor.lowered is None
    editor.set_weight_layer_count(None)
    assert editor.problems == ()
    assert len(heard) == 2


def test_numbers_and_plan_layers_follow_the_file(editor, plan):
    assert [editor.number(i) for i in plan.blocks] == [0, 1, 2, 3]
    assert editor.plan_layers("right") == (28, 36)
    editor.apply("Remove link", edits.disconnect(plan, "right", 0))
    assert editor.number("right") is None
    assert editor.plan_layers("right") is None


def test_weight_layers_are_known_by_their_source(editor):
    editor.set_weight_layer_count(40, (0, 30))
    assert [editor.source_of(i) for i in (0, 29, 30, 39)] == [0, 0, 1, 1]
