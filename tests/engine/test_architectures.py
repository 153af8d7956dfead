"""Plans on every architecture that the native library says it supports, on tiny random models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.native import Base, NativeError, View
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.engine.baked import write_baked
from tests.engine.logits import N_THREADS, logits_of
from tests.engine.unpatched import unpatched_logits
from tests.model_files.tiny import TinyModel, write_tiny

TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]
LAYERS = (0, 2, 1, 2, 5)
FULL = ("llama", "qwen2", "qwen3")
SEQUENCE: tuple[str, ...] = ()


@pytest.fixture(params=FULL + SEQUENCE)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(tmp_path: Path, architecture: str) -> Path:
    return write_tiny(tmp_path / "m.gguf", TinyModel(n_layers=6, architecture=architecture))


def sequence() -> tuple[RecipeWeight, ...]:
    return tuple(RecipeWeight(i, i + 1, layer, i - 1) for i, layer in enumerate(LAYERS))


def test_sequences_are_the_file_with_the_same_layers(
    model: Path, unpatched_lib: Path, tmp_path: Path
) -> None:
    base = Base(str(model))
    for layers, recipe in ((range(6), Recipe.whole(6)), (LAYERS, Recipe(sequence()))):
        baked = write_baked(model, layers, tmp_path / f"{len(layers)}.gguf")
        expected = unpatched_logits(unpatched_lib, baked, TOKENS, tmp_path, N_THREADS)
        assert np.array_equal(logits_of(base, recipe, TOKENS), expected)
    base.close()


def test_merges_of_twins_change_nothing(model: Path) -> None:
    base = Base(str(model))
    plain = logits_of(base, Recipe.whole(6), TOKENS)
    twins = (
        RecipeWeight(0, 3, 0, -1),
        RecipeWeight(3, 5, 3, 0),
        RecipeWeight(5, 7, 3, 0),
        RecipeMerge(((1, 0.25), (2, 0.75))),
        RecipeWeight(7, 8, 5, 3),
    )
    assert np.allclose(logits_of(base, Recipe(twins), TOKENS), plain, rtol=1e-4, atol=1e-4)
    halves = (*twins[:3], RecipeMerge(((1, 0.5), (2, 0.5))), twins[4])
    assert np.array_equal(logits_of(base, Recipe(halves), TOKENS), plain)
    base.close()


def test_the_token_input_feeds_a_later_block_where_that_is_supported(
    model: Path, architecture: str
) -> None:
    base = Base(str(model))
    towers = Recipe(
        (
            RecipeWeight(0, 6, 0, -1),
            RecipeWeight(6, 12, 0, -1),
            RecipeMerge(((0, 0.5), (1, 0.5))),
        )
    )
    if architecture in SEQUENCE:
        with pytest.raises(NativeError, match="only the first block"):
            View([base], towers)
    else:
        plain = logits_of(base, Recipe.whole(6), TOKENS)
        assert np.array_equal(logits_of(base, towers, TOKENS), plain)
    base.close()


def test_another_architecture_is_refused_with_its_name(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "m.gguf", TinyModel(architecture="xverse"))
    base = Base(str(path))
    with pytest.raises(NativeError, match="not supported on the architecture 'xverse'"):
        View([base], Recipe.whole(4))
    with pytest.raises(NativeError, match="not supported on the architecture 'xverse'"):
        Base(str(path), [0, 1])
    base.close()
