"""Leaving weight layers out of a recipe, and which of them may be left out at all."""

from __future__ import annotations

from collections.abc import Collection

from app.plan.layer_ranges import runs
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight

N_PROTECTED_FIRST = 2
N_PROTECTED_LAST = 1


def without(recipe: Recipe, layers: Collection[int]) -> Recipe:
    """The recipe without these weight layers, wherever it borrows them.

    A block that loses some is cut into what remains, one piece after the other; one that loses all
    is passed by. Blocks that the output does not depend on are dropped.

    Raises ValueError when nothing is left between the token input and the output, or a merge is
    fed by nothing but the token input.
    """
    blocks: list[RecipeBlock] = []
    now: dict[int, int] = {-1: -1}  # the number of what gives a block's output in its place
    start = 0
    for number in sorted(recipe.live):
        block = recipe.blocks[number]
        if isinstance(block, RecipeMerge):
            blocks.append(
                RecipeMerge(tuple((now[source], scale) for source, scale in block.inputs))
            )
            now[number] = len(blocks) - 1
            continue
        source = now[block.input]
        block_layers = range(block.weight_start, block.weight_start + block.end - block.start)
        for run in runs(layer for layer in block_layers if layer not in layers):
            blocks.append(RecipeWeight(start, start + len(run), run.start, source))
            source = len(blocks) - 1
            start += len(run)
        now[number] = source
    output = now[max(recipe.live)]
    left = Recipe(tuple(blocks[: output + 1]))
    if not any(isinstance(left.blocks[n], RecipeWeight) and _is_first(left, n) for n in left.live):
        raise ValueError("no weight block would be left that is linked to the token input")
    return left


def removable(recipe: Recipe) -> tuple[int, ...]:
    """The weight layers that may be left out, ascending: those that the recipe runs neither as its
    first two layers nor as its last one, without which hardly any model says anything."""
    in_order = [
        layer
        for number in sorted(recipe.live)
        if isinstance(block := recipe.blocks[number], RecipeWeight)
        for layer in range(block.weight_start, block.weight_start + block.end - block.start)
    ]
    protected = {*in_order[:N_PROTECTED_FIRST], *in_order[-N_PROTECTED_LAST:]}
    return tuple(layer for layer in recipe.weight_layers if layer not in protected)


def _is_first(recipe: Recipe, number: int) -> bool:
    block = recipe.blocks[number]
    return isinstance(block, RecipeWeight) and block.input == -1
