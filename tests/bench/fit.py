"""Fit against chance: four layers left out, judged by a text that was not used to choose them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from app.engine.client import EngineClient, OnEvent
from app.engine.measuring.results import Perplexity
from app.engine.messages import EstimateMemory, EvaluatePerplexity, Request, Result
from app.fit.fit import FitResult, FitTask, Method, fit
from app.fit.leaving_out import without
from app.fit.texts import calibration_text
from app.memory.context_settings import ContextSettings
from app.memory.estimate import layer_bytes
from app.memory.figures import MemoryEstimate
from app.model_files.sources import read_sources
from app.plan.lowering import lower
from app.plan.recipe import Recipe
from app.plan.templates import TEMPLATES
from tests.bench.recipes import N_LAYERS
from tests.bench.row import Row

HELD_OUT = Path(__file__).with_name("held_out.txt")
N_LEFT_OUT = 4
N_RANDOM = 20
WHOLE = Recipe.whole(N_LAYERS)
SETTINGS = ContextSettings(n_ctx=4096)
"""All of the held-out text, some 2,300 tokens, is predicted in one piece."""


def rows(model: Path) -> Iterator[Row]:
    """All rows of this part. The thorough method takes minutes."""
    drawn = random.Random(0)
    with _Engines(model) as engines:
        chance = [
            engines.held_out(without(WHOLE, drawn.sample(range(N_LAYERS), N_LEFT_OUT)))
            for _ in range(N_RANDOM)
        ]
        evenly = engines.held_out(_evenly_spread())
        quick = engines.held_out(engines.fitted("quick").recipe)
        result = engines.fitted("thorough")
        thorough = engines.held_out(result.recipe)
    unit, goal = "of its perplexity", "< 1"
    yield Row("fit-quick-evenly", quick / evenly, unit, goal, f"evenly spread: {evenly:.1f}")
    middle = median(chance)
    yield Row("fit-quick-random", quick / middle, unit, goal, f"median of 20 random: {middle:.1f}")
    pace = f"{result.n_tried} tried, {result.tried_per_minute:.1f} a minute"
    peer = f"best of 20 random: {min(chance):.1f}; {pace}"
    yield Row("fit-thorough", thorough / min(chance), unit, goal, peer)


def _evenly_spread() -> Recipe:
    template = next(t for t in TEMPLATES if t.id == "leave-layers-out")
    values = {number.name: number.default(N_LAYERS) for number in template.numbers}
    return lower(template.make(N_LAYERS, {**values, "skipped": N_LEFT_OUT})).recipe


class _Engines:
    """One that loads the model and one that estimates."""

    def __init__(self, model: Path) -> None:
        self._models = read_sources([model])
        self._engine = EngineClient()
        self._estimator = EngineClient()

    def __enter__(self) -> _Engines:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()
        self._estimator.close()

    def held_out(self, recipe: Recipe) -> float:
        """Perplexity on the text that nothing was chosen by."""
        text = HELD_OUT.read_text(encoding="utf-8")
        request = EvaluatePerplexity(self._paths, recipe, text, SETTINGS)
        result = self._engine.submit(request).result()
        assert isinstance(result, Perplexity)
        assert result.n_tokens >= 2000
        return result.perplexity

    def fitted(self, method: Method) -> FitResult:
        """What Fit finds where four layers are half a layer too many."""
        whole = self._estimator.submit(EstimateMemory(self._paths, WHOLE, SETTINGS)).result()
        assert isinstance(whole, MemoryEstimate)
        one_layer = max(layer_bytes(self._models, SETTINGS))
        budget_bytes = whole.total_bytes - int((N_LEFT_OUT - 0.5) * one_layer)
        task = FitTask(self._models, WHOLE, budget_bytes, calibration_text(), method, SETTINGS)
        result = asyncio.run(fit(task, self._run, self._estimate))
        assert len(result.found.left_out) == N_LEFT_OUT
        return result

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(str(model.path) for model in self._models)

    async def _run(self, request: Request, on_event: OnEvent | None = None) -> Result:
        return await asyncio.wrap_future(self._engine.submit(request, on_event or _ignore))

    async def _estimate(self, request: Request, on_event: OnEvent | None = None) -> Result:
        return await asyncio.wrap_future(self._estimator.submit(request, on_event or _ignore))


def _ignore(_event: object) -> None:
    pass
