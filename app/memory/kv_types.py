"""The types in which a KV cache can be kept, and when a model allows one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from app.model_files.model_file import ModelFile
from app.model_files.tensor_types import TENSOR_TYPES

KvType = Literal["f32", "f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]
"""Names of ggml types, from the largest to the smallest; f16 is usual."""

KV_TYPES: tuple[KvType, ...] = get_args(KvType)

_BY_NAME = {t.name.lower(): t for t in TENSOR_TYPES.values()}


def kv_cache_bytes(n_items: int, kv_type: KvType) -> int:
    """The size of that many cache items."""
    kind = _BY_NAME[kv_type]
    return n_items * kind.block_bytes // kind.block_items


def why_not_kv_type(
    models: Sequence[ModelFile], kv_type: str, flash_attention: bool | None
) -> str | None:
    """A sentence that says why no context can be made so (llama.cpp: `llama_init_from_model`)."""
    if kv_type not in KV_TYPES:
        return f"“{kv_type}” is not a KV cache type. Choose one of {', '.join(KV_TYPES)}."
    block_items = _BY_NAME[kv_type].block_items
    if block_items == 1:
        return None
    if flash_attention is False:
        return (
            f"A {kv_type} KV cache needs flash attention. Turn it on, or choose f16 for the cache."
        )
    for model in models:
        for size in (*model.n_embd_head_k, *model.n_embd_head_v):
            if size % block_items:
                return (
                    f"A {kv_type} KV cache is stored in blocks of {block_items}, but the heads "
                    f"of “{model.path.name}” have {size} elements. Choose f16 for the cache."
                )
    return None
