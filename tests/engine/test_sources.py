"""Several model files as one plan: numbered on, each held once, and refused where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from app.engine.errors import EngineError
from app.engine.native import Base, NativeError, View
from app.engine.weights import Weights
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.composed import write_composed, write_pack
from tests.engine.logits import N_THREADS, logits_of_view
from tests.engine.unpatched import unpatched_logits
from tests.model_files.tiny import TinyModel, write_tiny

TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "first.gguf", TinyModel(n_layers=4, seed=1))


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Of another quantisation."""
    model = TinyModel(n_layers=4, seed=2, quantisation=GGMLQuantizationType.Q8_0)
    return write_tiny(tmp_path / "second.gguf", model)


@pytest.fixture
def weights() -> Iterator[Weights]:
    weights = Weights()
    yield weights
    weights.close()


def logits(weights: Weights, paths: list[Path], *blocks: RecipeBlock) -> np.ndarray:
    recipe = Recipe(blocks)
    held = weights.get([str(path) for path in paths], recipe, lambda _: True)
    return logits_of_view(View(held.bases, recipe, held.weight_layers), TOKENS)


MIXED = (
    RecipeWeight(0, 2, 0, -1),
    RecipeWeight(2, 3, 6, 0),
    RecipeWeight(3, 4, 1, 1),
    RecipeWeight(4, 5, 7, 2),
)


def test_layers_of_two_files_are_the_composed_file(
    weights: Weights, first: Path, second: Path, unpatched_lib: Path, tmp_path: Path
) -> None:
    layers = [(first, 0), (first, 1), (second, 2), (first, 1), (second, 3)]
    composed = write_composed(layers, tmp_path / "composed.gguf")
    expected = unpatched_logits(unpatched_lib, composed, TOKENS, tmp_path, N_THREADS)
    assert np.array_equal(logits(weights, [first, second], *MIXED), expected)


def test_a_composed_file_gives_the_same_under_the_same_numbers(
    weights: Weights, first: Path, second: Path, tmp_path: Path
) -> None:
    layers = [(path, n) for path in (first, second) for n in range(4)]
    composed = write_composed(layers, tmp_path / "composed.gguf")
    branches = (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeWeight(4, 6, 6, 0),
        RecipeMerge(((1, 0.25), (2, 0.75))),
    )
    separate = logits(weights, [first, second], *branches)
    assert np.array_equal(separate, logits(weights, [composed], *branches))


def test_a_layer_pack_is_numbered_on_from_its_first_layer(
    weights: Weights, first: Path, second: Path, tmp_path: Path
) -> None:
    pack = write_pack(second, (1, 3), tmp_path / "pack.gguf")
    with_pack = logits(weights, [first, pack], RecipeWeight(0, 3, 0, -1), RecipeWeight(3, 5, 4, 0))
    whole = logits(
        weights,
        [first, second],
        RecipeWeight(0, 3, 0, -1),
        RecipeWeight(3, 4, 5, 0),
        RecipeWeight(4, 5, 7, 1),
    )
    assert np.array_equal(with_pack, whole)
    with pytest.raises(EngineError, match="weight layer 6, but its models have only 6"):
        logits(weights, [first, pack], RecipeWeight(0, 1, 6, -1))
    with pytest.raises(EngineError, match="has only layers"):
        logits(weights, [pack, first], RecipeWeight(0, 1, 0, -1))


def test_the_feed_forward_size_may_differ(weights: Weights, first: Path, tmp_path: Path) -> None:
    wide = write_tiny(tmp_path / "wide.gguf", TinyModel(n_layers=4, n_ff=192))
    one = logits(weights, [wide, first], RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 2, 5, 0))
    two = logits(weights, [first, wide], RecipeWeight(0, 1, 4, -1), RecipeWeight(1, 2, 1, 0))
    assert np.isfinite(one).all()
    assert not np.array_equal(one, two)  # embeddings and head come from the first


def test_a_plan_may_borrow_layers_of_the_second_file_only(
    weights: Weights, first: Path, second: Path, tmp_path: Path
) -> None:
    layers = [(second, n) for n in range(4)]
    composed = write_composed([(first, 0), *layers], tmp_path / "composed.gguf")
    one = logits(weights, [first, second], RecipeWeight(0, 4, 4, -1))
    other = logits(weights, [composed], RecipeWeight(0, 4, 1, -1))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (TinyModel(n_embd=128), "n_embd is 128, not 64"),
        (TinyModel(n_head=2), "n_embd_head_k_full is 32, not 16"),
        (TinyModel(n_head_kv=4), "n_head_kv is 4, not 2"),
        (TinyModel(architecture="qwen3"), "architecture is 'qwen3', not 'llama'"),
    ],
)
def test_what_does_not_match_is_named_with_both_values(
    first: Path, tmp_path: Path, other: TinyModel, words: str
) -> None:
    bases = [
        Base(str(first)),
        Base(str(write_tiny(tmp_path / "other.gguf", other)), layers_only=True),
    ]
    with pytest.raises(NativeError, match=words):
        View(bases, Recipe.whole(4), [(0, 0), (0, 1), (1, 2), (1, 3)])
    for base in bases:
        base.close()


def test_only_missing_layers_are_loaded_and_unwanted_bases_given_up(
    weights: Weights, first: Path, second: Path
) -> None:
    paths = [str(first), str(second)]

    def held(*blocks: RecipeBlock) -> list[int]:
        """How many layers each base holds."""
        got = weights.get(paths, Recipe(blocks), lambda _: True)
        places = {at for at in got.weight_layers if at is not None}
        return [sum(base == n for base, _ in places) for n in range(len(got.bases))]

    assert held(RecipeWeight(0, 2, 0, -1)) == [2]
    assert held(RecipeWeight(0, 4, 0, -1)) == [2, 2]
    assert held(RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 3, 5, 0)) == [2, 1]
    assert held(RecipeWeight(0, 1, 1, -1)) == [2]


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_0"])
def test_layers_loaded_apart_give_the_same(weights: Weights, tmp_path: Path, kind: str) -> None:
    model = TinyModel(n_layers=4, quantisation=GGMLQuantizationType[kind])
    path = write_tiny(tmp_path / "m.gguf", model)
    logits(weights, [path], RecipeWeight(0, 1, 2, -1))
    apart = logits(weights, [path], RecipeWeight(0, 4, 0, -1))
    together = Weights()
    assert np.array_equal(apart, logits(together, [path], RecipeWeight(0, 4, 0, -1)))
    together.close()


@pytest.mark.parametrize(("kind", "n_loads"), [("F16", 2), ("Q4_0", 3)])
def test_unwanted_layers_are_not_kept_where_they_are_repacked(
    weights: Weights, tmp_path: Path, kind: str, n_loads: int
) -> None:
    """Mapped layers are left to the system instead, and the base stays."""
    quantisation = GGMLQuantizationType[kind]
    path = write_tiny(tmp_path / "m.gguf", TinyModel(n_layers=4, quantisation=quantisation))
    bases = []
    for block in (RecipeWeight(0, 2, 0, -1), RecipeWeight(0, 4, 0, -1), RecipeWeight(0, 1, 1, -1)):
        recipe = Recipe((block,))
        bases += weights.get([str(path)], recipe, lambda _: True).bases
        logits(weights, [path], block)
    assert len({id(base) for base in bases}) == n_loads
