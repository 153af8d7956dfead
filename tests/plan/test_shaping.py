"""Blocks cut, joined and put into links; a merge's sum kept; a part of a plan laid out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan import edits, layout, shaping
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.problem import PlanError


@pytest.fixture
def plan() -> Plan:
    return Plan(output="m").with_blocks(
        WeightBlock("a", 0, 8, TOKENS, title="Trunk", position=(0.0, 0.0)),
        WeightBlock("b", 8, 4, "a", position=(300.0, 10.0)),
        WeightBlock("c", 12, 4, "b", position=(600.0, 20.0)),
        MergeBlock("m", (MergeInput("c", 0.75), MergeInput("a", 0.25))),
    )


def ranges(plan: Plan) -> dict[str, tuple[int, int]]:
    blocks = plan.blocks.items()
    return {i: (b.weight_start, b.weight_end) for i, b in blocks if isinstance(b, WeightBlock)}


def test_cutting_splits_into_a_chain_in_its_place(plan):
    after = shaping.cut_layers(plan, "a", (2, 3, 5))
    assert list(after.blocks) == ["a", "b0", "b1", "b", "c", "m"]
    assert ranges(after) == {"a": (0, 2), "b0": (4, 5), "b1": (6, 8), "b": (8, 12), "c": (12, 16)}
    assert [after.blocks[i].input for i in ("b0", "b1", "b")] == ["a", "b0", "b1"]
    assert after.blocks["m"].inputs[1].block == "b1"
    assert (after.blocks["a"].title, after.blocks["b0"].title) == ("Trunk", "")
    assert after.blocks["b0"].position is None


def test_cutting_at_an_end_shortens_and_cutting_all_heals(plan):
    assert ranges(shaping.cut_layers(plan, "b", (8, 9)))["b"] == (10, 12)
    after = shaping.cut_layers(plan, "b", range(8, 12))
    assert "b" not in after.blocks
    assert after.blocks["c"].input == "a"


def test_a_block_that_feeds_the_output_hands_that_on(plan):
    plan = replace(plan, output="c")
    after = shaping.cut_layers(plan, "c", (13,))
    assert after.output == "b0"


def test_joining_takes_what_continues_and_feeds_nothing_else(plan):
    assert shaping.joinable(plan, plan.blocks) == (("b", "c"),)
    after = shaping.join(plan, plan.blocks)
    assert ranges(after) == {"a": (0, 8), "b": (8, 16)}
    assert after.blocks["m"].inputs[0].block == "b"
    assert shaping.join(plan, ("a", "b")) is plan
    assert shaping.joinable(shaping.set_muted(plan, ("c",), True), plan.blocks) == ()
    assert shaping.joinable(replace(plan, output="b"), plan.blocks) == ()


@given(layers=st.sets(st.integers(0, 11), max_size=11))
def test_what_is_cut_and_filled_again_joins_to_what_it_was(layers):
    plan = Plan(output="a").with_blocks(WeightBlock("a", 0, 12, TOKENS))
    after = shaping.cut_layers(plan, "a", layers)
    kept = [n for start, end in ranges(after).values() for n in range(start, end)]
    assert kept == [n for n in range(12) if n not in layers]
    assert after.output == list(after.blocks)[-1]


@given(
    scales=st.lists(st.floats(-4, 4), min_size=2, max_size=16),
    scale=st.floats(-4, 4),
    data=st.data(),
)
def test_a_kept_sum_stays_one_and_the_scale_is_as_set(scales, scale, data):
    merge = MergeBlock("m", tuple(MergeInput(TOKENS, s) for s in scales), sums_to_one=True)
    port = data.draw(st.integers(0, len(scales) - 1))
    after = edits.set_scale(Plan().with_blocks(merge), "m", port, scale).blocks["m"]
    assert after.inputs[port].scale == scale
    assert sum(i.scale for i in after.inputs) == pytest.approx(1.0, abs=1e-9)


def test_the_others_share_a_change_in_proportion(plan):
    scales = (0.5, 0.1, 0.4, 0.0)
    merge = MergeBlock("m", tuple(MergeInput(TOKENS, s) for s in scales), sums_to_one=True)
    after = edits.set_scale(Plan().with_blocks(merge), "m", 0, 0.0)
    assert [i.scale for i in after.blocks["m"].inputs] == pytest.approx([0, 0.2, 0.8, 0])
    alone = edits.set_scale(after, "m", 0, 1.0)
    assert [i.scale for i in alone.blocks["m"].inputs] == pytest.approx([1, 0, 0, 0])
    back = edits.set_scale(alone, "m", 0, 0.4)
    assert [i.scale for i in back.blocks["m"].inputs] == pytest.approx([0.4, 0.2, 0.2, 0.2])


def test_turning_the_lock_on_makes_the_sum_one(plan):
    plan = edits.set_scale(plan, "m", 0, 1.75)
    merge = shaping.set_sums_to_one(plan, "m", True).blocks["m"]
    assert [i.scale for i in merge.inputs] == [0.875, 0.125]
    plan = edits.set_scale(edits.set_scale(plan, "m", 0, 0.0), "m", 1, 0.0)
    merge = shaping.set_sums_to_one(plan, "m", True).blocks["m"]
    assert [i.scale for i in merge.inputs] == [0.5, 0.5]


def test_a_locked_merge_keeps_its_sum_when_an_input_goes(plan):
    plan = edits.add_input(shaping.set_sums_to_one(plan, "m", True), "m")
    after = edits.remove_input(plan, "m", 1)
    assert [i.scale for i in after.blocks["m"].inputs] == [1.0, 0.0]


def test_swapped_inputs_keep_the_scales_and_equalised_ones_are_equal(plan):
    inputs = edits.swap_inputs(plan, "m", 0, 1).blocks["m"].inputs
    assert inputs == (MergeInput("a", 0.75), MergeInput("c", 0.25))
    assert {i.scale for i in shaping.equalise(plan, "m").blocks["m"].inputs} == {0.5}


def test_a_merge_grows_to_sixteen_inputs_and_no_further(plan):
    for _ in range(14):
        plan = edits.add_input(plan, "m")
    with pytest.raises(PlanError, match="16 inputs"):
        edits.add_input(plan, "m")


def test_a_free_block_is_put_into_a_link(plan):
    plan = plan.with_blocks(WeightBlock("x", 20, 2, None))
    after = edits.insert_on_link(plan, "x", "c", 0)
    assert (after.blocks["x"].input, after.blocks["c"].input) == ("b", "x")
    after = edits.insert_before_output(plan, "x")
    assert (after.blocks["x"].input, after.output) == ("m", "x")


def test_what_may_not_be_put_into_a_link_says_why(plan):
    plan = plan.with_blocks(WeightBlock("x", 20, 2, None), WeightBlock("y", 0, 1, "x"))
    assert "no free input" in edits.why_not_insert(plan, "a", "c", 0)
    assert "no link" in edits.why_not_insert(plan, "x", "x", 0)
    after = edits.connect(plan, "y", "m", 0)
    assert "loop" in edits.why_not_insert_before_output(after, "x")
    with pytest.raises(PlanError, match="no free input"):
        edits.insert_on_link(plan, "a", "c", 0)


def test_a_part_of_a_plan_is_laid_out_where_it_stands(plan):
    places = layout.arrange(plan, dict.fromkeys(plan.blocks, (200.0, 96.0)), only=("b", "c"))
    assert places.keys() == {"b", "c"}
    assert places["c"][0] > places["b"][0] + 200.0
    assert places["b"][0] == 300.0  # where the part began
    assert places["b"][1] == places["c"][1] == 10.0


def test_a_sum_kept_at_1_is_kept_by_an_input_more_and_refuses_what_it_cannot_balance(plan):
    plan = shaping.set_sums_to_one(plan, "m", True)
    grown = edits.add_input(plan, "m", "a", 1.0)
    assert [i.scale for i in grown.blocks["m"].inputs] == [0.375, 0.125, 0.5]
    with pytest.raises(PlanError) as error:
        edits.set_scale(plan, "m", 0, 1e300)
    assert error.value.problems[0].code == "scale-too-large"


def test_only_inputs_that_a_merge_has_are_swapped(plan):
    with pytest.raises(PlanError) as error:
        edits.swap_inputs(plan, "m", 0, 2)
    assert error.value.problems[0].code == "no-such-input"
