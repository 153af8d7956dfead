"""Recipes come back from their text as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.plan.files import load
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from app.plan.recipe_text import recipe_in

SAMPLES = sorted((Path(__file__).parents[2] / "plans").glob("*.txt"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_samples_recipe_comes_back(path: Path) -> None:
    plan = load(path).plan
    assert plan is not None
    recipe = lower(plan).recipe
    assert recipe_in(recipe.text) == recipe


def test_unused_blocks_and_many_inputs_come_back() -> None:
    recipe = Recipe(
        (
            RecipeWeight(0, 2, 0, -1),
            RecipeWeight(2, 3, 7, 0),
            RecipeWeight(3, 5, 2, 0),
            RecipeMerge(((0, 0.1), (2, -1e-7), (0, 1 / 3))),
        )
    )
    assert recipe_in(recipe.text) == recipe


@pytest.mark.parametrize("text", ["", "Hello", "WeightBlock; 0; 2; 0; 5\nTotalLayers; 2\n"])
def test_what_is_no_recipe_is_refused_in_words(text: str) -> None:
    with pytest.raises(PlanError, match=r"\w+ .*\."):
        recipe_in(text)
