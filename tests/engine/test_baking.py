"""Baked plans: run by the unpatched library as they are, or measured against the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, quants

from app.engine.baking.averaging import average
from app.engine.baking.writing import baked
from app.engine.client import EngineClient
from app.engine.errors import EngineError
from app.engine.messages import Bake, Baked, ComparePlans, Progress
from app.engine.native import Aborted, View
from app.engine.session import Session
from app.engine.weights import Weights
from app.memory.context_settings import ContextSettings
from app.model_files import baking
from app.model_files.baking import Addend, Averaged
from app.model_files.errors import ModelFileError
from app.model_files.model_file import FilePart
from app.model_files.reader import read_model_file
from app.model_files.tensor_types import (
    TENSOR_TYPES,
    TYPE_NUMBERS,
    WRITABLE_TYPES,
    fitting_type,
    n_bytes_of,
)
from app.model_files.writing.planned import FileRange
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import WriteStopped
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.composed import write_pack
from tests.engine.logits import N_THREADS, logits_of_view
from tests.engine.unpatched import unpatched_logits
from tests.model_files.tiny import TinyModel, write_tiny

TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]
TEXT = "in the other one there is the note;\non the other hand, thin ether.\n" * 12
SMALL = ContextSettings(n_ctx=64, n_threads=N_THREADS)
Q8_0 = GGMLQuantizationType.Q8_0


def tiny(folder: Path, seed: int, **shape: object) -> str:
    name = "-".join([str(seed), *map(str, shape.values())])
    return str(write_tiny(folder / f"{name}.gguf", TinyModel(seed=seed, **shape)))  # type: ignore[arg-type]


def bake(
    paths: Sequence[str], out: Path, *blocks: RecipeBlock, type_name: str | None = None
) -> Baked:
    request = Bake(tuple(paths), Recipe(blocks), str(out), type_name)
    make = partial(average, n_threads=N_THREADS, should_stop=lambda: False)
    return baked(request, make, lambda progress: True)


def weights(start: int, end: int, weight_start: int, input: int) -> RecipeWeight:
    return RecipeWeight(start, end, weight_start, input)


def ending(first_scale: float, second_scale: float, weight_start: int) -> tuple[RecipeBlock, ...]:
    """Layers 0 and 1, then 2 and 3 merged with two others."""
    return (
        weights(0, 2, 0, -1),
        weights(2, 4, 2, 0),
        weights(4, 6, weight_start, 0),
        RecipeMerge(((1, first_scale), (2, second_scale))),
    )


def tensors(path: Path) -> dict[str, np.ndarray]:
    return {t.name: quants.dequantize(t.data, t.tensor_type) for t in GGUFReader(path).tensors}


def types(path: Path) -> dict[str, str]:
    return {t.name: t.tensor_type.name for t in GGUFReader(path).tensors}


@pytest.fixture
def live() -> Iterator[Callable[..., np.ndarray]]:
    held = Weights()

    def logits(paths: Sequence[str], *blocks: RecipeBlock) -> np.ndarray:
        recipe = Recipe(blocks)
        layers = held.get(paths, recipe, lambda part: True)
        return logits_of_view(View(layers.bases, recipe, layers.weight_layers), TOKENS)

    yield logits
    held.close()


def test_a_plan_without_merges_over_two_files_and_a_pack_is_baked_bit_for_bit(
    live: Callable[..., np.ndarray], unpatched_lib: Path, tmp_path: Path
) -> None:
    first = tiny(tmp_path, 1)
    second = tiny(tmp_path, 2, quantisation=Q8_0)
    third = Path(tiny(tmp_path, 3))
    pack = write_pack(third, (1, 3), tmp_path / "pack.gguf")
    paths = [first, second, str(pack)]
    blocks = (
        weights(0, 2, 0, -1),
        weights(2, 3, 6, 0),
        weights(3, 4, 9, 1),
        weights(4, 5, 1, 2),
    )
    out = tmp_path / "out.gguf"
    result = bake(paths, out, *blocks)
    assert result.is_exact
    assert (result.n_layers, result.n_averaged) == (5, 0)
    assert result.n_bytes == out.stat().st_size
    expected = unpatched_logits(unpatched_lib, out, TOKENS, tmp_path, N_THREADS)
    assert np.array_equal(live(paths, *blocks), expected)
    known = read_model_file(out).provenance
    assert known is not None
    assert [Path(file.file_name).stem for file in known.files] == ["1", "2-8", "3"]
    assert known.layers == ((0, 0), (0, 1), (1, 2), (2, 3), (0, 1))
    assert known.plan == Recipe(blocks).text


def test_layers_that_are_merged_are_averaged_in_float_and_all_else_is_copied(
    tmp_path: Path,
) -> None:
    paths = [tiny(tmp_path, 1), tiny(tmp_path, 2, quantisation=Q8_0)]
    out = tmp_path / "out.gguf"
    result = bake(paths, out, *ending(0.25, 0.75, 6), type_name="F32")
    assert not result.is_exact
    assert (result.n_layers, result.n_averaged) == (4, 2)
    first, second, made = (tensors(Path(path)) for path in (*paths, out))
    assert made.keys() == first.keys()
    for name, values in made.items():
        if name.startswith(("blk.2.", "blk.3.")):
            exact = np.float32(0.25) * first[name] + np.float32(0.75) * second[name]
            assert np.array_equal(values, exact), name
        else:
            assert np.array_equal(values, first[name])
            assert types(out)[name] == types(Path(paths[0]))[name]
    known = read_model_file(out).provenance
    assert known is not None
    assert [tuple(average) for average in known.averages] == [
        (2, 0, 2, 0.25),
        (2, 1, 2, 0.75),
        (3, 0, 3, 0.25),
        (3, 1, 3, 0.75),
    ]
    assert read_model_file(out).name.endswith("(averaged weights)")


def test_averages_have_the_finest_type_of_what_they_are_made_of_unless_one_is_named(
    tmp_path: Path,
) -> None:
    paths = [
        tiny(tmp_path, 1, quantisation=GGMLQuantizationType.Q4_1),
        tiny(tmp_path, 2, quantisation=Q8_0),
    ]
    out = tmp_path / "out.gguf"
    bake(paths, out, *ending(0.5, 0.5, 6))
    assert types(out)["blk.1.attn_q.weight"] == "Q4_1"
    assert types(out)["blk.2.attn_q.weight"] == "Q8_0"
    assert types(out)["blk.2.attn_norm.weight"] == "F32"
    first, second = (tensors(Path(path))["blk.2.ffn_up.weight"] for path in paths)
    [stored] = [t for t in GGUFReader(out).tensors if t.name == "blk.2.ffn_up.weight"]
    half = np.float32(0.5)
    assert np.array_equal(stored.data, quants.quantize(half * first + half * second, Q8_0))
    bake(paths, out, *ending(0.5, 0.5, 6), type_name="Q4_K")
    assert types(out)["blk.2.attn_q.weight"] == "Q5_0"  # rows of 64 items hold no block of 256
    assert types(out)["blk.2.attn_norm.weight"] == "F32"


def test_the_size_is_known_beforehand(tmp_path: Path) -> None:
    paths = [tiny(tmp_path, 1), tiny(tmp_path, 2)]
    out, blocks = tmp_path / "out.gguf", ending(0.5, 0.5, 6)
    bake(paths, out, *blocks, type_name="Q8_0")
    stored = [stored_model(Path(path)) for path in paths]
    known = baking.bake(stored, Recipe(blocks), "Q8_0").n_bytes
    n_tensors = len(GGUFReader(out).tensors)
    assert 0 <= out.stat().st_size - known < 100 * n_tensors  # the table, and padding


def test_branches_that_are_alike_are_copied(tmp_path: Path) -> None:
    path = tiny(tmp_path, 1, quantisation=Q8_0)
    out = tmp_path / "out.gguf"
    result = bake([path], out, *ending(0.3, 0.7, 2), type_name="Q4_0")
    assert (result.is_exact, result.n_averaged) == (False, 0)
    stored = {t.name: t.data for t in GGUFReader(path).tensors}
    assert all(np.array_equal(t.data, stored[t.name]) for t in GGUFReader(out).tensors)


def test_the_static_counterpart_differs_in_the_second_order(
    live: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    """Half the difference between the branches, a quarter of the distance from the plan."""
    kind = GGMLQuantizationType.F32
    base, other = (tiny(tmp_path, seed, quantisation=kind) for seed in (1, 2))
    gaps = []
    for part in (0.16, 0.08):
        tuned = str(tmp_path / f"tuned {part}.gguf")
        bake([base, other], Path(tuned), *ending(1 - part, part, 6))
        plan = ending(0.5, 0.5, 6)
        static = tmp_path / "static.gguf"
        bake([base, tuned], static, *plan)
        merged = live([base, tuned], *plan)
        made = live([str(static)], weights(0, 4, 0, -1))
        plain = live([base], weights(0, 4, 0, -1))
        assert np.abs(merged - made).max() < 0.25 * np.abs(merged - plain).max()
        gaps.append(float(np.linalg.norm(merged - made)))
    assert gaps[1] == pytest.approx(gaps[0] / 4, rel=0.2)


def test_the_distance_from_the_plan_is_measured_beside_what_is_open(tmp_path: Path) -> None:
    paths = (tiny(tmp_path, 1), tiny(tmp_path, 2, quantisation=Q8_0))
    plan = Recipe(ending(0.5, 0.5, 6))
    out, whole = tmp_path / "out.gguf", Recipe.whole(4)
    bake(paths, out, *plan.blocks)
    session = Session(lambda: False, lambda: None)
    try:

        def distance(other: Recipe, *others: str) -> tuple[float, float, float]:
            request = ComparePlans(paths, plan, other, TEXT, SMALL, tuple(others) or None)
            result = session.difference(request, lambda event: None)
            return result.kl, result.perplexity, result.other_perplexity

        kl, perplexity, other_perplexity = distance(whole, str(out))
        assert kl > 1e-4
        same = distance(plan, *paths)
        assert same == (pytest.approx(0, abs=1e-6), perplexity, perplexity)
        first = distance(whole)  # over the plan's own files: the base as it is
        assert first[2] not in (perplexity, other_perplexity)
    finally:
        session.close()


def chunked(tmp_path: Path, shape: tuple[int, ...], *names: str, to: str) -> tuple[Averaged, Path]:
    """An average of stored random tensors, one of each type."""
    n_items = int(np.prod(shape))
    file = tmp_path / "stored.bin"
    addends, data = [], b""
    rng = np.random.default_rng(0)
    for name in names:
        rows = rng.standard_normal(shape[::-1], dtype=np.float32).reshape(-1, shape[0])
        stored = quants.quantize(rows, GGMLQuantizationType[name]).tobytes()
        part = FilePart(file, 0, 0)
        addends.append(Addend(0.5, name, FileRange(part, len(data), len(stored))))
        data += stored
        assert len(stored) == n_bytes_of(name, n_items)
    file.write_bytes(data)
    return Averaged(shape, to, tuple(addends)), file


def test_large_tensors_are_averaged_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor, _ = chunked(tmp_path, (64, 10, 3), "F16", "Q8_0", to="Q8_0")
    whole = average(tensor, 1, lambda: False)
    monkeypatch.setattr("app.engine.baking.averaging._CHUNK_ITEMS", 64 * 7)
    assert average(tensor, 2, lambda: False) == whole


@pytest.mark.parametrize("type_name", WRITABLE_TYPES)
def test_every_type_can_be_written_and_read_again(tmp_path: Path, type_name: str) -> None:
    tensor, _ = chunked(tmp_path, (256, 4), "F32", to=type_name)
    data = bytes(average(tensor, 1, lambda: False))
    assert len(data) == tensor.n_bytes
    again = tmp_path / "again.bin"
    again.write_bytes(data)
    addend = Addend(1.0, type_name, FileRange(FilePart(again, 0, 0), 0, len(data)))
    read = average(Averaged(tensor.shape, "F32", (addend,)), 1, lambda: False)
    exact = average(Averaged(tensor.shape, "F32", tensor.addends), 1, lambda: False)
    correlation = np.corrcoef(np.frombuffer(read, np.float32), np.frombuffer(exact, np.float32))
    assert correlation[0, 1] > 0.6


def test_rows_that_a_block_does_not_fit_get_llama_cpps_other_type() -> None:
    assert fitting_type("Q4_K", 512) == "Q4_K"
    assert fitting_type("Q4_K", 576) == "Q5_0"
    assert fitting_type("Q6_K", 576) == "Q8_0"
    assert fitting_type("Q4_K", 30) == fitting_type("Q8_0", 30) == "F16"
    assert fitting_type("F32", 30) == "F32"
    assert all(fitting_type(name, 256 * 3) == name for name in WRITABLE_TYPES)
    for name in WRITABLE_TYPES:
        kind = TENSOR_TYPES[TYPE_NUMBERS[fitting_type(name, 96)]]
        assert 96 % kind.block_items == 0


@pytest.mark.parametrize(
    ("shape", "plan", "words"),
    [
        ({"n_ff": 192}, ending(0.5, 0.5, 6), "“llama.feed_forward_length” .* is 192"),
        ({}, (*ending(0.5, 0.75, 6), weights(6, 7, 0, 3)), "add up to 1.25"),
        ({"n_embd": 128}, ending(0.5, 0.5, 6), "width"),
        ({}, ending(0.5, 0.5, 7), "weight layer 8, but its models have only 8"),
    ],
)
def test_what_cannot_be_baked_is_refused_and_nothing_written(
    tmp_path: Path, shape: dict[str, int], plan: tuple[RecipeBlock, ...], words: str
) -> None:
    paths = [tiny(tmp_path, 1), tiny(tmp_path, 2, **shape)]
    before = sorted(tmp_path.iterdir())
    with pytest.raises(EngineError, match=words):
        bake(paths, tmp_path / "out.gguf", *plan)
    assert sorted(tmp_path.iterdir()) == before


def test_a_source_that_shrinks_meanwhile_is_named(tmp_path: Path) -> None:
    tensor, file = chunked(tmp_path, (64, 10), "F16", "Q8_0", to="Q8_0")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"“stored\.bin” was changed"):
        average(tensor, 2, lambda: False)
    file.unlink()
    with pytest.raises(ModelFileError, match=r"“stored\.bin” was changed"):
        average(tensor, 1, lambda: False)


def test_layers_with_other_tensors_are_not_averaged(tmp_path: Path) -> None:
    path = tiny(tmp_path, 1, n_layers=4, architecture="stablelm")
    neighbours = (weights(0, 1, 0, -1), weights(1, 2, 1, -1), RecipeMerge(((0, 0.5), (1, 0.5))))
    with pytest.raises(EngineError, match=r"ffn_norm\.bias” differ: one has 64, another no such"):
        bake([path], tmp_path / "out.gguf", *neighbours)


def test_layers_of_another_attention_are_not_averaged(tmp_path: Path) -> None:
    path = tiny(tmp_path, 1, n_layers=6, architecture="gemma3")
    mixed = (weights(0, 6, 0, -1), weights(6, 12, 0, -1))
    shifted = (weights(0, 5, 0, -1), weights(5, 10, 1, -1), RecipeMerge(((0, 0.5), (1, 0.5))))
    with pytest.raises(EngineError, match=r"gemma3\.attention\.sliding_window_pattern"):
        bake([path], tmp_path / "out.gguf", *shifted)
    alike = (*mixed, RecipeMerge(((0, 0.5), (1, 0.5))))
    assert bake([path], tmp_path / "out.gguf", *alike).n_averaged == 0


def test_stopped_in_the_middle_nothing_is_left(tmp_path: Path) -> None:
    paths = (tiny(tmp_path, 1), tiny(tmp_path, 2))
    before = sorted(tmp_path.iterdir())
    request = Bake(paths, Recipe(ending(0.5, 0.5, 6)), str(tmp_path / "out.gguf"))
    for stops_while_averaging in (False, True):
        told: list[Progress] = []

        def is_over(told: list[Progress] = told) -> bool:
            return len(told) > 20

        def on_progress(
            progress: Progress, told: list[Progress] = told, goes_on: bool = stops_while_averaging
        ) -> bool:
            told.append(progress)
            return goes_on or len(told) <= 20

        make = partial(average, n_threads=N_THREADS, should_stop=is_over)
        with pytest.raises(Aborted if stops_while_averaging else WriteStopped):
            baked(request, make, on_progress)
        assert 0 < told[-1].fraction < 1
        assert sorted(tmp_path.iterdir()) == before


def test_an_engine_that_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    paths = (tiny(tmp_path, 1), tiny(tmp_path, 2))
    before = sorted(tmp_path.iterdir())
    branches = [RecipeWeight(n, n + 1, n % 8, n - 2 if n > 1 else -1) for n in range(500)]
    plan = Recipe((*branches, RecipeMerge(((498, 0.5), (499, 0.5)))))
    writing = Event()
    client = EngineClient()
    try:
        client.submit(Bake(paths, plan, str(tmp_path / "out.gguf")), lambda event: writing.set())
        assert writing.wait(60)
    finally:
        client.close()
    assert sorted(tmp_path.iterdir()) == before
