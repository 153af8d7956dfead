"""Composed files run as what they were composed of, here and in the unpatched library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from app.engine.bundled import bundled_fine_tune
from app.engine.native import Base, View, is_supported
from app.engine.weights import Weights
from app.model_files.architectures import KNOWN_ARCHITECTURES
from app.model_files.reader import read_model_file
from app.model_files.writing.compose import SourceLayer, all_layers, compose, layer_pack
from app.model_files.writing.layer_values import COMPOSABLE
from app.model_files.writing.planned import FileRange
from app.model_files.writing.stored import stored_bytes, stored_model
from app.model_files.writing.write import write
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.logits import N_THREADS, logits_in_batches
from tests.engine.unpatched import Batch, Unpatched
from tests.model_files.tiny import TinyModel, write_tiny
from tests.model_files.tiny_architectures import ARCHITECTURES

N_LAYERS = 6
TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]
BATCHES: tuple[Batch, ...] = ((TOKENS[:-1], 3), (TOKENS[-1:], 1))


@pytest.fixture(scope="module")
def unpatched(unpatched_lib: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpatched]:
    process = Unpatched(unpatched_lib, tmp_path_factory.mktemp("unpatched"), N_THREADS)
    yield process
    process.close()


@pytest.fixture
def weights() -> Iterator[Weights]:
    weights = Weights()
    yield weights
    weights.close()


def composed(paths: Sequence[Path], layers: Sequence[tuple[int, int]], out: Path) -> Path:
    sources = [stored_model(path) for path in paths]
    return write(compose(sources, [SourceLayer(*at) for at in layers]), out)[0]


def logits(weights: Weights, paths: Sequence[Path], *blocks: RecipeBlock) -> np.ndarray:
    """float32 np (n_logits, n_vocab), those of all the batches."""
    recipe = Recipe(blocks)
    held = weights.get([str(path) for path in paths], recipe, lambda _: True)
    return logits_in_batches(View(held.bases, recipe, held.weight_layers), BATCHES)


def chain(weight_layers: Sequence[int]) -> tuple[RecipeWeight, ...]:
    return tuple(RecipeWeight(i, i + 1, layer, i - 1) for i, layer in enumerate(weight_layers))


def test_what_can_be_composed_is_what_plans_run_on() -> None:
    assert {name for name in KNOWN_ARCHITECTURES if is_supported(name)} == COMPOSABLE


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture(
    weights: Weights, unpatched: Unpatched, tmp_path: Path, architecture: str
) -> None:
    """All layers of one file, and those of another that stand in for its last four."""
    tiny = TinyModel(n_layers=N_LAYERS, architecture=architecture)
    paths = [
        write_tiny(tmp_path / f"{seed}.gguf", replace(tiny, seed=seed, name=f"Tiny {seed}"))
        for seed in (1, 2)
    ]
    _share_rope(paths)
    layers = [*((0, n) for n in range(N_LAYERS)), *((1, n) for n in range(2, N_LAYERS))]
    out = composed(paths, layers, tmp_path / "composed.gguf")

    numbers = [*range(N_LAYERS), *range(N_LAYERS + 2, 2 * N_LAYERS)]
    expected = logits(weights, paths, *chain(numbers))
    assert np.array_equal(unpatched.logits(out, BATCHES), expected)
    assert np.array_equal(logits(weights, [out], *chain(range(len(layers)))), expected)

    def branches(second: int) -> tuple[RecipeBlock, ...]:
        start, first = RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 6, 2, 0)
        merge = RecipeMerge(((1, 0.25), (2, 0.75)))
        return start, first, RecipeWeight(6, 10, second, 0), merge

    separate = logits(weights, paths, *branches(N_LAYERS + 2))
    assert np.array_equal(logits(weights, [out], *branches(N_LAYERS)), separate)

    model, (first, second) = read_model_file(out), map(read_model_file, paths)
    for field in ("n_head", "n_head_kv", "n_embd_head_k", "n_embd_head_v", "is_sliding"):
        assert getattr(model, field) == getattr(first, field) + getattr(second, field)[2:]
    assert model.provenance is not None
    assert list(model.provenance.layers) == layers
    assert [file.name for file in model.provenance.files] == ["Tiny 1", "Tiny 2"]


def _share_rope(paths: Sequence[Path]) -> None:
    """Puts the first file's rope tensors into the others, as fine-tunes of one base have them."""
    ours = stored_model(paths[0]).rope_tensors
    for path in paths[1:]:
        with path.open("r+b") as file:
            for mine, theirs in zip(ours, stored_model(path).rope_tensors, strict=True):
                assert isinstance(theirs.content, FileRange)
                file.seek(theirs.content.begin)
                file.write(stored_bytes(mine))


def test_layers_in_any_order_and_several_times(
    weights: Weights, unpatched: Unpatched, tmp_path: Path
) -> None:
    """What differs by layer goes along: here heads and feed-forward sizes."""
    tiny = TinyModel(n_layers=N_LAYERS, architecture="openelm")
    paths = [write_tiny(tmp_path / f"{s}.gguf", replace(tiny, seed=s)) for s in (1, 2)]
    layers = [(1, 3), (0, 5), (0, 5), (1, 0), (0, 1)]
    out = composed(paths, layers, tmp_path / "composed.gguf")
    expected = logits(weights, paths, *chain([n + N_LAYERS * source for source, n in layers]))
    assert np.array_equal(unpatched.logits(out, BATCHES), expected)
    assert np.array_equal(logits(weights, [out], *chain(range(5))), expected)


