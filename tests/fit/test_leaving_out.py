"""Weight layers taken out of any recipe."""

from __future__ import annotations

import pytest

from app.fit.leaving_out import removable, without
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight

WHOLE = Recipe.whole(6)
BRANCHED = Recipe(
    (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeWeight(4, 5, 2, 0),
        RecipeMerge(((1, 0.25), (2, 0.75))),
        RecipeWeight(5, 7, 4, 3),
    )
)


def test_a_block_is_cut_into_what_remains() -> None:
    left = without(WHOLE, {1, 3, 4})
    assert left.text == (
        "WeightBlock; 0; 1; 0; -1\nWeightBlock; 1; 2; 2; 0\n"
        "WeightBlock; 2; 3; 5; 1\nTotalLayers; 3\n"
    )


def test_a_block_that_loses_all_is_passed_by_wherever_it_fed() -> None:
    left = without(BRANCHED, {2})
    assert left == Recipe(
        (
            RecipeWeight(0, 2, 0, -1),
            RecipeWeight(2, 3, 3, 0),
            RecipeMerge(((1, 0.25), (0, 0.75))),
            RecipeWeight(3, 5, 4, 2),
        )
    )


def test_where_the_last_block_goes_the_output_is_what_fed_it() -> None:
    assert without(BRANCHED, {4, 5}) == Recipe(BRANCHED.blocks[:4])


def test_a_layer_goes_wherever_it_is_borrowed() -> None:
    twice = Recipe((RecipeWeight(0, 4, 0, -1), RecipeWeight(4, 8, 0, 0)))
    assert without(twice, {2}).weight_layers == (0, 1, 3)
    assert without(twice, {2}).n_plan_layers == 6


def test_nothing_left_out_changes_nothing_but_drops_what_is_unused() -> None:
    assert without(BRANCHED, ()) == BRANCHED
    unused = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 3, 5, 0), RecipeWeight(3, 4, 2, 0)))
    assert without(unused, ()) == Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 3, 2, 0)))


def test_a_plan_that_nothing_feeds_is_refused() -> None:
    with pytest.raises(ValueError, match="no weight block would be left"):
        without(WHOLE, range(6))


def test_the_first_two_layers_and_the_last_one_are_protected_where_they_run() -> None:
    assert removable(WHOLE) == (2, 3, 4)
    reordered = Recipe((RecipeWeight(0, 3, 3, -1), RecipeWeight(3, 6, 0, 0)))
    assert removable(reordered) == (0, 1, 5)
    assert removable(Recipe.whole(2)) == ()
