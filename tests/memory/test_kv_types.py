"""In which types a KV cache can be kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.memory.kv_types import KV_TYPES, KvType, kv_cache_bytes, why_not_kv_type
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_model_file
from tests.model_files.tiny import write_tiny


@pytest.fixture
def model(tmp_path: Path) -> ModelFile:
    """Its heads have 32 items."""
    heads = (32, 32, 32, 32)
    model = read_model_file(write_tiny(tmp_path / "tiny.gguf"))
    return replace(model, n_embd_head_k=heads, n_embd_head_v=heads)


def test_sizes() -> None:
    sizes = {kv_type: kv_cache_bytes(64, kv_type) for kv_type in KV_TYPES}
    assert (sizes["f32"], sizes["f16"], sizes["q8_0"], sizes["q4_0"]) == (256, 128, 68, 36)
    assert sorted(sizes.values(), reverse=True) == list(sizes.values())


@pytest.mark.parametrize("kv_type", KV_TYPES)
@pytest.mark.parametrize("flash_attention", [True, None])
def test_all_types_suit_heads_of_whole_blocks(
    model: ModelFile, kv_type: KvType, flash_attention: bool | None
) -> None:
    assert why_not_kv_type([model], kv_type, flash_attention) is None


def test_reasons(model: ModelFile) -> None:
    assert "“q9” is not a KV cache type" in (why_not_kv_type([model], "q9", None) or "")
    assert "needs flash attention" in (why_not_kv_type([model], "q8_0", False) or "")
    assert why_not_kv_type([model], "f32", False) is None
    narrow = replace(model, n_embd_head_v=(32, 32, 32, 80))
    assert "heads of “tiny.gguf” have 80 elements" in (
        why_not_kv_type([model, narrow], "q4_0", None) or ""
    )
    assert why_not_kv_type([narrow], "f16", None) is None
