"""The whole of Fit over a stand-in for the engine: memory and losses are tables."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.engine.client import OnEvent
from app.engine.errors import JobCancelled
from app.engine.measuring.results import Influence, Perplexity
from app.engine.messages import (
    EstimateMemory,
    EvaluatePerplexity,
    MeasureInfluence,
    Progress,
    Request,
    Result,
)
from app.fit import kept_influence
from app.fit.errors import CannotFit, FileChanged, TextError
from app.fit.fit import FitResult, FitTask, fit
from app.fit.scores import FitProgress
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.model_files.model_file import ModelFile
from app.model_files.sources import read_sources
from app.plan.recipe import Recipe
from tests.model_files.tiny import TinyModel, write_tiny

N_LAYERS = 8
LAYER_BYTES = 1000
OTHER_BYTES = 500
CELL_BYTES = {"f16": 2, "q8_0": 1}
INFLUENCE = (1.0, 0.9, 0.2, 0.3, 0.1, 0.4, 0.5, 0.8)
DAMAGE = (9.0, 9.0, 0.5, 0.1, 0.4, 0.2, 0.3, 9.0)
"""Layers 4 and 2 turn least, but 3 and 5 are missed least."""
SHAPE = TinyModel(n_layers=N_LAYERS, n_embd=128)
"""Heads of 32 items, as a quantised KV cache needs."""
SETTINGS = ContextSettings(n_ctx=1024)
LINES = "A line of a text.\n" * 1000


@dataclass
class Tables:
    """Answers as an engine would: layers and cells of the context take bytes, layers that are
    left out add to the loss. `before` is called with each request first."""

    before: Callable[[Request], None] = lambda request: None
    asked: list[Request] = field(default_factory=list)
    n_tokens: int = 4000

    async def __call__(self, request: Request, on_event: OnEvent | None = None) -> Result:
        self.before(request)
        self.asked.append(request)
        if isinstance(request, EstimateMemory):
            n = request.recipe.n_plan_layers
            cells = request.settings.n_ctx * CELL_BYTES[request.settings.kv_type]
            return MemoryEstimate(n * LAYER_BYTES, n * cells // 4, 0, OTHER_BYTES)
        if isinstance(request, MeasureInfluence):
            return Influence(INFLUENCE, 100, 10.0)
        assert isinstance(request, EvaluatePerplexity)
        if on_event is not None:
            on_event(Progress("Evaluating text", 1.0, 10.0, 0.0))
        left_out = set(range(N_LAYERS)) - set(request.recipe.weight_layers)
        nll = 1.0 + sum(DAMAGE[layer] for layer in left_out)
        return Perplexity(nll, math.exp(nll), self.n_tokens, 10.0)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModelFile, ...]:
    monkeypatch.setattr(kept_influence, "cache_folder", lambda: tmp_path / "cache")
    return read_sources([write_tiny(tmp_path / "tiny.gguf", SHAPE)])


def needed(n_layers: int, settings: ContextSettings = SETTINGS) -> int:
    cells = settings.n_ctx * CELL_BYTES[settings.kv_type]
    return n_layers * LAYER_BYTES + n_layers * cells // 4 + OTHER_BYTES


def fitted(
    models: tuple[ModelFile, ...], budget_bytes: int, tables: Tables | None = None, **task: object
) -> FitResult:
    asked = FitTask(models, Recipe.whole(N_LAYERS), budget_bytes, LINES, settings=SETTINGS)
    for name, value in task.items():
        object.__setattr__(asked, name, value)
    tables = tables or Tables()
    return asyncio.run(fit(asked, tables, tables))


def test_what_fits_is_left_whole(models: tuple[ModelFile, ...]) -> None:
    result = fitted(models, needed(8))
    assert result.recipe == Recipe.whole(8)
    assert result.settings == SETTINGS
    assert [point.left_out for point in result.points] == [()]
    assert result.found.memory_bytes == needed(8)


def test_quick_leaves_out_what_turns_least(models: tuple[ModelFile, ...]) -> None:
    result = fitted(models, needed(6))
    assert result.found.left_out == (2, 4)
    assert result.recipe.weight_layers == (0, 1, 3, 5, 6, 7)
    assert result.found.memory_bytes == needed(6)
    assert result.found.perplexity == pytest.approx(math.exp(1.9))
    assert fitted(models, needed(6) - 1).found.left_out == (2, 3, 4)
    assert [point.left_out for point in result.points] == [(), (4,), (2, 4)]


def test_thorough_leaves_out_what_is_missed_least(models: tuple[ModelFile, ...]) -> None:
    result = fitted(models, needed(6), method="thorough")
    assert result.found.left_out == (3, 5)
    assert result.found.perplexity == pytest.approx(math.exp(1.3))
    memory = [point.memory_bytes for point in result.points]
    assert memory == sorted(memory, reverse=True)
    assert {(), (3,), (3, 5), (2, 4)} <= {point.left_out for point in result.points}
    assert result.n_tried > len(result.points)


@pytest.mark.parametrize("text", [LINES, "one line of words " * 1000])
def test_a_plan_is_measured_once(models: tuple[ModelFile, ...], text: str) -> None:
    tables = Tables()
    result = fitted(models, needed(5), tables, method="thorough", text=text)
    asked = [(r.recipe, r.text) for r in tables.asked if isinstance(r, EvaluatePerplexity)]
    assert len(set(asked)) == len(asked) == result.n_tried


def test_influence_is_measured_once_for_a_file(models: tuple[ModelFile, ...]) -> None:
    tables = Tables()
    for budget_bytes in (needed(6), needed(5)):
        fitted(models, budget_bytes, tables)
    assert sum(isinstance(request, MeasureInfluence) for request in tables.asked) == 1


def test_the_cache_type_is_traded_before_layers_and_only_where_it_may(
    models: tuple[ModelFile, ...],
) -> None:
    smaller = ContextSettings(n_ctx=1024, kv_type="q8_0")
    result = fitted(models, needed(8) - 1, kv_type="q8_0")
    assert (result.found.left_out, result.settings) == ((), smaller)
    assert fitted(models, needed(8), kv_type="q8_0").settings == SETTINGS
    assert fitted(models, needed(8) - 1).found.left_out == (4,)
    larger = fitted(models, needed(8, smaller) - 1, settings=smaller, kv_type="f16")
    assert (larger.found.left_out, larger.settings) == ((4,), smaller)


def test_no_more_context_is_traded_than_needed(models: tuple[ModelFile, ...]) -> None:
    shorter = ContextSettings(n_ctx=768)
    result = fitted(models, needed(8, shorter), least_n_ctx=256)
    assert (result.found.left_out, result.settings) == ((), shorter)
    result = fitted(models, needed(8, shorter) - 1, least_n_ctx=256)
    assert (result.found.left_out, result.settings.n_ctx) == ((), 512)


def test_what_was_traded_is_given_back_where_it_fits_without_the_layers(
    models: tuple[ModelFile, ...],
) -> None:
    shortest = ContextSettings(n_ctx=256, kv_type="q8_0")
    budget_bytes = needed(8, shortest) - 1
    result = fitted(models, budget_bytes, least_n_ctx=256, kv_type="q8_0")
    assert result.found.left_out == (4,)
    assert result.settings.n_ctx > 256
    assert result.found.memory_bytes <= budget_bytes


def test_a_budget_that_nothing_fits_is_refused_with_what_would(
    models: tuple[ModelFile, ...],
) -> None:
    with pytest.raises(CannotFit, match=r"weight layers 0, 1, 7, and 1024 tokens") as refused:
        fitted(models, needed(3) - 1)
    assert "Allow a KV cache in q8_0 or a shorter context" in str(refused.value)
    assert fitted(models, needed(3)).found.left_out == (2, 3, 4, 5, 6)
    with pytest.raises(CannotFit, match=r"256 tokens of context in q8_0.* Give it more memory"):
        fitted(models, 10, kv_type="q8_0", least_n_ctx=256)


def test_nothing_is_measured_for_a_budget_or_a_cache_type_that_cannot_be(
    models: tuple[ModelFile, ...],
) -> None:
    tables = Tables()
    with pytest.raises(CannotFit):
        fitted(models, 10, tables)
    without_flash = ContextSettings(n_ctx=1024, flash_attention=False)
    with pytest.raises(CannotFit, match="needs flash attention"):
        fitted(models, needed(6), tables, settings=without_flash, kv_type="q8_0")
    assert {type(request) for request in tables.asked} == {EstimateMemory}


def test_a_text_too_short_to_choose_by_is_refused(models: tuple[ModelFile, ...]) -> None:
    with pytest.raises(TextError, match="100 of its tokens"):
        fitted(models, needed(6), Tables(n_tokens=100))


@pytest.mark.parametrize("moment", [EvaluatePerplexity, MeasureInfluence])
def test_a_model_file_that_changes_meanwhile_is_noticed(
    models: tuple[ModelFile, ...], moment: type[Request]
) -> None:
    def write_over(request: Request) -> None:
        if isinstance(request, moment):
            write_tiny(models[0].path, replace(SHAPE, n_embd=256))

    with pytest.raises(FileChanged, match=r"“tiny\.gguf” was changed while"):
        fitted(models, needed(6), Tables(write_over))
    kept = list((models[0].path.parent / "cache").glob("*"))
    assert len(kept) == (moment is EvaluatePerplexity)  # only what was measured before


def test_stopping_keeps_the_best_so_far(models: tuple[ModelFile, ...]) -> None:
    n_asked = 0

    def stop_late(request: Request) -> None:
        nonlocal n_asked
        n_asked += isinstance(request, EvaluatePerplexity)
        if n_asked > 4:
            n_asked = 0
            raise JobCancelled

    result = fitted(models, needed(6), Tables(stop_late), method="thorough")
    assert result.was_stopped
    assert result.found.left_out == (2, 4)
    assert not fitted(models, needed(6)).was_stopped


def test_stopping_before_anything_fits_is_a_stop(models: tuple[ModelFile, ...]) -> None:
    def stop(request: Request) -> None:
        if isinstance(request, EvaluatePerplexity) and request.recipe != Recipe.whole(N_LAYERS):
            raise JobCancelled

    with pytest.raises(JobCancelled):
        fitted(models, needed(6), Tables(stop))


def test_progress_goes_up_to_the_end(models: tuple[ModelFile, ...]) -> None:
    told: list[FitProgress] = []
    task = FitTask(models, Recipe.whole(8), needed(6), LINES, "thorough", SETTINGS)
    tables = Tables()
    asyncio.run(fit(task, tables, tables, told.append))
    tried = [event.n_tried for event in told]
    assert tried == sorted(tried)
    assert all(0 <= event.fraction <= 1 for event in told)
    assert told[-1].tokens_per_s == 10.0
    assert told[-1].seconds_left is not None
