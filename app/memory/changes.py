"""What would make a plan need less memory, and how much less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.memory.amounts import format_bytes
from app.memory.context_settings import ContextSettings
from app.memory.estimate import block_memory, estimate_exact
from app.memory.kv_types import KvType, kv_cache_bytes, why_not_kv_type
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe, RecipeWeight

_LEAST_N_CTX = 512
_MOST_LEFT_OUT = 0.5
_SMALLER: KvType = "q8_0"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, alone, in exact sums over weights and KV cache."""

    kind: Literal["kv_type", "context", "layers"]
    value: KvType | int
    """The cache's type, the context's length in tokens, or how many layers to leave out."""
    gain_bytes: int
    suffices: bool
    """Whether the plan then fits."""

    @property
    def words(self) -> str:
        """What to do, and what it gains."""
        if self.kind == "kv_type":
            what = f"use a {self.value} KV cache"
        elif self.kind == "context":
            what = f"shorten the context to {self.value:,} tokens"
        else:
            what = f"leave out {self.value} layer{'' if self.value == 1 else 's'}"
        return f"{what} ({format_bytes(self.gain_bytes)} less)"


def changes_that_help(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
    missing_bytes: int,
) -> tuple[Change, ...]:
    """What may be changed where `missing_bytes` are missing, the one that helps most first.

    That is the one that costs least of those that suffice alone: q8_0 costs next to no quality, a
    shorter context none but its length. Where none suffices, the one that gains most.
    """
    kv_bytes = estimate_exact(models, recipe, settings).kv_bytes
    options = [
        _smaller_type(models, recipe, settings, missing_bytes, kv_bytes),
        _shorter_context(models, recipe, settings, missing_bytes, kv_bytes),
        _fewer_layers(models, recipe, settings, missing_bytes),
    ]
    changes = [change for change in options if change is not None and change.gain_bytes > 0]
    return tuple(
        sorted(changes, key=lambda c: (not c.suffices, 0 if c.suffices else -c.gain_bytes))
    )


def _smaller_type(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
    missing_bytes: int,
    kv_bytes: int,
) -> Change | None:
    if kv_cache_bytes(64, settings.kv_type) <= kv_cache_bytes(64, _SMALLER):
        return None
    smaller = replace(settings, kv_type=_SMALLER)
    if why_not_kv_type(models, _SMALLER, settings.flash_attention) is not None:
        return None
    gain = kv_bytes - estimate_exact(models, recipe, smaller).kv_bytes
    return Change("kv_type", _SMALLER, gain, gain >= missing_bytes)


def _shorter_context(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
    missing_bytes: int,
    kv_bytes: int,
) -> Change | None:
    """The longest power of two that suffices, or the shortest that makes sense."""
    shorter = 1 << max(0, settings.n_ctx - 1).bit_length() - 1
    best: Change | None = None
    while shorter >= _LEAST_N_CTX:
        gain = kv_bytes - estimate_exact(models, recipe, replace(settings, n_ctx=shorter)).kv_bytes
        best = Change("context", shorter, gain, gain >= missing_bytes)
        if best.suffices:
            break
        shorter //= 2
    return best


def _fewer_layers(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
    missing_bytes: int,
) -> Change | None:
    """As many as are needed, each of what those that the plan runs give back on average: their KV
    cache, and their weights where no other block borrows them."""
    n_layers = 0
    for number in recipe.live:
        block = recipe.blocks[number]
        n_layers += block.end - block.start if isinstance(block, RecipeWeight) else 0
    blocks = block_memory(models, recipe, settings)
    each_bytes = sum(b.own_weights_bytes + b.kv_bytes for b in blocks) // max(1, n_layers)
    if not each_bytes or n_layers < 2:
        return None
    most = max(1, int(n_layers * _MOST_LEFT_OUT))
    n_out = min(most, -(-missing_bytes // each_bytes))
    gain = n_out * each_bytes
    return Change("layers", n_out, gain, gain >= missing_bytes)
