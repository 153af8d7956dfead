"""What it costs to compose, bake and inspect model files, beside `cp` of the same bytes."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.plan.recipe import Recipe
from tests.bench.processes import ROOT
from tests.bench.row import Row
from tests.main_program import answer
from tests.model_files.tiny import TinyModel, write_tiny

N_ROUNDS = 5
LARGE = TinyModel(n_layers=2, n_embd=2048, n_head=32, n_head_kv=8, n_ff=8192)
"""Layers of the sizes of a model of a billion weights, 116 MiB each."""
N_COPIES = 4
"""Of them in each of the two sources: about 0.9 GiB each."""
N_LAYERS_OF_1000_TENSORS = 111


def rows(model: Path) -> list[Row]:
    """Of each kind of run the best is taken, the kinds in turn, each from a cold page cache and to
    the disk; composing and baking are timed as commands, from the start of Python on. Inspecting, a
    command too, waits for nothing, so that its processor time is what it takes on an idle machine.
    """
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        return [*_composing(Path(folder)), _inspecting(model, Path(folder))]


def _composing(folder: Path) -> list[Row]:
    model = folder / "large.gguf"
    # in a process of its own: what this one takes counts as taken by those that it starts
    maker = multiprocessing.Process(target=write_tiny, args=(model, LARGE))
    maker.start()
    maker.join()
    sources = [folder / "first.gguf", folder / "second.gguf"]
    _run(["compose", "-o", sources[0], *[model] * N_COPIES])
    shutil.copy(sources[0], sources[1])
    out, copy, plan = folder / "composed.gguf", folder / "copy.gguf", folder / "plan.txt"
    _run(["compose", "-o", out, *sources])
    n_layers = 2 * N_COPIES * LARGE.n_layers
    plan.write_text(Recipe.whole(n_layers).text)
    models = [word for source in sources for word in ("--model", source)]
    cp_s, compose_s, bake_s, peak_bytes, bake_peak_bytes = [], [], [], 0, 0
    for _ in range(N_ROUNDS):
        _forget(out)
        started = time.perf_counter()
        subprocess.run(["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", out, copy], check=True)
        cp_s.append(time.perf_counter() - started)
        copy.unlink()
        for source in sources:
            _forget(source)
        again = folder / "again.gguf"
        started = time.perf_counter()
        peak_bytes = max(peak_bytes, _run(["compose", "-o", again, *sources]).ru_maxrss * 1024)
        compose_s.append(time.perf_counter() - started)
        again.unlink()
        for source in sources:
            _forget(source)
        started = time.perf_counter()
        told = answer("bake", str(plan), *map(str, models), "-o", str(again))
        bake_s.append(time.perf_counter() - started)
        bake_peak_bytes = max(bake_peak_bytes, told["peak_rss_bytes"])
        again.unlink()
    return [
        Row("compose_throughput", min(cp_s) / min(compose_s), "of cp's", ">= 0.8", "cp and sync"),
        Row("compose_peak_memory", peak_bytes / 2**20, "MiB", "< 150"),
        Row("bake_throughput", min(cp_s) / min(bake_s), "of cp's", ">= 0.8", "cp and sync"),
        Row("bake_peak_memory", bake_peak_bytes / 2**20, "MiB", "< 150"),
    ]


def _inspecting(model: Path, folder: Path) -> Row:
    many = folder / "many.gguf"
    ranges = ",".join(["0-29"] * (N_LAYERS_OF_1000_TENSORS // 30) + ["0-20"])
    _run(["compose", "-o", many, f"{model}@{ranges}"])
    used = [_run(["inspect", many]) for _ in range(2 * N_ROUNDS)]
    cpu_ms = min((usage.ru_utime + usage.ru_stime) * 1000 for usage in used)
    return Row("inspect_1000_tensors", cpu_ms, "ms of processor time", "< 150")


def _run(words: Sequence[str | Path]) -> resource.struct_rusage:
    """What a command took that has to succeed."""
    process = subprocess.Popen(
        [sys.executable, "main.py", *map(str, words)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage


def _forget(path: Path) -> None:
    """Takes a file out of the page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
