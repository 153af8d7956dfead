"""Edits keep a plan's invariants, refuse what would break them, and can be taken back."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan import edits
from app.plan.change import Change
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.kinds import links_into
from app.plan.ordering import blocks_on_cycles, order
from app.plan.problem import PlanError
from tests.plan.edited_plans import histories, plans


def fork() -> Plan:
    """Trunk b0, branches b1 and b2, merge b3 that feeds the output."""
    plan = edits.whole_model(22)
    plan = edits.add_block(plan, WeightBlock("b1", 22, 8, "b0"))
    plan = edits.add_block(plan, WeightBlock("b2", 26, 4, "b0"))
    merge = MergeBlock("b3", (MergeInput("b1", 0.8), MergeInput("b2", 0.2)))
    return edits.connect_output(edits.add_block(plan, merge), "b3")


@given(histories())
def test_every_edit_keeps_the_invariants(history: list[Plan]) -> None:
    for plan in history:
        assert all(block.id == id_ for id_, block in plan.blocks.items())
        assert TOKENS not in plan.blocks
        assert plan.output is None or plan.output in plan.blocks
        assert blocks_on_cycles(plan) == ()
        assert sorted(order(plan)) == sorted(plan.blocks)
        assert edits.new_id(plan) not in plan.blocks
        for block in plan.blocks.values():
            assert all(k in (None, TOKENS) or k in plan.blocks for k in links_into(block))
            assert "\n" not in block.title
            if isinstance(block, WeightBlock):
                assert block.weight_start >= 0
                assert block.n_layers >= 1
            else:
                assert len(block.inputs) >= 2
                assert all(math.isfinite(i.scale) for i in block.inputs)


@given(histories())
def test_a_change_and_its_inverse(history: list[Plan]) -> None:
    changes = [Change("Edit", a, b) for a, b in pairwise(history)]
    for change in changes:
        assert change.inverse.before is change.after
        assert change.inverse.after is change.before
        assert change.inverse.added == change.removed
        assert set(change.inverse.changed) == set(change.changed)
        told = {*change.added, *change.removed, *change.changed}
        ids = {*change.before.blocks, *change.after.blocks}
        assert told == {i for i in ids if change.before.blocks.get(i) != change.after.blocks.get(i)}
    if changes:
        whole = changes[0]
        for change in changes[1:]:
            whole = whole.merged_with(change)
        assert (whole.before, whole.after) == (history[0], history[-1])
        assert tuple(whole.inverse.after.blocks) == tuple(history[0].blocks)


def test_changes_that_do_not_follow_one_another_cannot_be_merged() -> None:
    change = Change("Open", Plan(), edits.whole_model(2))
    with pytest.raises(ValueError, match="starts where this one ends"):
        change.merged_with(change)


@given(plans, st.data())
def test_a_link_is_refused_exactly_when_it_would_close_a_circle(
    plan: Plan, data: st.DataObject
) -> None:
    if not plan.blocks:
        return
    source = data.draw(st.sampled_from(sorted(plan.blocks)))
    target = data.draw(st.sampled_from(sorted(plan.blocks)))
    reason = edits.why_not_connect(plan, source, target)
    block = plan.blocks[target]
    grown = (
        WeightBlock(target, 0, 1, source)
        if isinstance(block, WeightBlock)
        else MergeBlock(target, (*block.inputs, MergeInput(source, 1.0)))
    )
    assert (reason is not None) == (blocks_on_cycles(plan.with_blocks(grown)) != ())
    assert edits.why_not_connect(plan, TOKENS, target) is None


def test_reasons_against_a_link() -> None:
    plan = fork()
    assert "itself" in (edits.why_not_connect(plan, "b1", "b1") or "")
    assert "loop" in (edits.why_not_connect(plan, "b3", "b0") or "")
    assert "token input" in (edits.why_not_connect(plan, "b1", TOKENS) or "")
    assert "no block" in (edits.why_not_connect(plan, "b9", "b1") or "")
    assert "no block" in (edits.why_not_connect(plan, "b1", "b9") or "")
    assert edits.why_not_connect(plan, "b1", "b2") is None
    assert edits.why_not_output(plan, "b1") is None
    assert "at least one block" in (edits.why_not_output(plan, TOKENS) or "")


def test_links_are_made_replaced_and_cut() -> None:
    plan = edits.connect(fork(), "b0", "b3", 1)
    assert links_into(plan.blocks["b3"]) == ("b1", "b0")
    plan = edits.disconnect(plan, "b3", 0)
    assert plan.blocks["b3"] == MergeBlock("b3", (MergeInput(None, 0.8), MergeInput("b0", 0.2)))
    assert links_into(edits.connect(plan, TOKENS, "b2", 0).blocks["b2"]) == (TOKENS,)


def test_removing_unlinks_what_the_block_fed() -> None:
    plan = edits.remove(fork(), {"b1", "b3"})
    assert list(plan.blocks) == ["b0", "b2"]
    assert plan.output is None
    plan = edits.remove(fork(), ["b1"])
    assert links_into(plan.blocks["b3"]) == (None, "b2")
    assert plan.blocks["b2"] is not None


def test_removing_with_healing_lets_the_chain_go_on() -> None:
    plan = edits.remove(fork(), {"b1"}, heal=True)
    assert links_into(plan.blocks["b3"]) == ("b0", "b2")
    plan = edits.remove(fork(), {"b1", "b0"}, heal=True)
    assert links_into(plan.blocks["b3"]) == (TOKENS, "b2")
    assert edits.remove(fork(), {"b3"}, heal=True).output == "b1"
    assert edits.remove(fork(), {"b3", "b1"}, heal=True).output == "b0"
    assert edits.remove(edits.whole_model(3), {"b0"}, heal=True).output is None


def test_merge_inputs_come_and_go() -> None:
    plan = edits.add_input(fork(), "b3", "b0")
    assert plan.blocks["b3"] == MergeBlock(
        "b3", (MergeInput("b1", 0.8), MergeInput("b2", 0.2), MergeInput("b0", 0.0))
    )
    plan = edits.remove_input(edits.set_scale(plan, "b3", 2, -1.5), "b3", 0)
    assert plan.blocks["b3"] == MergeBlock("b3", (MergeInput("b2", 0.2), MergeInput("b0", -1.5)))


def test_titles_are_one_line_and_positions_tidy() -> None:
    plan = edits.rename(fork(), "b0", "  The\n trunk ")
    assert plan.blocks["b0"].title == "The trunk"
    plan = edits.move(plan, {"b0": (1.005001, -2.0), "b1": (1 / 3, 7)})
    assert plan.blocks["b0"].position == (1.01, -2.0)
    assert plan.blocks["b1"].position == (0.33, 7.0)
    assert list(plan.blocks) == ["b0", "b1", "b2", "b3"]


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("id-taken", lambda p: edits.add_block(p, WeightBlock("b1", 0, 1, None))),
        ("id-taken", lambda p: edits.add_block(p, WeightBlock(TOKENS, 0, 1, None))),
        ("missing-input", lambda p: edits.add_block(p, WeightBlock("b9", 0, 1, "b8"))),
        ("weight-range", lambda p: edits.add_block(p, WeightBlock("b9", 0, 0, None))),
        ("weight-range", lambda p: edits.set_weights(p, "b0", -1, 3)),
        ("weight-range", lambda p: edits.set_weights(p, "b0", 99_999, 2)),
        ("not-a-weight-block", lambda p: edits.set_weights(p, "b3", 0, 3)),
        ("too-few-inputs", lambda p: edits.add_block(p, MergeBlock("b9", ()))),
        ("too-few-inputs", lambda p: edits.remove_input(p, "b3", 0)),
        ("link-refused", lambda p: edits.connect(p, "b3", "b0", 0)),
        ("link-refused", lambda p: edits.connect_output(p, TOKENS)),
        ("no-such-input", lambda p: edits.connect(p, "b0", "b3", 2)),
        ("no-such-input", lambda p: edits.disconnect(p, "b0", -1)),
        ("no-such-input", lambda p: edits.set_scale(p, "b3", 5, 1.0)),
        ("not-a-merge-block", lambda p: edits.set_scale(p, "b0", 0, 1.0)),
        ("scale-not-finite", lambda p: edits.set_scale(p, "b3", 0, math.nan)),
        ("scale-not-finite", lambda p: edits.add_input(p, "b3", "b0", math.inf)),
        ("no-such-block", lambda p: edits.rename(p, "b9", "x")),
        ("no-such-block", lambda p: edits.move(p, {"b9": (0, 0)})),
        ("position", lambda p: edits.move(p, {"b0": (math.nan, 0)})),
    ],
)
def test_what_would_break_the_plan_is_refused(code: str, refused: Callable[[Plan], Plan]) -> None:
    with pytest.raises(PlanError) as error:
        refused(fork())
    (problem,) = error.value.problems
    assert problem.code == code
    assert problem.message
    assert problem.fix
    assert problem.message in str(error.value)


def test_new_ids_pass_over_any_id_taken() -> None:
    assert edits.new_id(Plan()) == "b0"
    assert edits.new_id(fork()) == "b4"
    odd = Plan().with_blocks(WeightBlock("b١", 0, 1, None), WeightBlock("b" + "9" * 50, 0, 1, None))
    assert edits.new_id(odd) == "b0"