def test_a_window_by_period_is_written_out_where_the_layers_move(
    weights: Weights, unpatched: Unpatched, tmp_path: Path
) -> None:
    """The second file's layers 0 and 1 become 5 and 6, where the period says otherwise."""
    tiny = TinyModel(n_layers=N_LAYERS, architecture="gemma2")
    paths = []
    for seed in (1, 2):
        listed = stored_model(write_tiny(tmp_path / "listed.gguf", replace(tiny, seed=seed)))
        planned = compose([listed], all_layers([listed]))
        del planned.metadata["gemma2.attention.sliding_window_pattern"]  # type: ignore[attr-defined]
        paths += write(planned, tmp_path / f"{seed}.gguf")
    layers = [*((0, n) for n in range(5)), (1, 0), (1, 1)]
    out = composed(paths, layers, tmp_path / "composed.gguf")
    assert read_model_file(out).is_sliding == (True, False, True, False, True, True, False)
    expected = logits(weights, paths, *chain([0, 1, 2, 3, 4, 6, 7]))
    assert np.array_equal(unpatched.logits(out, BATCHES), expected)
    assert np.array_equal(logits(weights, [out], *chain(range(7))), expected)


def test_a_scale_by_the_number_of_layers_is_written_out_where_it_changes(
    weights: Weights, unpatched: Unpatched, tmp_path: Path
) -> None:
    """Files of minicpm that do not state it mean 1.4 by the root of their number of layers."""
    tiny = TinyModel(n_layers=N_LAYERS, architecture="minicpm")
    stating = [stored_model(write_tiny(tmp_path / "stating.gguf", tiny))]
    planned = compose(stating, all_layers(stating))
    del planned.metadata["minicpm.residual_scale"]  # type: ignore[attr-defined]
    paths = write(planned, tmp_path / "silent.gguf")
    out = composed(paths, [(0, 0), (0, 1), (0, 1), (0, 2)], tmp_path / "composed.gguf")
    expected = logits(weights, paths, *chain([0, 1, 1, 2]))
    assert np.array_equal(unpatched.logits(out, BATCHES), expected)


def test_parts_in_and_out(weights: Weights, unpatched: Unpatched, tmp_path: Path) -> None:
    paths = [write_tiny(tmp_path / f"{s}.gguf", TinyModel(seed=s)) for s in (1, 2)]
    whole = [stored_model(path) for path in paths]
    planned = compose(whole, all_layers(whole))
    parts = write(planned, tmp_path / "parts.gguf", max_part_bytes=planned.tensor_bytes // 4)
    assert len(parts) >= 4
    expected = unpatched.logits(parts[0], BATCHES)
    assert np.array_equal(logits(weights, paths, *chain(range(8))), expected)
    sources = [stored_model(parts[0])]
    (again,) = write(compose(sources, all_layers(sources)), tmp_path / "again.gguf")
    assert np.array_equal(unpatched.logits(again, BATCHES), expected)


def test_a_pack_beside_its_base_is_the_file_it_was_taken_from(
    weights: Weights, tmp_path: Path
) -> None:
    tiny = TinyModel(n_layers=4, architecture="llama with rope factors", seed=1)
    first = write_tiny(tmp_path / "first.gguf", tiny)
    tuned = write_tiny(
        tmp_path / "tuned.gguf", replace(tiny, seed=2, quantisation=GGMLQuantizationType.Q8_0)
    )
    _share_rope([first, tuned])
    (pack,) = write(layer_pack(stored_model(tuned), [3, 1]), tmp_path / "pack.gguf")
    expected = logits(weights, [first, tuned], *chain([0, 5, 7]))
    assert np.array_equal(logits(weights, [first, pack], *chain([0, 4, 5])), expected)
    out = composed([first, pack], [(0, 0), (1, 1), (1, 3)], tmp_path / "composed.gguf")
    assert np.array_equal(logits(weights, [out], *chain([0, 1, 2])), expected)


def test_the_bundled_model_and_the_pirate(
    weights: Weights, unpatched: Unpatched, model_path: Path, tmp_path: Path
) -> None:
    paths = [model_path, bundled_fine_tune()]
    sources = [stored_model(path) for path in paths]
    (out,) = write(compose(sources, all_layers(sources)), tmp_path / "composed.gguf")
    tower = (
        RecipeWeight(0, 22, 0, -1),
        RecipeWeight(22, 30, 22, 0),
        RecipeWeight(30, 38, 30, 0),
        RecipeMerge(((1, 0.25), (2, 0.75))),
    )
    assert np.array_equal(logits(weights, [out], *tower), logits(weights, paths, *tower))
    pirate = [*((0, n) for n in range(22)), *((1, n) for n in range(22, 30))]
    whole = composed(paths, pirate, tmp_path / "pirate.gguf")
    expected = unpatched.logits(whole, BATCHES)
    alone = (RecipeWeight(0, 22, 0, -1), RecipeWeight(22, 30, 30, 0))
    assert np.array_equal(logits(weights, paths, *alone), expected)
    base = Base(str(whole))
    assert np.array_equal(
        logits_in_batches(View([base], Recipe.whole(N_LAYERS * 5)), BATCHES), expected
    )
    base.close()
