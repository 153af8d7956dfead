"""Lists of layers, in and out: both ends included, and what is none told from what is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model_files.exchange.exported import write_paths
from app.model_files.exchange.kinds import import_plan
from app.model_files.exchange.path_list import path_text, read_path_list
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.reader import read_plan
from app.plan.recipe import RecipeWeight


def recipe_lines(text: str) -> list[str]:
    plan = read_path_list(text).plan
    assert plan is not None
    return lower(plan).recipe.text.splitlines()


def test_both_ends_are_included_and_neighbours_make_one_block() -> None:
    assert recipe_lines("0..14,12,13,14,15..39") == [
        "WeightBlock; 0; 15; 0; -1",
        "WeightBlock; 15; 43; 12; 0",
        "TotalLayers; 43",
    ]


@pytest.mark.parametrize(
    "text",
    ["0..2, 5", "[0, 1, 2, 5]", "0-2 5", "0 .. 2;5", "# head\n0\n1\n2 # so far\n5\n", "0..2,5,"],
)
def test_it_may_be_written_in_several_ways(text: str) -> None:
    assert import_plan(text.encode(), (), lambda names: ()).kind == "paths"
    assert recipe_lines(text) == recipe_lines("0,1,2,5")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("0..3,\n7..5", 2, "“7..5” runs backwards"),
        ("0..99999999999", 1, "neither a layer nor a range"),
        ("0..999999", 1, "No model has the layers"),
        ("0..3..5", 1, "neither a layer nor a range"),
        ("1.5", 1, "neither a layer nor a range"),
        ("[0..14, 12..x]", 1, "“12..x” is neither a layer nor a range"),
        ("0,,-3", 1, "neither a layer nor a range"),
        ("0..600", None, "601 layers, but the backend runs 512"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(text: str, line: int | None, words: str) -> None:
    read = import_plan(text.encode(), (), lambda names: ()).read
    assert read.plan is None
    assert words in read.problems[0].message
    assert read.problems[0].line == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5,3," * 32_000, "longer than a plan"),
        ("3.1," * 32_000, "neither a layer"),
        ("5,3," * 2_000_000, "not a plan"),
        (" " * 8_000_000, "is empty"),
        ("\n" * 8_000_000, "is empty"),
        ("0" + " " * 120_000 + "9..1", "runs backwards"),
    ],
    ids=["long", "wrong", "huge", "spaces", "lines", "spaced"],
)
def test_what_is_very_long_is_not_looked_at_as_often_as_it_is_long(text: str, words: str) -> None:
    read = import_plan(text.encode(), (), lambda names: ()).read
    assert read.plan is None
    assert words in read.problems[0].message
    assert len(read.problems) <= 100


@pytest.mark.parametrize("text", ["", "a: [1,", "models", "\0\1\2", "14,12..x"])
def test_what_is_of_no_kind_is_told_which_there_are(text: str) -> None:
    read = import_plan(text.encode(), (), lambda names: ()).read
    assert read.plan is None
    (problem,) = read.problems
    assert "mergekit's YAML" in problem.fix
    assert "0..14,12..39" in problem.fix


def test_layers_that_the_sources_lack_are_told_with_their_line() -> None:
    read = read_path_list("0..3\n9..11", ("a.gguf",), 10)
    assert read.plan is None
    assert [p.line for p in read.problems] == [2]
    assert "0 to 9" in read.problems[0].message


@given(st.lists(st.integers(0, 99), min_size=1, max_size=60))
def test_what_is_written_is_read_back(layers: list[int]) -> None:
    plan = read_path_list(path_text(layers)).plan
    assert plan is not None
    blocks = lower(plan).recipe.blocks
    ran = [
        block.weight_start + n
        for block in blocks
        if isinstance(block, RecipeWeight)
        for n in range(block.end - block.start)
    ]
    assert ran == layers
    assert write_paths(plan) == path_text(layers)


def test_a_plan_that_merges_is_refused_naming_the_block() -> None:
    text = (
        "WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 4; 2; 0\nWeightBlock; 4; 6; 4; 0\n"
        'MergeBlock; 1; 0.5; 2; 0.5 #@ {"title": "Blend"}\nTotalLayers; 6\n'
    )
    plan = read_plan(text).plan
    assert plan is not None
    with pytest.raises(PlanError, match=r"Block 3 \(“Blend”\) merges outputs") as caught:
        write_paths(plan)
    assert caught.value.problems[0].block_id == "b3"


def test_what_reaches_nothing_is_not_in_the_list() -> None:
    plan = read_plan("WeightBlock; 0; 2; 0; -1\nWeightBlock; 2; 4; 5; -1\nTotalLayers; 4\n").plan
    assert plan is not None
    assert write_paths(plan) == "5..6\n"
