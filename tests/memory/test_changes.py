"""What would help a plan that does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.memory.changes import Change, changes_that_help
from app.memory.context_settings import ContextSettings
from app.memory.estimate import estimate_exact, layer_bytes
from app.memory.kv_types import KvType
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_model_file
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

WHOLE = Recipe.whole(8)


@pytest.fixture
def model(tmp_path: Path) -> ModelFile:
    tiny = TinyModel(n_layers=8, n_embd=128, n_head=4, n_head_kv=4)
    return read_model_file(write_tiny(tmp_path / "tiny.gguf", tiny))


def kv_bytes(model: ModelFile, n_ctx: int) -> int:
    return estimate_exact([model], WHOLE, ContextSettings(n_ctx)).kv_bytes


def help_for(model: ModelFile, missing_bytes: int, n_ctx: int = 8192) -> tuple[Change, ...]:
    return changes_that_help([model], WHOLE, ContextSettings(n_ctx), missing_bytes)


def test_the_one_that_costs_least_and_suffices_comes_first(model: ModelFile) -> None:
    kv = kv_bytes(model, 8192)
    by_type = kv * 15 // 32
    first, context, layers = help_for(model, by_type)
    assert first == Change("kv_type", "q8_0", by_type, True)
    assert context == Change("context", 4096, kv // 2, True)
    assert (layers.kind, layers.suffices) == ("layers", True)
    assert [c.kind for c in help_for(model, by_type + 1)] == ["context", "layers", "kv_type"]
    for change in help_for(model, kv // 2 + 1):
        assert change.suffices == (change.gain_bytes > kv // 2)


def test_where_none_suffices_the_one_that_gains_most_comes_first(model: ModelFile) -> None:
    changes = help_for(model, 1 << 40)
    assert not any(change.suffices for change in changes)
    gains = [change.gain_bytes for change in changes]
    assert gains == sorted(gains, reverse=True)
    by_kind = {change.kind: change for change in changes}
    assert by_kind["context"].value == 512
    assert by_kind["layers"].value == 4


def test_a_layer_gives_back_what_no_other_block_borrows(model: ModelFile) -> None:
    once = {c.kind: c for c in help_for(model, 1, 512)}["layers"]
    assert once.gain_bytes == model.layer_bytes[0] + kv_bytes(model, 512) // 8
    twice = Recipe((RecipeWeight(0, 8, 0, -1), RecipeWeight(8, 16, 0, 0)))
    changes = changes_that_help([model], twice, ContextSettings(512), 1)
    repeated = {c.kind: c for c in changes}["layers"]
    assert repeated.gain_bytes == kv_bytes(model, 512) // 8
    unused = Recipe((*twice.blocks, RecipeWeight(16, 20, 0, 1), RecipeMerge(((0, 1.0), (1, 1.0)))))
    assert {c.kind: c for c in changes_that_help([model], unused, ContextSettings(512), 1)}[
        "layers"
    ] == (repeated)


def test_what_is_small_already_or_cannot_be_is_not_proposed(model: ModelFile) -> None:
    def kinds(model: ModelFile, n_ctx: int, kv_type: KvType, flash: bool | None) -> set[str]:
        settings = ContextSettings(n_ctx, kv_type=kv_type, flash_attention=flash)
        return {c.kind for c in changes_that_help([model], WHOLE, settings, 1)}

    assert kinds(model, 512, "f16", None) == {"kv_type", "layers"}
    assert kinds(model, 8192, "q8_0", None) == {"context", "layers"}
    assert kinds(model, 8192, "q4_0", None) == {"context", "layers"}
    assert kinds(model, 8192, "f16", False) == {"context", "layers"}
    odd = replace(model, n_embd_head_k=(40,) * 8)
    assert kinds(odd, 8192, "f16", None) == {"context", "layers"}


def test_words(model: ModelFile) -> None:
    assert Change("kv_type", "q8_0", 3 << 30, True).words == ("use a q8_0 KV cache (3.0 GiB less)")
    assert Change("context", 8192, 1 << 20, True).words == (
        "shorten the context to 8,192 tokens (1.0 MiB less)"
    )
    assert Change("layers", 1, 1 << 30, True).words == "leave out 1 layer (1.0 GiB less)"
    assert Change("layers", 4, 1 << 30, True).words == "leave out 4 layers (1.0 GiB less)"


@pytest.mark.parametrize(("n_batch", "n_ubatch"), [(64, 512), (512, 64), (2048, 2048)])
def test_figures_of_blocks_and_changes_are_parts_of_the_total_with_sliding_windows(
    tmp_path: Path, n_batch: int, n_ubatch: int
) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=6, architecture="gemma3"))
    model, recipe = read_model_file(path), Recipe.whole(6)
    assert any(model.is_sliding)
    settings = ContextSettings(8192, n_batch=n_batch, n_ubatch=n_ubatch)
    kv = estimate_exact([model], recipe, settings).kv_bytes
    assert kv != estimate_exact([model], recipe, ContextSettings(8192)).kv_bytes
    assert sum(layer_bytes([model], settings)) == sum(model.layer_bytes) + kv
    changes = {c.kind: c for c in changes_that_help([model], recipe, settings, 1 << 40)}
    shortest = estimate_exact([model], recipe, replace(settings, n_ctx=512)).kv_bytes
    assert changes["context"].gain_bytes == kv - shortest
    assert changes["layers"].gain_bytes == 3 * ((sum(model.layer_bytes) + kv) // 6)
