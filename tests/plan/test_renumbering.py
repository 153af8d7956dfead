"""Numbers of an edited text are put right, and everything else in it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan.problem import PlanError
from app.plan.reader import read_plan
from app.plan.renumbering import renumbered
from app.plan.writer import write_strict
from tests.plan.edited_plans import plans

OF_NUMBERS = {"numbering", "total-layers", "later-input"}


def codes(text: str) -> set[str]:
    return {p.code for p in read_plan(text).problems}


def test_plan_layers_and_total_are_counted_anew():
    text = "# mine\nWeightBlock; 0; 4; 2; -1 # first\nWeightBlock; 9; 12; 3; 0\nTotalLayers; 5\n"
    assert renumbered(text) == (
        "# mine\nWeightBlock; 0; 4; 2; -1  # first\nWeightBlock; 4; 7; 3; 0\nTotalLayers; 7\n"
    )


def test_a_missing_total_is_added():
    assert renumbered("WeightBlock; 0; 4; 2; -1") == "WeightBlock; 0; 4; 2; -1\nTotalLayers; 4"


def test_a_second_total_is_taken_out():
    text = "TotalLayers; 4\nWeightBlock; 0; 4; 2; -1\nTotalLayers; 4\n"
    assert renumbered(text) == "TotalLayers; 4\nWeightBlock; 0; 4; 2; -1\n"


def test_lines_move_behind_what_feeds_them_and_the_numbers_with_them():
    text = "WeightBlock; 0; 2; 5; 1\nWeightBlock; 2; 6; 0; -1\nTotalLayers; 6\n"
    after = renumbered(text)
    assert after == "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 5; 0\nTotalLayers; 6\n"
    assert not codes(after) & OF_NUMBERS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lorem ipsum",
        "WeightBlock; 0; x; 0; -1",
        "WeightBlock; 0; 4; 0; 1\nWeightBlock; 4; 8; 0; 0",
        "WeightBlock; 0; 4; 0; 17",
        "WeightBlock; 0; 4; 0; -1\nTotalLayers; 4\n",
    ],
)
def test_what_cannot_or_need_not_be_counted_is_left(text):
    assert renumbered(text) is None


@given(plans, st.integers(0, 50), st.integers(0, 30))
def test_any_shift_is_taken_back(plan, shift, at):
    try:
        text = write_strict(plan)
    except PlanError:
        return
    lines = text.splitlines()
    at %= len(lines)
    if shift and lines[at].startswith("WeightBlock"):
        keyword, start, end, *rest = lines[at].split("; ")
        moved = [str(int(start) + shift), str(int(end) + shift)]
        lines[at] = "; ".join((keyword, *moved, *rest))
        assert renumbered("\n".join(lines)) == text.removesuffix("\n")
    else:
        assert renumbered(text) is None


def test_lines_as_before_follow_the_blocks_they_named():
    before = (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nWeightBlock; 6; 8; 6; 0\n"
        "MergeBlock; 1; 0.5; 2; 0.5\nWeightBlock; 8; 9; 8; 3\nTotalLayers; 9\n"
    )
    text = before.replace("4; 6; 4; 0\n", "4; 6; 4; 0\nWeightBlock; 6; 7; 9; 1\n")
    assert renumbered(text, before) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nWeightBlock; 6; 7; 9; 1\n"
        "WeightBlock; 7; 9; 6; 0\nMergeBlock; 1; 0.5; 3; 0.5\nWeightBlock; 9; 10; 8; 4\n"
        "TotalLayers; 10\n"
    )


DRAFTS = (
    '#@ draft {"weights": [8, 9], "input": 1, "title": "Tail"}\n'
    '#@ draft {"merge": [[2, 0.5], [null, 0.25], [0, 0.25]]}\n'
)


def test_drafts_follow_the_lines_that_move():
    lines = "WeightBlock; 0; 2; 5; 1\nWeightBlock; 2; 6; 0; -1\nTotalLayers; 6\n"
    assert renumbered(lines + DRAFTS) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 5; 0\nTotalLayers; 6\n"
        '#@ draft {"weights": [8, 9], "input": 0, "title": "Tail"}\n'
        '#@ draft {"merge": [[2, 0.5], [null, 0.25], [1, 0.25]]}\n'
    )


def test_drafts_follow_the_blocks_and_the_drafts_they_named():
    before = "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nTotalLayers; 6\n" + DRAFTS
    assert renumbered("WeightBlock; 0; 1; 9; -1\n" + before, before) == (
        "WeightBlock; 0; 1; 9; -1\nWeightBlock; 1; 5; 0; -1\nWeightBlock; 5; 7; 4; 1\n"
        "TotalLayers; 7\n"
        '#@ draft {"weights": [8, 9], "input": 2, "title": "Tail"}\n'
        '#@ draft {"merge": [[3, 0.5], [null, 0.25], [1, 0.25]]}\n'
    )


def test_a_draft_fed_by_a_line_taken_out_is_fed_by_what_fed_that():
    before = (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nWeightBlock; 6; 7; 6; 0\n"
        "TotalLayers; 7\n" + DRAFTS
    )
    text = before.replace("WeightBlock; 4; 6; 4; 0\n", "").replace(DRAFTS.splitlines(True)[0], "")
    assert renumbered(text, before) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 5; 6; 0\nTotalLayers; 5\n"
        '#@ draft {"merge": [[1, 0.5], [null, 0.25], [0, 0.25]]}\n'
    )


def test_a_draft_that_was_changed_means_what_it_says():
    before = 'WeightBlock; 0; 4; 0; -1\nTotalLayers; 4\n#@ draft {"weights": [8, 9]}\n'
    text = "WeightBlock; 0; 1; 9; -1\n" + before.replace("[8, 9]", '[8, 9], "input": 0')
    after = renumbered(text, before)
    assert after is not None
    assert after.endswith('#@ draft {"weights": [8, 9], "input": 0}\n')


def test_what_feeds_a_block_past_muted_ones_follows_them():
    before = (
        'WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0  #@ {"links": [2]}\nTotalLayers; 6\n'
        '#@ draft {"weights": [8, 9], "input": 0, "muted": true}\n'
    )
    after = renumbered("WeightBlock; 0; 1; 9; -1\n" + before, before)
    assert after == (
        "WeightBlock; 0; 1; 9; -1\nWeightBlock; 1; 5; 0; -1\n"
        'WeightBlock; 5; 7; 4; 1  #@ {"links": [3]}\nTotalLayers; 7\n'
        '#@ draft {"weights": [8, 9], "input": 1, "muted": true}\n'
    )
    assert codes(after) == {"unused"}


def test_a_draft_that_cannot_be_read_is_left_and_still_counts():
    text = (
        "WeightBlock; 0; 2; 5; 1\nWeightBlock; 2; 6; 0; -1\nTotalLayers; 6\n"
        '#@ draft {"weights": \n#@ draft {"weights": [8, 9], "input": 0}\n'
    )
    after = renumbered(text)
    assert after is not None
    assert after.endswith('#@ draft {"weights": \n#@ draft {"weights": [8, 9], "input": 1}\n')


def test_a_line_that_was_changed_means_what_it_says():
    before = "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nTotalLayers; 6\n"
    text = "WeightBlock; 0; 1; 9; -1\nWeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 5; 0\n"
    assert renumbered(text, before) == (
        "WeightBlock; 0; 1; 9; -1\nWeightBlock; 1; 5; 0; -1\nWeightBlock; 5; 7; 5; 0\n"
        "TotalLayers; 7\n"
    )


def test_the_numbers_of_a_line_taken_out_are_closed_up():
    before = (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; -1\nWeightBlock; 6; 8; 6; 0\n"
        "MergeBlock; 0; 0.5; 2; 0.5\nTotalLayers; 8\n"
    )
    text = before.replace("WeightBlock; 4; 6; 4; -1\n", "")
    assert renumbered(text, before) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 6; 0\n"
        "MergeBlock; 0; 0.5; 1; 0.5\nTotalLayers; 6\n"
    )


def test_what_was_fed_by_a_line_taken_out_is_fed_by_what_fed_that():
    before = (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 4; 0\nWeightBlock; 6; 8; 6; 1\n"
        "WeightBlock; 8; 9; 8; 2\nTotalLayers; 9\n"
    )
    text = before.replace("WeightBlock; 4; 6; 4; 0\n", "").replace("WeightBlock; 6; 8; 6; 1\n", "")
    assert renumbered(text, before) == (
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 5; 8; 0\nTotalLayers; 5\n"
    )
