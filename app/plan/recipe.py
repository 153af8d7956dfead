"""What runs: a plan lowered to numbered blocks in file order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class RecipeWeight:
    """Plan layers `[start, end)` on weight layers from `weight_start`, fed by block `input` or -1."""

    start: int
    end: int
    weight_start: int
    input: int


@dataclass(frozen=True, slots=True)
class RecipeMerge:
    """The sum of `scale * out(block)` over `(block, scale)` pairs."""

    inputs: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Recipe:
    """The blocks of a valid plan, numbered as in the file; the last one is the output."""

    blocks: tuple[RecipeWeight | RecipeMerge, ...]

    # properties to come: n_plan_layers, live (block numbers the output depends on),
    # weight_layers (sorted, of live blocks), text (strict), hash (first 12 hex digits of
    # sha256 over text); whole(n_layers) class method
