"""Plans on every architecture that the native library says it supports, on tiny random models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.engine.native import Base, NativeError, View, is_supported
from app.model_files.errors import ModelFileError
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.composed import write_baked
from tests.engine.logits import N_THREADS, logits_in_batches
from tests.engine.unpatched import Batch, Unpatched
from tests.model_files.tiny import TinyModel, write_tiny
from tests.model_files.tiny_architectures import ARCHITECTURES, LLAMA, Architecture

N_LAYERS = 6
TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]
BATCHES: tuple[Batch, ...] = ((TOKENS[:-1], 3), (TOKENS[-1:], 1))
ROOT = Path(__file__).parents[2]
WITH_IMAGES = {
    **ARCHITECTURES["granite_swa"].metadata,
    "deepstack_mapping": [-1, 0, -1, 0, -1, -1],
}
ONLY_SEQUENCES = ("bloom",)


@pytest.fixture(scope="module")
def unpatched(unpatched_lib: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpatched]:
    process = Unpatched(unpatched_lib, tmp_path_factory.mktemp("unpatched"), N_THREADS)
    yield process
    process.close()


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(tmp_path: Path, architecture: str) -> Path:
    return write_tiny(tmp_path / "m.gguf", TinyModel(n_layers=N_LAYERS, architecture=architecture))


@pytest.fixture
def base(model: Path) -> Iterator[Base]:
    base = Base(str(model))
    yield base
    base.close()


def logits_of(base: Base, *blocks: RecipeBlock, batches: Sequence[Batch] = BATCHES) -> np.ndarray:
    """float32 np (n_logits, n_vocab), those of all the batches."""
    return logits_in_batches(View([base], Recipe(blocks)), batches)


def sequence(layers: Sequence[int]) -> tuple[RecipeWeight, ...]:
    return tuple(RecipeWeight(i, i + 1, layer, i - 1) for i, layer in enumerate(layers))


def layers_of_kind(architecture: str, sliding: bool) -> tuple[int, ...]:
    """Those with a sliding window, or those without; empty where the architecture has no such."""
    pattern = ARCHITECTURES[architecture].metadata.get("attention.sliding_window_pattern", [])
    assert isinstance(pattern, list)
    return tuple(layer for layer, kind in enumerate(pattern) if kind == sliding)


def test_sequences_are_the_file_with_the_same_layers(
    model: Path, base: Base, unpatched: Unpatched, tmp_path: Path, architecture: str
) -> None:
    plain = unpatched.logits(model, BATCHES)
    assert np.array_equal(logits_of(base, RecipeWeight(0, 6, 0, -1)), plain)
    assert np.array_equal(logits_of(base, *sequence(range(6))), plain)
    sequences = ARCHITECTURES[architecture].sequences
    if layers := layers_of_kind(architecture, sliding=True):
        sequences = (*sequences, layers)
    for layers in sequences:
        baked = write_baked(model, layers, tmp_path / "baked.gguf")
        expected = unpatched.logits(baked, BATCHES)
        assert not np.array_equal(expected, plain)
        assert np.array_equal(logits_of(base, *sequence(layers)), expected)
        part = Base(str(model), sorted(set(layers)))
        assert np.array_equal(logits_of(part, *sequence(layers)), expected)
        part.close()


@pytest.mark.parametrize(
    "architecture",
    [name for name in ARCHITECTURES if layers_of_kind(name, sliding=False)],
    indirect=True,
)
def test_a_plan_may_do_without_the_layers_with_a_sliding_window(
    base: Base, architecture: str
) -> None:
    """An ordinary file may not, so it is compared to itself beside a branch with such a layer."""
    blocks = sequence(layers_of_kind(architecture, sliding=False))
    n = len(blocks)
    sliding = RecipeWeight(n, n + 1, layers_of_kind(architecture, sliding=True)[0], n - 1)
    both = logits_of(base, *blocks, sliding, RecipeMerge(((n - 1, 1.0), (n, 0.0))))
    assert np.array_equal(logits_of(base, *blocks), both)


def test_merges_that_change_nothing(model: Path, base: Base, unpatched: Unpatched) -> None:
    plain = unpatched.logits(model, BATCHES)
    start = RecipeWeight(0, 3, 0, -1)
    twins = (start, RecipeWeight(3, 5, 3, 0), RecipeWeight(5, 7, 3, 0))
    halves = logits_of(base, *twins, RecipeMerge(((1, 0.5), (2, 0.5))), RecipeWeight(7, 8, 5, 3))
    assert np.array_equal(halves, plain)
    uneven = logits_of(base, *twins, RecipeMerge(((1, 0.25), (2, 0.75))), RecipeWeight(7, 8, 5, 3))
    assert np.allclose(uneven, plain, rtol=1e-3, atol=1e-3)


def test_the_last_layer_may_lie_off_the_outputs_path(base: Base) -> None:
    early, late = RecipeWeight(0, 3, 0, -1), RecipeWeight(3, 6, 3, 0)
    merged = logits_of(base, early, late, RecipeMerge(((0, 1.0), (1, 0.0))))
    assert np.array_equal(merged, logits_of(base, early))


def test_a_merge_of_an_early_and_the_last_output(base: Base) -> None:
    """Of the early one all rows are known, of the last one those that the head needs."""
    blocks = (
        RecipeWeight(0, 3, 0, -1),
        RecipeWeight(3, 6, 3, 0),
        RecipeMerge(((0, 0.75), (1, 0.25))),
    )
    some = logits_of(base, *blocks, batches=[(TOKENS, 3)])
    all_rows = logits_of(base, *blocks, batches=[(TOKENS, len(TOKENS))])
    assert np.allclose(some, all_rows[-3:], rtol=1e-4, atol=1e-4)


def test_the_token_input_feeds_a_later_block_where_that_is_supported(
    model: Path, base: Base, unpatched: Unpatched, architecture: str
) -> None:
    towers = (
        RecipeWeight(0, 6, 0, -1),
        RecipeWeight(6, 12, 0, -1),
        RecipeMerge(((0, 0.5), (1, 0.5))),
    )
    if ARCHITECTURES[architecture].gguf_name in ONLY_SEQUENCES:
        with pytest.raises(NativeError, match="only the first block"):
            View([base], Recipe(towers))
        return
    plain = unpatched.logits(model, BATCHES)
    assert np.array_equal(logits_of(base, *towers), plain)
    second_counts = (RecipeWeight(0, 2, 3, -1), RecipeWeight(2, 8, 0, -1))
    assert np.array_equal(logits_of(base, *second_counts, RecipeMerge(((0, 0.0), (1, 1.0)))), plain)


@pytest.mark.parametrize(
    ("architecture", "n_layers"), (("gemma2", 46), ("baichuan", 32), ("exaone4", 64))
)
def test_what_follows_from_the_files_number_of_layers_stays(
    tmp_path: Path, unpatched: Unpatched, architecture: str, n_layers: int
) -> None:
    """llama.cpp takes the attention's scale or window from it; a plan has another number."""
    tiny = TinyModel(n_layers=n_layers, architecture=architecture)
    model = write_tiny(tmp_path / "m.gguf", tiny)
    plain = unpatched.logits(model, BATCHES)
    base = Base(str(model))
    towers = (RecipeWeight(0, n_layers, 0, -1), RecipeWeight(n_layers, 2 * n_layers, 0, -1))
    both = logits_of(base, *towers, RecipeMerge(((0, 0.5), (1, 0.5))))
    assert np.array_equal(both, plain)
    half = RecipeWeight(0, n_layers // 2, 0, -1)
    from_whole = logits_of(base, half)
    base.close()
    part = Base(str(model), range(n_layers // 2))
    assert np.array_equal(logits_of(part, half), from_whole)
    part.close()
    with pytest.raises(ModelFileError, match="by their number of layers"):
        write_baked(model, range(n_layers // 2), tmp_path / "shorter.gguf")


def test_every_architecture_of_llama_cpp_is_judged_and_every_supported_one_tested() -> None:
    upstream = (ROOT / "build" / "upstream" / "src" / "llama-arch.cpp").read_text()
    names = set(re.findall(r'\{ LLM_ARCH_\w+, +"([\w.-]+)" ', upstream))
    assert "llama" in names
    table = (ROOT / "native" / "llama-blocks-arch.cpp").read_text()
    assert sorted(re.findall(r'"([\w.-]+)",', table)) == sorted(names)
    tested = {architecture.gguf_name for architecture in ARCHITECTURES.values()}
    assert {name for name in names if is_supported(name)} == tested


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        (Architecture("llada", lambda layer: LLAMA), "'llada': it generates by diffusion"),
        (
            replace(ARCHITECTURES["glm4"], metadata={"nextn_predict_layers": 1}),
            "multi-token-prediction layers",
        ),
        (
            replace(ARCHITECTURES["granite_swa"], metadata=WITH_IMAGES),
            "images enter at several layers",
        ),
        (
            replace(ARCHITECTURES["deci"], n_ff=(64, 96, 0, 160, 128, 96)),
            "layers that have no feed-forward part",
        ),
    ],
    ids=lambda value: getattr(value, "gguf_name", ""),
)
def test_others_are_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: Architecture, reason: str
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "refused", architecture)
    path = write_tiny(tmp_path / "m.gguf", TinyModel(n_layers=6, architecture="refused"))
    with pytest.raises(NativeError, match=reason):
        Base(str(path), [0, 1])


def test_a_refused_architecture_still_loads_whole(tmp_path: Path) -> None:
    base = Base(str(write_tiny(tmp_path / "m.gguf", TinyModel(architecture="llada"))))
    with pytest.raises(NativeError, match="'llada': it generates by diffusion"):
        View([base], Recipe.whole(4))
    base.close()
