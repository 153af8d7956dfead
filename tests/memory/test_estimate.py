"""Weights and KV cache: sums over the tensor table, as llama.cpp allocates them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import llama_cpp
import pytest
from gguf import GGMLQuantizationType
from llama_cpp._logger import llama_log_callback

from app.engine.native import Base, Context, View
from app.memory.context_settings import ContextSettings
from app.memory.estimate import BlockMemory, MemoryParts, block_memory, estimate_exact, layer_bytes
from app.memory.kv_types import KV_TYPES, KvType
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_model_file
from app.model_files.sources import read_sources
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

MIB = 1 << 20
PACK = Path(__file__).parents[3] / "shared" / "models" / "smollm2-pirate-layers-22-29.Q8_0.gguf"


@pytest.fixture
def tiny(tmp_path: Path) -> ModelFile:
    return read_model_file(write_tiny(tmp_path / "tiny.gguf"))


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """What llama.cpp logs while the test runs."""
    lines: list[str] = []

    def keep(level: int, text: bytes, user_data: object) -> None:
        lines.append(text.decode("utf-8", errors="replace"))

    callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(keep)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    yield lines
    llama_cpp.llama_log_set(llama_log_callback, ctypes.c_void_p(0))


@pytest.mark.parametrize("has_head", [True, False])
@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_1"])
def test_it_equals_what_llama_cpp_allocates(
    tmp_path: Path, log_lines: list[str], kind: str, has_head: bool
) -> None:
    quantisation = GGMLQuantizationType[kind]
    path = write_tiny(
        tmp_path / "tiny.gguf",
        TinyModel(n_layers=12, n_embd=256, n_ff=512, quantisation=quantisation, has_head=has_head),
    )
    estimate = estimate_exact([read_model_file(path)], Recipe.whole(12), ContextSettings(1000))
    model_params = llama_cpp.llama_model_default_params()
    model_params.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
    context_params = llama_cpp.llama_context_default_params()
    context_params.n_ctx = 1000
    context = llama_cpp.llama_init_from_model(model, context_params)
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    log = "".join(log_lines)
    sizes = dict(re.findall(r"CPU\S* (model|KV) buffer size = *([\d.]+) MiB", log))
    assert float(sizes["KV"]) == round(estimate.kv_bytes / MIB, 2)
    assert float(sizes["model"]) == pytest.approx(estimate.weights_bytes / MIB, abs=0.011)


@pytest.mark.parametrize(("n_batch", "n_ubatch"), [(512, 512), (512, 64), (64, 512)])
def test_the_cache_of_sliding_layers_equals_what_the_engine_allocates(
    tmp_path: Path, n_batch: int, n_ubatch: int
) -> None:
    path = write_tiny(tmp_path / "t.gguf", TinyModel(n_layers=6, architecture="gemma3"))
    settings = ContextSettings(4096, 1, n_batch=n_batch, n_ubatch=n_ubatch)
    base = Base(str(path), dry=True)
    view = View([base], Recipe.whole(6))
    context = Context(view.model, settings, n_logits=1)
    expected = estimate_exact([read_model_file(path)], Recipe.whole(6), settings)
    assert context.memory()[0].kv_bytes == expected.kv_bytes
    context.close()
    view.close()
    base.close()


@pytest.mark.parametrize("kv_type", KV_TYPES)
def test_the_cache_equals_what_llama_cpp_allocates(
    tmp_path: Path, log_lines: list[str], kv_type: KvType
) -> None:
    tiny = TinyModel(n_embd=128, n_head=4, n_head_kv=2, n_layers=3)
    path = write_tiny(tmp_path / "t.gguf", tiny)
    parts = estimate_exact(
        [read_model_file(path)], Recipe.whole(3), ContextSettings(700, kv_type=kv_type)
    )
    model_params = llama_cpp.llama_model_default_params()
    model_params.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
    context_params = llama_cpp.llama_context_default_params()
    context_params.n_ctx = 700
    context_params.type_k = GGMLQuantizationType[kv_type.upper()]
    context_params.type_v = context_params.type_k
    context = llama_cpp.llama_init_from_model(model, context_params)
    assert context
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    (allocated,) = re.findall(r"KV buffer size = *([\d.]+) MiB", "".join(log_lines))
    assert float(allocated) == round(parts.kv_bytes / MIB, 2)


def test_layers_left_out_and_repeated(tiny: ModelFile) -> None:
    recipe = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 5, 1, 0)))
    assert tiny.n_layers == 4
    parts = estimate_exact([tiny], recipe, ContextSettings(512))
    assert parts.weights_bytes == sum(tiny.layer_bytes) + tiny.other_bytes
    assert parts.kv_bytes == 5 * 512 * 2 * (16 + 16) * 2
    short = Recipe((RecipeWeight(0, 2, 1, -1),))
    assert estimate_exact([tiny], short, ContextSettings(512)) == MemoryParts(
        weights_bytes=2 * tiny.layer_bytes[1] + tiny.other_bytes, kv_bytes=2 * 512 * 2 * 32 * 2
    )


def test_blocks(tiny: ModelFile) -> None:
    recipe = Recipe(
        (
            RecipeWeight(0, 2, 0, -1),
            RecipeWeight(2, 4, 1, 0),
            RecipeWeight(4, 5, 3, 0),
            RecipeMerge(((0, 0.5), (1, 0.5))),
        )
    )
    layer = tiny.layer_bytes[0]
    kv = 256 * 2 * 32 * 2
    assert block_memory([tiny], recipe, ContextSettings(1)) == (
        BlockMemory(2 * layer, layer, 2 * kv),
        BlockMemory(2 * layer, layer, 2 * kv),
        BlockMemory(0, 0, 0),
        BlockMemory(0, 0, 0),
    )
    assert estimate_exact([tiny], recipe, ContextSettings(1)) == MemoryParts(
        3 * layer + tiny.other_bytes, 4 * kv
    )


def test_each_weight_layer_alone_with_its_kv_cache(tiny: ModelFile) -> None:
    sizes = layer_bytes([tiny, tiny], ContextSettings(1))
    assert sizes == tuple(size + 256 * 2 * 32 * 2 for size in tiny.layer_bytes * 2)
    assert layer_bytes([], ContextSettings()) == ()


def test_the_context_is_rounded_up(tiny: ModelFile) -> None:
    recipe = Recipe.whole(1)
    assert estimate_exact([tiny], recipe, ContextSettings(257)).kv_bytes == 512 * 2 * 32 * 2


def test_sliding_layers_keep_a_window_and_a_batch(tiny: ModelFile) -> None:
    model = replace(tiny, n_swa=300, is_sliding=(True, True, True, False))
    cell = 2 * 32 * 2
    assert (
        estimate_exact([model], Recipe.whole(4), ContextSettings(4096)).kv_bytes
        == (3 * 1024 + 4096) * cell
    )
    assert estimate_exact([model], Recipe.whole(4), ContextSettings(512)).kv_bytes == 4 * 512 * cell
    parts = estimate_exact([model], Recipe.whole(4), ContextSettings(4096, n_batch=128))
    assert parts.kv_bytes == (3 * 512 + 4096) * cell
    assert parts == estimate_exact([model], Recipe.whole(4), ContextSettings(4096, n_ubatch=128))


def test_repacked_embeddings_that_serve_as_head_are_held_twice(tiny: ModelFile) -> None:
    recipe = Recipe.whole(4)
    once = estimate_exact([tiny], recipe, ContextSettings(256)).weights_bytes
    for kind, has_head, n_copies in (("Q4_0", False, 1), ("Q4_0", True, 0), ("Q8_0", False, 0)):
        model = replace(tiny, token_embd_type=kind, has_head=has_head)
        weights_bytes = estimate_exact([model], recipe, ContextSettings(256)).weights_bytes
        assert weights_bytes == once + n_copies * tiny.token_embd_bytes


def test_a_second_source_gives_its_layers_only(tmp_path: Path, tiny: ModelFile) -> None:
    other = read_model_file(write_tiny(tmp_path / "b.gguf", TinyModel(n_layers=2, n_ff=256)))
    recipe = Recipe((RecipeWeight(0, 4, 0, -1), RecipeWeight(4, 5, 5, 0)))
    parts = estimate_exact([tiny, other], recipe, ContextSettings(256))
    expected = sum(tiny.layer_bytes) + tiny.other_bytes + other.layer_bytes[1]
    assert parts.weights_bytes == expected
    assert (
        block_memory([tiny, other], recipe, ContextSettings(256))[1].weights_bytes
        == other.layer_bytes[1]
    )


@pytest.mark.skipif(not PACK.exists(), reason="the layer pack is not there")
def test_a_layer_pack_adds_what_is_borrowed_of_it(model_path: Path) -> None:
    base, pack = read_sources([model_path, PACK])
    recipe = Recipe(
        (
            RecipeWeight(0, 22, 0, -1),
            RecipeWeight(22, 30, 22, 0),
            RecipeWeight(30, 38, 30, 0),
            RecipeMerge(((1, 0.5), (2, 0.5))),
        )
    )
    both = estimate_exact([base, pack], recipe, ContextSettings(4096))
    alone = estimate_exact([base], Recipe.whole(30), ContextSettings(4096))
    assert both.weights_bytes - alone.weights_bytes == sum(pack.layer_bytes)
    assert both.kv_bytes * 30 == alone.kv_bytes * 38


def test_a_layer_that_no_source_holds(tiny: ModelFile) -> None:
    with pytest.raises(IndexError):
        estimate_exact([tiny], Recipe.whole(5), ContextSettings(256))
