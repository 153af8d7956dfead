"""Logits from the unpatched llama.cpp, in a process of its own: `python unpatched.py MODEL OUT`.

Two builds of one library don't fit in one process. Tokens come from standard input; OUT is a
.npy file of float32 np (2, n_vocab): after all tokens but the last, decoded together, and after
the last, decoded by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def unpatched_logits(
    library: Path, model: Path, tokens: Sequence[int], folder: Path, n_threads: int
) -> np.ndarray:
    """float32 np (2, n_vocab), as above."""
    out = folder / "unpatched.npy"
    subprocess.run(
        [sys.executable, __file__, str(model), str(out), str(n_threads)],
        input=json.dumps(list(tokens)),
        env={**os.environ, "LLAMA_CPP_LIB_PATH": str(library)},
        text=True,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return np.load(out)


def _main(model_path: str, out: str, n_threads: str) -> None:
    import llama_cpp.llama_cpp as llama

    assert not hasattr(llama._lib, "llama_blocks_last_error"), "this library is patched"
    tokens = json.load(sys.stdin)
    model = llama.llama_model_load_from_file(
        model_path.encode(), llama.llama_model_default_params()
    )
    params = llama.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = 512
    params.n_threads = params.n_threads_batch = int(n_threads)
    params.swa_full = False
    context = llama.llama_init_from_model(model, params)
    n_vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    rows = []
    for part in (tokens[:-1], tokens[-1:]):
        batch = (llama.llama_token * len(part))(*part)
        assert llama.llama_decode(context, llama.llama_batch_get_one(batch, len(part))) == 0
        logits = llama.llama_get_logits_ith(context, -1)
        rows.append(np.ctypeslib.as_array(logits, (n_vocab,)).copy())
    np.save(out, np.stack(rows))


if __name__ == "__main__":
    _main(*sys.argv[1:])
