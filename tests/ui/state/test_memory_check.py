"""What plans that come beside others take: shared weights once, a context for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.messages import Open
from app.memory.context_settings import ContextSettings
from app.memory.estimate import estimate_exact, weight_layer_bytes
from app.memory.figures import MemoryEstimate
from app.memory.machine import machine_memory
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_source
from app.plan.recipe import Recipe
from app.ui.state.memory_check import needed_bytes
from app.ui.state.memory_figures import MemoryFigures
from tests.model_files.tiny import TinyModel, write_tiny

COMPUTE, PROCESS = 30 << 20, 60 << 20
FIGURES = MemoryFigures(MemoryEstimate(1, 2, COMPUTE, PROCESS), machine_memory(), 0, True)
SMALL = ContextSettings(n_ctx=256)
WHOLE, SHORT = Recipe.whole(4), Recipe.whole(1)


@pytest.fixture
def files(tmp_path: Path) -> tuple[ModelFile, ...]:
    return (read_source(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4))),)


def plan(recipe: Recipe) -> Open:
    return Open(("tiny.gguf",), recipe, SMALL)


def kv_bytes(files: tuple[ModelFile, ...], recipe: Recipe) -> int:
    return estimate_exact(files, recipe, SMALL).kv_bytes


def test_the_first_plan_of_all_takes_the_engine_process_too(files: tuple[ModelFile, ...]) -> None:
    parts = estimate_exact(files, WHOLE, SMALL)
    assert needed_bytes(FIGURES, files, (), (plan(WHOLE),)) == parts.total_bytes + COMPUTE + PROCESS


def test_another_plan_over_the_same_layers_takes_a_context_alone(
    files: tuple[ModelFile, ...],
) -> None:
    assert needed_bytes(FIGURES, files, (WHOLE,), (plan(WHOLE),)) == COMPUTE + kv_bytes(
        files, WHOLE
    )


def test_layers_that_nobody_holds_come_once(files: tuple[ModelFile, ...]) -> None:
    new_layers_bytes = sum(weight_layer_bytes(files)[1:4])
    contexts_bytes = 2 * (COMPUTE + kv_bytes(files, WHOLE))
    coming = (plan(WHOLE), plan(WHOLE))
    assert needed_bytes(FIGURES, files, (SHORT,), coming) == contexts_bytes + new_layers_bytes
    alone = needed_bytes(FIGURES, files, (), (plan(SHORT),))
    assert needed_bytes(FIGURES, files, (), (plan(SHORT), *coming)) == (
        alone + contexts_bytes + new_layers_bytes
    )
