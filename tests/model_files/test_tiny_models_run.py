"""The tiny models that other tests build on load and run in llama.cpp."""

from __future__ import annotations

from pathlib import Path

import llama_cpp
import pytest
from gguf import GGMLQuantizationType

from tests.model_files.tiny import TinyModel, write_tiny

TEXT = "the inner thing é".encode()


@pytest.mark.parametrize(
    "tiny",
    [
        TinyModel(),
        TinyModel(quantisation=GGMLQuantizationType.F32, n_head_kv=4, n_ctx_train=128),
        TinyModel(quantisation=GGMLQuantizationType.Q8_0, has_head=False, n_layers=7),
        TinyModel(quantisation=GGMLQuantizationType.Q4_1, n_embd=128, n_ff=96, chat_template=None),
    ],
)
def test_it_loads_tokenises_and_generates(tmp_path: Path, tiny: TinyModel) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", tiny)
    llama = llama_cpp.Llama(str(path), n_ctx=64, n_threads=1, verbose=False)
    try:
        tokens = llama.tokenize(TEXT, add_bos=False)
        assert llama.detokenize(tokens) == TEXT
        assert len(tokens) < len(TEXT)
        reply = llama.create_completion("the inner", max_tokens=4, temperature=0.0)
        assert reply["usage"]["completion_tokens"] > 0  # type: ignore[index]
    finally:
        llama.close()


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    first = write_tiny(tmp_path / "a.gguf").read_bytes()
    assert write_tiny(tmp_path / "b.gguf").read_bytes() == first
    assert write_tiny(tmp_path / "c.gguf", TinyModel(seed=1)).read_bytes() != first
