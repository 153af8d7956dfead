"""Each fix takes its problem away, and touches nothing else."""

from __future__ import annotations

from hypothesis import given

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.fixes import fixes_for
from tests.plan.edited_plans import plans

N_LAYERS = 30


def example() -> Plan:
    return Plan(output="m").with_blocks(
        WeightBlock("trunk", 0, 10, TOKENS),
        WeightBlock("left", 10, 5, "trunk"),
        MergeBlock("m", (MergeInput("left", 0.5), MergeInput("trunk", 0.5))),
    )


def fixes_of(plan: Plan, code: str) -> dict[str, Plan]:
    """The fixes for the only problem of this kind, by label."""
    (problem,) = (p for p in check_plan(plan, N_LAYERS) if p.code == code)
    return {fix.label: fix.after for fix in fixes_for(problem, plan, N_LAYERS)}


def test_an_unused_block_is_removed_or_linked_to_the_output():
    plan = edits.add_block(example(), WeightBlock("loose", 3, 2, "trunk"))
    assert fixes_of(plan, "unused") == {
        "Remove": example(),
        "Link to the output": edits.connect_output(plan, "loose"),
    }


def test_an_open_input_is_linked_to_the_tokens_or_its_block_removed():
    plan = edits.disconnect(example(), "left", 0)
    fixes = fixes_of(plan, "missing-input")
    assert fixes["Link to the tokens"] == edits.connect(plan, TOKENS, "left", 0)
    assert "left" not in fixes["Remove"].blocks


def test_without_an_output_the_last_block_is_linked():
    plan = edits.connect_output(example(), None)
    assert fixes_of(plan, "no-output") == {"Link the last block to the output": example()}


def test_a_range_beyond_the_model_is_shortened():
    plan = edits.set_weights(example(), "left", 28, 5)
    fixes = fixes_of(plan, "weight-range")
    assert fixes["Shorten to the model's layers"] == edits.set_weights(plan, "left", 28, 2)


def test_a_range_wholly_beyond_the_model_can_only_go():
    plan = edits.set_weights(example(), "left", 40, 5)
    assert list(fixes_of(plan, "weight-range")) == ["Remove"]


def test_scales_are_brought_to_a_sum_of_one():
    plan = edits.set_scale(example(), "m", 0, 1.5)
    after = fixes_of(plan, "scales-sum")["Scale to a sum of 1"]
    assert [i.scale for i in after.blocks["m"].inputs] == [0.75, 0.25]
    assert not check_plan(after, N_LAYERS)


def test_scales_whose_sum_is_nought_are_left_to_the_user():
    plan = edits.set_scale(example(), "m", 0, -0.5)
    assert fixes_of(plan, "scales-sum") == {}


@given(plans)
def test_a_mend_takes_its_problem_away(plan: Plan):
    for problem in check_plan(plan, N_LAYERS):
        for fix in fixes_for(problem, plan, N_LAYERS):
            left = check_plan(fix.after, N_LAYERS)
            assert (problem.code, problem.block_id) not in {(p.code, p.block_id) for p in left}
