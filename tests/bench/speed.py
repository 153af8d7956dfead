"""Measures one library's speed on a model: `python -m tests.bench.speed MODEL patched|unpatched`.

A line of JSON on standard input names a recipe and how many tokens are read and generated; it is
answered by a line of JSON with the milliseconds of processor time that each of them took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.processes import over_library
from tests.bench.recipes import RECIPES

N_THREADS = 1
"""With one thread the processor time is the decode's own, whatever else the machine does."""


@dataclass(frozen=True)
class Times:
    """Milliseconds of processor time a token, of a prompt and of generation."""

    prompt: float
    generation: float


class Speed:
    """A process that measures when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def measure(self, recipe: str, n_prompt: int = 128, n_generated: int = 24) -> Times:
        """The times of the recipe of that name; the unpatched library knows "whole" alone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([recipe, n_prompt, n_generated]), file=self._process.stdin, flush=True)
        return Times(*json.loads(self._process.stdout.readline()))


@contextmanager
def measuring(model: Path, library: Path, kind: str) -> Iterator[Speed]:
    """A process over the library in that folder; `kind` is "patched" or "unpatched"."""
    with over_library(library, ("tests.bench.speed", str(model), kind)) as process:
        yield Speed(process)


def _main(model_path: str, kind: str) -> None:
    import llama_cpp.llama_cpp as llama

    if kind == "patched":
        from app.engine.native import Base, View

        base = Base(model_path)
    else:
        params = llama.llama_model_default_params()
        plain = llama.llama_model_load_from_file(model_path.encode(), params)
    contexts: dict[str, Any] = {}

    def context_of(recipe: str) -> Any:
        if recipe not in contexts:
            if kind == "patched":
                model = View([base], RECIPES[recipe]).model
            else:
                assert recipe == "whole"
                model = plain
            settings = llama.llama_context_default_params()
            settings.n_ctx = settings.n_batch = settings.n_ubatch = 512
            settings.n_outputs_max = settings.n_outputs_max_per_seq = 1
            settings.n_threads = settings.n_threads_batch = N_THREADS
            contexts[recipe] = llama.llama_init_from_model(model, settings)
            decode(contexts[recipe], 32)
        return contexts[recipe]

    def decode(context: Any, n: int) -> float:
        """Milliseconds of processor time."""
        tokens = (llama.llama_token * n)(*(i * 7 % 1000 + 300 for i in range(n)))
        begun = time.process_time()
        assert llama.llama_decode(context, llama.llama_batch_get_one(tokens, n)) == 0
        return (time.process_time() - begun) * 1e3

    for line in sys.stdin:
        recipe, n_prompt, n_generated = json.loads(line)
        context = context_of(recipe)
        llama.llama_memory_clear(llama.llama_get_memory(context), False)
        prompt_ms = decode(context, n_prompt)
        generation_ms = sum(decode(context, 1) for _ in range(n_generated))
        print(json.dumps([prompt_ms / n_prompt, generation_ms / n_generated]), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
