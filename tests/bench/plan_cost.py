"""What it costs to make a view and to move a scale, measured in this process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from app.engine.native import Base, Context, View, keep_log
from app.memory.context_settings import ContextSettings
from tests.bench.recipes import N_LAYERS, RECIPES
from tests.bench.row import Row
from tests.model_files.tiny import TinyModel, write_tiny

N_VIEWS = 51
N_SCALES = 40


def rows(model: Path) -> Iterator[Row]:
    """All rows of this process."""
    keep_log(lambda line: None)
    base = Base(str(model))
    with tempfile.TemporaryDirectory() as folder:
        small = Base(str(write_tiny(Path(folder, "small.gguf"), TinyModel(n_layers=N_LAYERS))))
        pairs = [(_view_ms(base), _view_ms(small)) for _ in range(N_VIEWS)]
        small.close()
    yield Row("view", median(ms for ms, _ in pairs), "ms", "< 2")
    growth = median(ms - other for ms, other in pairs)
    yield Row("view-of-large", growth, "ms more", "< 0.2", "the same over a model of 2 MB")
    yield from _set_scale(base)
    base.close()


def _view_ms(base: Base) -> float:
    begun = time.perf_counter()
    view = View([base], RECIPES["merged"])
    took = time.perf_counter() - begun
    view.close()
    return took * 1e3


def _set_scale(base: Base) -> Iterator[Row]:
    """The call alone, and a token decoded after it against one whose graph is still there."""
    view = View([base], RECIPES["merged"])
    context = Context(view.model, ContextSettings(256, 1, n_batch=32), n_logits=1)
    merge, position = len(RECIPES["merged"].blocks) - 1, 1
    context.decode([300], 0, n_logits=1)

    def decode() -> None:
        nonlocal position
        context.decode([300 + position], position, n_logits=1)
        position += 1

    calls, pairs = [], []
    for i in range(N_SCALES):
        calls.append(_cpu_ms(lambda i=i: view.set_scale(merge, 0, 0.5 + i / 1000)))
        after = _cpu_ms(decode)
        pairs.append((after, _cpu_ms(decode)))
    context.close()
    view.close()
    yield Row("set-scale", median(calls), "ms", "< 1", "beyond the graph's rebuild")
    rebuild = median(after - plain for after, plain in pairs)
    yield Row("set-scale-token", rebuild, "ms more", "< 1", "a token without, rebuild included")


def _cpu_ms(do: Callable[[], None]) -> float:
    begun = time.process_time()
    do()
    return (time.process_time() - begun) * 1e3
