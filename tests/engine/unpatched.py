"""Logits from the unpatched llama.cpp, in a process of its own, since two builds of one library
don't fit in one process.

A line of JSON on standard input names a model, batches and a file; once the file holds the logits,
a line comes back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Batch = tuple[Sequence[int], int]
"""Tokens that are decoded together, and how many of the last ones give logits."""


class Unpatched:
    """A process over the unpatched library in that folder; `folder` is for its answers."""

    def __init__(self, library: Path, folder: Path, n_threads: int) -> None:
        self._out = folder / "unpatched.npy"
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(n_threads)],
            env={**os.environ, "LLAMA_CPP_LIB_PATH": str(library)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def logits(self, model: Path, batches: Sequence[Batch], *, repacked: bool = True) -> np.ndarray:
        """float32 np (n_logits, n_vocab): those of all the batches, decoded one after the other.

        `repacked` lets the CPU keep the weights in an order of its own, which is the default.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        parts = [(list(tokens), n_logits) for tokens, n_logits in batches]
        job = [str(model), parts, str(self._out), repacked]
        print(json.dumps(job), file=self._process.stdin, flush=True)
        assert self._process.stdout.readline(), "the unpatched library's process has ended"
        return np.load(self._out)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def unpatched_logits(
    library: Path, model: Path, tokens: Sequence[int], folder: Path, n_threads: int
) -> np.ndarray:
    """float32 np (2, n_vocab): after all tokens but the last, decoded together, and after the
    last, decoded by itself."""
    process = Unpatched(library, folder, n_threads)
    try:
        return process.logits(model, [(tokens[:-1], 1), (tokens[-1:], 1)])
    finally:
        process.close()


def _main(n_threads: str) -> None:
    import llama_cpp.llama_cpp as llama

    assert not hasattr(llama._lib, "llama_blocks_last_error"), "this library is patched"
    for line in sys.stdin:
        model_path, batches, out, repacked = json.loads(line)
        model_params = llama.llama_model_default_params()
        model_params.use_extra_bufts = repacked
        model = llama.llama_model_load_from_file(model_path.encode(), model_params)
        params = llama.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = 512
        params.n_threads = params.n_threads_batch = int(n_threads)
        params.swa_full = False
        context = llama.llama_init_from_model(model, params)
        n_vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
        rows = []
        position = 0
        for tokens, n_logits in batches:
            _decode(llama, context, tokens, position, n_logits)
            position += len(tokens)
            logits = llama.llama_get_logits(context)
            rows.append(np.ctypeslib.as_array(logits, (n_logits, n_vocab)).copy())
        np.save(out, np.concatenate(rows))
        llama.llama_free(context)
        llama.llama_model_free(model)
        print(flush=True)


def _decode(llama: Any, context: Any, tokens: list[int], position: int, n_logits: int) -> None:
    batch = llama.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for i, token in enumerate(tokens):
        batch.token[i] = token
        batch.pos[i] = position + i
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = i >= len(tokens) - n_logits
    assert llama.llama_decode(context, batch) == 0
    llama.llama_batch_free(batch)


if __name__ == "__main__":
    _main(*sys.argv[1:])
