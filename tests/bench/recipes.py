"""The plans that are measured, over a model of 30 layers."""

from __future__ import annotations

from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight

N_LAYERS = 30


def _repeated(n_plan_layers: int) -> Recipe:
    """Plan layers that go round on eight weight layers."""
    starts = range(0, n_plan_layers, 8)
    return Recipe(
        tuple(
            RecipeWeight(start, min(start + 8, n_plan_layers), 11, i - 1)
            for i, start in enumerate(starts)
        )
    )


RECIPES = {
    "whole": Recipe.whole(N_LAYERS),
    "one layer": Recipe.whole(1),
    "8 left out": Recipe((RecipeWeight(0, 11, 0, -1), RecipeWeight(11, 22, 19, 0))),
    "15 left out": Recipe((RecipeWeight(0, 5, 0, -1), RecipeWeight(5, 15, 20, 0))),
    "4 left out": Recipe((RecipeWeight(0, 11, 0, -1), RecipeWeight(11, 26, 15, 0))),
    "merged": Recipe(
        (
            RecipeWeight(0, 22, 0, -1),
            RecipeWeight(22, 30, 22, 0),
            RecipeWeight(30, 34, 26, 0),
            RecipeMerge(((1, 0.8), (2, 0.2))),
        )
    ),
    "branches": Recipe(
        (
            RecipeWeight(0, 14, 0, -1),
            RecipeWeight(14, 22, 14, 0),
            RecipeWeight(22, 30, 22, 0),
            RecipeMerge(((1, 0.6), (2, 0.4))),
        )
    ),
    "all layers twice": Recipe((RecipeWeight(0, 30, 0, -1), RecipeWeight(30, 60, 0, 0))),
    "64 plan layers": _repeated(64),
    "512 plan layers": _repeated(512),
}
