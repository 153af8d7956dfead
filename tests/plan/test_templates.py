"""The plans that templates make, and the numbers they refuse."""

from __future__ import annotations

import pytest

from app.plan.checks import check_plan
from app.plan.document import MergeBlock, Plan, WeightBlock
from app.plan.problem import PlanError
from app.plan.templates import SECOND_START, TEMPLATES, Template

BY_ID = {template.id: template for template in TEMPLATES}


def defaults(template: Template, n: int) -> dict[str, float]:
    return {number.name: number.default(n) for number in template.numbers}


def ranges(plan: Plan) -> list[tuple[int, int]]:
    return [
        (b.weight_start, b.weight_end) for b in plan.blocks.values() if isinstance(b, WeightBlock)
    ]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.id)
@pytest.mark.parametrize("n", [4, 12, 30, 40, 80])
def test_what_is_proposed_is_within_the_limits_and_has_no_problem(template, n):
    values = defaults(template, n)
    for number in template.numbers:
        assert number.least <= values[number.name] <= number.most(n)
    assert check_plan(template.make(n, values), n) == ()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.id)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_tiny_model_gives_a_valid_plan_or_a_reason(template, n):
    try:
        plan = template.make(n, defaults(template, n))
    except PlanError as error:
        assert all(p.message and p.fix for p in error.problems)
    else:
        assert [p for p in check_plan(plan, n) if p.severity == "error"] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.id)
def test_numbers_at_their_limits_give_a_valid_plan_or_a_reason(template):
    for end in (lambda number: number.least, lambda number: number.most(12)):
        values = {number.name: float(end(number)) for number in template.numbers}
        try:
            plan = template.make(12, values)
        except PlanError as error:
            assert error.problems[0].message
        else:
            assert [p for p in check_plan(plan, 12) if p.severity == "error"] == []


def test_the_stack_overlaps_like_a_20b_merge():
    plan = BY_ID["two-model-stack"].make(40, {"length": 16, "overlap": 8})
    assert ranges(plan) == [(0, 16), (8, 24), (16, 32), (24, 40)]


def test_the_slices_of_two_models_take_turns():
    values = {"length": 16, "overlap": 8, SECOND_START: 40}
    assert ranges(BY_ID["two-model-stack"].make(40, values)) == [
        *((0, 16), (48, 64), (16, 32), (64, 80)),
    ]
    assert ranges(BY_ID["inverted-stack"].make(40, values)) == [
        *((40, 56), (8, 24), (56, 72), (24, 40)),
    ]


def test_branches_are_merged_at_the_ratio():
    plan = BY_ID["parallel-branches"].make(30, {"trunk": 22, "skipped": 4, "ratio": 0.8})
    assert ranges(plan) == [(0, 22), (22, 30), (26, 30)]
    merge = plan.blocks[plan.output or ""]
    assert isinstance(merge, MergeBlock)
    assert [i.scale for i in merge.inputs] == [0.8, 0.2]


def test_a_second_model_gives_the_second_tower():
    values = {"skipped": 0, "ratio": 0.5, SECOND_START: 30}
    assert ranges(BY_ID["two-towers"].make(30, values)) == [(0, 30), (30, 60)]


def test_a_range_is_repeated_after_itself():
    plan = BY_ID["repeat-range"].make(30, {"first": 8, "last": 15, "again": 2})
    assert ranges(plan) == [(0, 16), (8, 16), (8, 16), (16, 30)]


def test_layers_are_left_out_evenly_between_those_that_are_kept():
    plan = BY_ID["leave-layers-out"].make(30, {"skipped": 4, "first": 4, "last": 2})
    assert ranges(plan) == [(0, 7), (8, 13), (14, 19), (20, 25), (26, 30)]


@pytest.mark.parametrize(
    ("template_id", "values"),
    [
        ("two-model-stack", {"length": 4, "overlap": 4}),
        ("parallel-branches", {"trunk": 10, "skipped": 2, "ratio": 0.5}),
        ("two-towers", {"skipped": 11, "ratio": 0.5}),
        ("repeat-range", {"first": 5, "last": 4, "again": 1}),
        ("leave-layers-out", {"skipped": 8, "first": 4, "last": 2}),
    ],
)
def test_numbers_that_make_no_plan_are_refused_with_a_way_out(template_id, values):
    with pytest.raises(PlanError) as refused:
        BY_ID[template_id].make(12, values)
    (problem,) = refused.value.problems
    assert problem.message
    assert problem.fix
