"""What further open plans take beside one: shared weight layers are in memory once."""

from __future__ import annotations

from collections.abc import Sequence

from app.memory.estimate import weight_layer_bytes
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe


def beside_bytes(
    models: Sequence[ModelFile], recipe: Recipe, others: Sequence[tuple[Recipe, int]]
) -> tuple[int, ...]:
    """What each of the other plans on these sources adds to the recipe's own and to those before
    it: its context, of that many bytes, and the layers that none of them borrows.

    Raises IndexError for a weight layer that no source holds.
    """
    layer_bytes = weight_layer_bytes(models)
    layers, sizes = set(recipe.weight_layers), []
    for other, context_bytes in others:
        new = set(other.weight_layers) - layers
        sizes.append(context_bytes + sum(layer_bytes[n] for n in new))
        layers |= new
    return tuple(sizes)


def n_that_fit(added_bytes: Sequence[int], spare_bytes: int) -> int:
    """How many of the others, from the first one on, the spare memory holds."""
    for n, n_bytes in enumerate(added_bytes):
        spare_bytes -= n_bytes
        if spare_bytes < 0:
            return n
    return len(added_bytes)
