"""Reads a text with one library: `python -m tests.bench.reading MODEL TEXT KIND`.

KIND "unpatched" decodes the windows that perplexity is measured in; "perplexity" and "influence"
measure by them. Each line of standard input, which says how many of a window's last tokens give
logits, is answered by the milliseconds of processor time that one pass took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engine.messages import EvaluatePerplexity, MeasureInfluence
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe
from tests.bench.processes import over_library
from tests.bench.recipes import N_LAYERS

N_CTX = 512
N_SCORED = N_CTX // 2 - 1
"""The tokens of a window that give logits: the second half, but the last, is predicted."""
SETTINGS = ContextSettings(n_ctx=N_CTX, n_threads=1)
"""With one thread the processor time is the pass's own, whatever else the machine does."""


class Reader:
    """A process that makes passes when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def pass_ms(self, n_logits: int = N_SCORED) -> float:
        """Milliseconds of processor time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(n_logits, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


@contextmanager
def reading(model: Path, text: Path, library: Path, kind: str) -> Iterator[Reader]:
    """A process over the library in that folder."""
    words = ("tests.bench.reading", str(model), str(text), kind)
    with over_library(library, words) as process:
        yield Reader(process)


def _main(model: str, text: str, kind: str) -> None:
    import llama_cpp.llama_cpp as llama

    log = llama.llama_log_callback(lambda level, line, data: None)
    llama.llama_log_set(log, None)
    content = Path(text).read_text(encoding="utf-8")
    make_pass = (
        _unpatched(llama, model, content) if kind == "unpatched" else _ours(model, content, kind)
    )
    make_pass(N_SCORED)
    for line in sys.stdin:
        begun = time.process_time()
        make_pass(json.loads(line))
        print((time.process_time() - begun) * 1e3, flush=True)


def _ours(model: str, text: str, kind: str) -> Callable[[int], object]:
    from app.engine.session import Session

    session = Session(lambda: False, lambda: None)
    perplexity = EvaluatePerplexity((model,), Recipe.whole(N_LAYERS), text, SETTINGS)
    influence = MeasureInfluence((model,), text, SETTINGS)
    if kind == "perplexity":
        return lambda n_logits: session.perplexity(perplexity, lambda event: None)
    return lambda n_logits: session.influence(influence, lambda event: None)


def _unpatched(llama: Any, path: str, text: str) -> Callable[[int], object]:
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    vocabulary = llama.llama_model_get_vocab(model)
    data = text.encode()
    tokens = (llama.llama_token * len(data))()
    n_tokens = llama.llama_tokenize(vocabulary, data, len(data), tokens, len(data), True, True)
    settings = llama.llama_context_default_params()
    settings.n_ctx = settings.n_batch = settings.n_ubatch = N_CTX
    settings.n_threads = settings.n_threads_batch = SETTINGS.n_threads
    context = llama.llama_init_from_model(model, settings)

    def make_pass(n_logits: int) -> None:
        for start in range(0, n_tokens - N_CTX + 1, N_CTX):
            n = N_CTX - 1
            batch = llama.llama_batch_init(n, 0, 1)
            batch.n_tokens = n
            for i in range(n):
                batch.token[i], batch.pos[i] = tokens[start + i], i
                batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
                batch.logits[i] = i >= n - n_logits
            llama.llama_memory_clear(llama.llama_get_memory(context), False)
            assert llama.llama_decode(context, batch) == 0
            llama.llama_batch_free(batch)

    return make_pass


if __name__ == "__main__":
    _main(*sys.argv[1:])
