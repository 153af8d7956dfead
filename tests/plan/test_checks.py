"""The rules as the editor sees them: by block id, errors only where the output is concerned."""

from __future__ import annotations

import math

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.problem import Problem


def codes(plan: Plan, n_weight_layers: int | None = None) -> list[tuple[str, str, str | None]]:
    """The problems as (code, severity, block id)."""
    return [(p.code, p.severity, p.block_id) for p in check_plan(plan, n_weight_layers)]


def test_a_whole_model_has_no_problem() -> None:
    assert check_plan(edits.whole_model(30), 30) == ()


def test_an_empty_plan_lacks_a_weight_block() -> None:
    (problem,) = check_plan(Plan())
    assert problem.code == "no-weight-block"
    assert "weight block" in problem.fix


def test_a_weight_block_beside_the_way_to_the_output_is_none() -> None:
    plan = edits.whole_model(30)
    merge = MergeBlock("m", (MergeInput(TOKENS, 0.5), MergeInput(TOKENS, 0.5)))
    plan = edits.connect_output(edits.add_block(plan, merge), "m")
    assert codes(plan) == [("no-weight-block", "error", None), ("unused", "note", "b0")]


def test_nothing_feeds_the_output() -> None:
    plan = edits.connect_output(edits.whole_model(30), None)
    (problem,) = check_plan(plan)
    assert (problem.code, problem.severity, problem.block) == ("no-output", "error", None)
    assert "to the output" in problem.fix


def test_a_missing_input_is_an_error_where_the_output_needs_it() -> None:
    plan = edits.add_block(edits.whole_model(30), WeightBlock("b1", 0, 2, None, title="Tail"))
    (note,) = check_plan(plan)
    assert (note.code, note.severity, note.block_id) == ("unused", "note", "b1")
    assert "not linked" in note.message
    assert "“Tail”" in note.message
    plan = edits.connect_output(plan, "b1")
    found = {p.code: p for p in check_plan(plan) if p.severity == "error"}
    assert set(found) == {"missing-input", "unreachable"}
    assert found["missing-input"].block_id == "b1"
    assert "link" in found["missing-input"].fix


def test_a_merge_with_an_unlinked_port() -> None:
    plan = edits.whole_model(30)
    merge = MergeBlock("m", (MergeInput("b0", 0.5), MergeInput(None, 0.5)))
    plan = edits.connect_output(edits.add_block(plan, merge), "m")
    (problem,) = check_plan(plan)
    assert (problem.code, problem.severity, problem.block_id) == ("missing-input", "error", "m")
    assert "input 2" in problem.fix
    assert "removed" in problem.fix


def test_a_weight_range_is_a_note_only_on_drafts() -> None:
    plan = edits.set_weights(edits.whole_model(30), "b0", 0, 31)
    (problem,) = check_plan(plan, 30)
    assert (problem.code, problem.severity, problem.block) == ("weight-range", "error", 0)
    assert "0-30" in problem.message
    assert "only 30" in problem.message
    plan = edits.add_block(edits.whole_model(30), WeightBlock("loose", 40, 2, None))
    assert ("weight-range", "note", "loose") in codes(plan, 30)


def test_too_many_layers() -> None:
    assert codes(edits.whole_model(512)) == []
    assert codes(edits.whole_model(513)) == [("too-many-layers", "error", None)]


def test_what_no_edit_can_make_is_told_all_the_same() -> None:
    circle = Plan(
        {
            "a": WeightBlock("a", 0, 1, "m"),
            "m": MergeBlock("m", (MergeInput("a", 1.0), MergeInput(TOKENS, math.nan))),
            "few": MergeBlock("few", (MergeInput("m", 1.0),)),
            "none": WeightBlock("none", -1, 0, "gone"),
        },
        "few",
    )
    assert ("cycle", "error", "a") in codes(circle)
    assert ("scale-not-finite", "error", "m") in codes(circle)
    assert ("too-few-inputs", "error", "few") in codes(circle)
    assert ("weight-range", "note", "none") in codes(circle)
    assert ("no-output", "error", None) in codes(Plan(circle.blocks, "nowhere"))


def test_an_unused_branch_and_odd_scales_are_notes() -> None:
    plan = edits.whole_model(30)
    plan = edits.add_block(plan, WeightBlock("b1", 0, 3, TOKENS))
    merge = MergeBlock("m", (MergeInput("b0", 1.0), MergeInput("b0", 0.5)))
    plan = edits.connect_output(edits.add_block(plan, merge), "m")
    assert codes(plan) == [("unused", "note", "b1"), ("scales-sum", "note", "m")]
    unused = check_plan(plan)[0]
    assert isinstance(unused, Problem)
    assert unused.block == 1
    assert "delete" in unused.fix
