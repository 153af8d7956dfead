"""Lowering numbers the blocks in a stable order; a recipe knows what runs and what it borrows."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.kinds import n_layers_of
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.ordering import file_order, order
from app.plan.problem import PlanError, errors
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight, inputs_of, scale_text
from tests.plan.edited_plans import plans, scales
from tests.plan.test_edits import fork


@given(plans)
def test_a_lowered_plan_obeys_the_files_rules(plan: Plan) -> None:
    if errors(check_plan(plan)):
        with pytest.raises(PlanError) as error:
            lower(plan)
        assert {p.code for p in error.value.problems} <= {p.code for p in check_plan(plan)}
        return
    lowered = lower(plan)
    recipe = lowered.recipe
    assert lowered.block_ids[-1] == without_muted(plan).output
    assert lowered.block_ids == order(without_muted(plan))[: len(lowered.block_ids)]
    next_start = 0
    for number, (id_, block) in enumerate(zip(lowered.block_ids, recipe.blocks, strict=True)):
        assert all(-1 <= i < number for i in inputs_of(block))
        if isinstance(block, RecipeWeight):
            assert block.start == next_start < block.end
            assert block.end - block.start == n_layers_of(plan.blocks[id_])
            next_start = block.end
        else:
            assert n_layers_of(plan.blocks[id_]) == 0
    assert recipe.n_plan_layers == next_start
    unused = {p.block for p in check_plan(plan) if p.code == "unused"} - {None}
    assert recipe.live == set(range(len(recipe.blocks))) - unused


def test_blocks_keep_their_order_of_insertion_where_links_allow_it() -> None:
    plan = Plan()
    for id_, source in (("c", None), ("a", TOKENS), ("d", "a"), ("b", TOKENS)):
        plan = edits.add_block(plan, WeightBlock(id_, 0, 1, source))
    plan = edits.connect(plan, "b", "c", 0)
    plan = edits.connect_output(plan, "d")
    assert file_order(plan) == ("a", "b", "c", "d")
    assert order(edits.disconnect(plan, "c", 0)) == ("a", "b", "d", "c")
    assert file_order(edits.connect_output(plan, None)) == ()


def test_what_comes_after_the_output_is_left_out() -> None:
    plan = edits.connect_output(fork(), "b1")
    assert lower(plan).block_ids == ("b0", "b2", "b1")
    assert order(plan) == ("b0", "b2", "b1", "b3")


def test_a_recipe_knows_what_it_borrows() -> None:
    plan = edits.add_block(fork(), WeightBlock("b4", 90, 3, TOKENS))
    recipe = lower(plan).recipe
    assert recipe.blocks == (
        RecipeWeight(0, 22, 0, -1),
        RecipeWeight(22, 30, 22, 0),
        RecipeWeight(30, 34, 26, 0),
        RecipeWeight(34, 37, 90, -1),
        RecipeMerge(((1, 0.8), (2, 0.2))),
    )
    assert recipe.n_plan_layers == 37
    assert recipe.live == {0, 1, 2, 4}
    assert recipe.weight_layers == tuple(range(30))


def test_a_recipe_crosses_the_pipe_and_stands_in_sets() -> None:
    recipe = lower(fork()).recipe
    assert len(recipe.hash) == 12
    copy = pickle.loads(pickle.dumps(recipe))
    assert copy == recipe
    assert {copy} == {recipe}
    assert copy.hash == recipe.hash


def test_a_recipe_with_another_scale() -> None:
    recipe = lower(fork()).recipe
    changed = recipe.with_scale(3, 1, 0.5)
    assert changed.blocks[3] == RecipeMerge(((1, 0.8), (2, 0.5)))
    assert changed.hash != recipe.hash
    assert changed.with_scale(3, 1, 0.2) == recipe
    for block, at in ((0, 0), (3, 2), (4, 0), (-1, 0), (3, -1)):
        with pytest.raises(ValueError, match=f"Block {block} has no scale {at}"):
            recipe.with_scale(block, at, 1.0)


def test_the_whole_model() -> None:
    assert Recipe.whole(30) == lower(edits.whole_model(30)).recipe
    assert Recipe.whole(30).text == "WeightBlock; 0; 30; 0; -1\nTotalLayers; 30\n"


def test_a_merge_may_take_the_tokens_and_one_block_twice() -> None:
    merge = MergeBlock("m", (MergeInput(TOKENS, 0.1), MergeInput("b0", 1), MergeInput("b0", 2)))
    plan = edits.connect_output(edits.add_block(edits.whole_model(2), merge), "m")
    assert lower(plan).recipe.blocks[1] == RecipeMerge(((-1, 0.1), (0, 1.0), (0, 2.0)))


@given(scales)
def test_scales_are_written_exactly(scale: float) -> None:
    text = scale_text(scale)
    assert float(text) == scale
    assert "," not in text
    assert "e" not in text or not 1e-6 < abs(scale) < 1e15


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (0.5, "0.5"),
        (1.0, "1"),
        (-2.0, "-2"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-07, "0.0000001"),
        (1000000000000000.0, "1000000000000000"),
        (1e-300, "1e-300"),
        (1e300, "1e+300"),
    ],
)
def test_scales_are_written_short(scale: float, text: str) -> None:
    assert scale_text(scale) == text


@given(st.integers(1, 60), st.integers(1, 60))
def test_equal_recipes_have_equal_hashes(a: int, b: int) -> None:
    assert (Recipe.whole(a).hash == Recipe.whole(b).hash) == (a == b)
