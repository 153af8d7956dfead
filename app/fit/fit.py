"""Fit: the plan of least loss that keeps within a memory budget."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.engine.errors import JobCancelled
from app.fit.errors import CannotFit
from app.fit.leaving_out import removable, without
from app.fit.measuring import Run
from app.fit.room import Room
from app.fit.scores import FitProgress, Scores
from app.fit.search import LayerSet, about_how_many, by_influence, by_score
from app.memory.amounts import format_bytes
from app.memory.context_settings import ContextSettings
from app.memory.kv_types import KvType, why_not_kv_type
from app.model_files.model_file import ModelFile
from app.plan.recipe import Recipe

Method = Literal["quick", "thorough"]
_N_ON_THE_WAY = 3
"""Plans between the whole and the one found that the quick method measures, for the chart."""


@dataclass(frozen=True, slots=True)
class FitTask:
    """What is to fit, and what may be given up for it. `recipe` is the plan as it is."""

    models: Sequence[ModelFile]
    recipe: Recipe
    budget_bytes: int
    text: str
    method: Method = "quick"
    settings: ContextSettings = ContextSettings()
    kv_type: KvType | None = None
    """A KV cache type that may be taken instead of that of the settings."""
    least_n_ctx: int | None = None
    """As short may the context become."""


@dataclass(frozen=True, slots=True)
class FitPoint:
    """A plan that was measured: the weight layers it leaves out, ascending, the memory it needs in
    all at the settings chosen, and its perplexity on the text."""

    left_out: tuple[int, ...]
    memory_bytes: int
    perplexity: float


@dataclass(frozen=True, slots=True)
class FitResult:
    """The plan found, the settings it fits with, and all plans that were measured on the whole
    text, by memory, descending."""

    recipe: Recipe
    settings: ContextSettings
    found: FitPoint
    points: tuple[FitPoint, ...]
    n_tried: int
    tried_per_minute: float
    was_stopped: bool
    """It is the best of what was tried until the user stopped the search."""


async def fit(
    task: FitTask,
    run: Run,
    estimate: Run,
    tell: Callable[[FitProgress], None] = lambda progress: None,
) -> FitResult:
    """The plan that loses least among those that keep within the budget.

    `run` is an engine that loads the model, `estimate` one that holds no weights. When the engine's
    job is cancelled once a plan that fits was measured, the best one so far is the result.

    Raises CannotFit, FileChanged, and what the engines raise.
    """
    tell(FitProgress("Estimating memory", 0.0))
    if task.kv_type is not None:
        reason = why_not_kv_type(task.models, task.kv_type, task.settings.flash_attention)
        if reason is not None:
            raise CannotFit(reason)
    room = Room(
        task.models, task.recipe, task.budget_bytes, estimate, task.kv_type, task.least_n_ctx
    )
    settings = await room.traded(task.settings, frozenset())
    missing_bytes = await room.needed_bytes(settings, frozenset()) - task.budget_bytes
    scores = Scores(task.models, task.recipe, task.text, settings, run, tell)
    found, was_stopped = frozenset[int](), False
    if missing_bytes > 0:
        found, was_stopped = await _leave_out(task, room, settings, missing_bytes, scores)
    else:
        await scores.on_all(found)
    settings = await room.traded(task.settings, found)
    points = {
        left_out: FitPoint(
            tuple(sorted(left_out)), await room.needed_bytes(settings, left_out), math.exp(nll)
        )
        for left_out, nll in scores.measured.items()
    }
    return FitResult(
        without(task.recipe, found),
        settings,
        points[found],
        tuple(sorted(points.values(), key=lambda point: -point.memory_bytes)),
        scores.n_tried,
        scores.tried_per_minute,
        was_stopped,
    )


async def _leave_out(
    task: FitTask, room: Room, settings: ContextSettings, missing_bytes: int, scores: Scores
) -> tuple[LayerSet, bool]:
    """The layers to leave out, and whether the user stopped the search for better ones."""
    layers = removable(task.recipe)
    await _require_possible(room, settings, layers)
    whole_bytes = missing_bytes + room.budget_bytes
    gains = {
        layer: whole_bytes - await room.needed_bytes(settings, frozenset({layer}))
        for layer in layers
    }
    influence = await scores.influence()
    of_layers = {layer: influence[layer] for layer in layers}

    async def quick(missing_bytes: int) -> LayerSet:
        return by_influence(of_layers, gains, missing_bytes)

    async def thorough(missing_bytes: int) -> LayerSet:
        return await by_score(layers, gains, missing_bytes, scores.on_sample, scores.on_all, guess)

    guess = await _enough(room, settings, missing_bytes, quick)
    is_thorough = task.method == "thorough"
    scores.expect(2 + (about_how_many(len(layers), len(guess)) if is_thorough else _N_ON_THE_WAY))
    await scores.on_all(frozenset())
    await scores.on_all(guess)
    try:
        if is_thorough:
            return await _enough(room, settings, missing_bytes, thorough), False
        mildest = sorted(guess, key=lambda layer: influence[layer])
        for n in range(1, _N_ON_THE_WAY + 1):  # for the chart
            await scores.on_all(frozenset(mildest[: n * len(guess) // (_N_ON_THE_WAY + 1)]))
    except JobCancelled:
        fitting = [s for s in scores.measured if await room.fits(settings, s)]
        return min(fitting, key=lambda s: scores.measured[s]), True
    return guess, False


async def _enough(
    room: Room,
    settings: ContextSettings,
    missing_bytes: int,
    choose: Callable[[int], Awaitable[LayerSet]],
) -> LayerSet:
    """Layers chosen so that the rest really fits: together they can free a little less than each
    by itself."""
    while True:
        chosen = await choose(missing_bytes)
        short_bytes = await room.needed_bytes(settings, chosen) - room.budget_bytes
        if short_bytes <= 0:
            return chosen
        missing_bytes += short_bytes


async def _require_possible(room: Room, settings: ContextSettings, layers: Sequence[int]) -> None:
    least_bytes = await room.needed_bytes(settings, frozenset(layers))
    if least_bytes <= room.budget_bytes:
        return
    layers_left = [layer for layer in room.recipe.weight_layers if layer not in layers]
    trades = []
    if room.kv_type is None and settings.kv_type in ("f32", "f16"):
        trades.append("a KV cache in q8_0")
    if room.least_n_ctx is None:
        trades.append("a shorter context")
    allow = f" Allow {' or '.join(trades)}, or give it" if trades else " Give it"
    raise CannotFit(
        f"{format_bytes(room.budget_bytes)} are too little: even with only weight layers "
        f"{', '.join(map(str, layers_left))}, and {settings.n_ctx} tokens of context in "
        f"{settings.kv_type}, the plan needs {format_bytes(least_bytes)}.{allow} more memory."
    )
