"""What a plan needs beside a budget, and what may be traded for room: KV cache type, context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.engine.messages import EstimateMemory
from app.fit.leaving_out import without
from app.fit.measuring import Run, paths_of
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.memory.kv_types import KV_TYPES, KvType
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe

_N_CTX_STEP = 256


@dataclass
class Room:
    """A budget, and what of the context settings may be given up to keep within it.

    What the engine process itself takes is asked once: it varies by more than a small layer.
    """

    models: Sequence[ModelFile]
    recipe: Recipe
    budget_bytes: int
    estimate: Run
    """An engine that holds no weights itself."""
    kv_type: KvType | None = None
    """May be taken where it is smaller than that of the settings."""
    least_n_ctx: int | None = None
    """As short may the context become."""
    _process_bytes: int | None = None

    async def needed_bytes(self, settings: ContextSettings, left_out: frozenset[int]) -> int:
        """What the recipe takes in memory without these layers, in all."""
        recipe = without(self.recipe, left_out)
        estimate = await self.estimate(EstimateMemory(paths_of(self.models), recipe, settings))
        assert isinstance(estimate, MemoryEstimate)
        if self._process_bytes is None:
            self._process_bytes = estimate.process_bytes
        return estimate.total_bytes - estimate.process_bytes + self._process_bytes

    async def fits(self, settings: ContextSettings, left_out: frozenset[int]) -> bool:
        """Whether that keeps within the budget."""
        return await self.needed_bytes(settings, left_out) <= self.budget_bytes

    async def traded(self, settings: ContextSettings, left_out: frozenset[int]) -> ContextSettings:
        """The settings that give up the least of what may be given up and fit, else the smallest:
        first the KV cache type, which costs next to nothing, then as little context as needed."""
        kinds = [settings.kv_type, self.kv_type or settings.kv_type]
        smaller = replace(settings, kv_type=max(kinds, key=KV_TYPES.index))
        for candidate in (settings, smaller):
            if await self.fits(candidate, left_out):
                return candidate
        if self.least_n_ctx is None or self.least_n_ctx >= settings.n_ctx:
            return smaller
        most = await self._most_n_ctx(smaller, left_out, self.least_n_ctx)
        as_before = replace(settings, n_ctx=most)
        return as_before if await self.fits(as_before, left_out) else replace(smaller, n_ctx=most)

    async def _most_n_ctx(
        self, settings: ContextSettings, left_out: frozenset[int], least: int
    ) -> int:
        """The longest context that fits in llama.cpp's steps; `least` where none does."""
        low, high = 0, (settings.n_ctx - least) // _N_CTX_STEP
        while low < high:
            middle = (low + high + 1) // 2
            longer = replace(settings, n_ctx=least + middle * _N_CTX_STEP)
            if await self.fits(longer, left_out):
                low = middle
            else:
                high = middle - 1
        return least + low * _N_CTX_STEP
