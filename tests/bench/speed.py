"""Measures one library's speed on a model: `python -m tests.bench.speed MODEL patched|unpatched`.

A line on standard input asks for one measurement, answered by a line of JSON with the tokens per
second of processor time of a prompt and of generation. With `patched` an identity plan runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
N_PROMPT = 256
N_GENERATED = 64
N_THREADS = 1
"""With one thread the processor time is the decode's own, whatever else the machine does."""


class Speed:
    """A process that measures when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def measure(self) -> dict[str, float]:
        """`prompt` and `generation`, in tokens per second of processor time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        figures: dict[str, float] = json.loads(self._process.stdout.readline())
        return figures


@contextmanager
def measuring(model: Path, library: Path, kind: str) -> Iterator[Speed]:
    """A process over the library in that folder; `kind` is "patched" or "unpatched"."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.speed", str(model), kind],
        env={**os.environ, "LLAMA_CPP_LIB_PATH": str(library)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Speed(process)
        assert process.stdin is not None
        process.stdin.close()


def _main(model_path: str, kind: str) -> None:
    import llama_cpp.llama_cpp as llama

    model: Any
    if kind == "patched":
        from app.engine.native import Base, View
        from app.plan.recipe import Recipe

        base = Base(model_path)
        n_layers = llama.llama_model_n_layer(base.model)
        model = View(base, Recipe.whole(n_layers)).model
    else:
        params = llama.llama_model_default_params()
        model = llama.llama_model_load_from_file(model_path.encode(), params)
    settings = llama.llama_context_default_params()
    settings.n_ctx = 1024
    settings.n_batch = settings.n_ubatch = 512
    settings.n_outputs_max = settings.n_outputs_max_per_seq = 1
    settings.n_threads = settings.n_threads_batch = N_THREADS
    context = llama.llama_init_from_model(model, settings)
    memory = llama.llama_get_memory(context)

    def decode(n: int) -> float:
        tokens = (llama.llama_token * n)(*(i * 7 % 1000 + 300 for i in range(n)))
        begun = time.process_time()
        assert llama.llama_decode(context, llama.llama_batch_get_one(tokens, n)) == 0
        return time.process_time() - begun

    decode(N_PROMPT)
    for _ in sys.stdin:
        llama.llama_memory_clear(memory, False)
        prompt_s = decode(N_PROMPT)
        generation_s = sum(decode(1) for _ in range(N_GENERATED))
        figures = {"prompt": N_PROMPT / prompt_s, "generation": N_GENERATED / generation_s}
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
