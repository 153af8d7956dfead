"""The parts of the benchmark, each measured in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.processes import ROOT
from tests.bench.row import Row, middle

N_RUNS = {
    "plan_speed": 1,
    "plan_cost": 3,
    "engine": 1,
    "open_plans": 3,
    "memory": 1,
    "after_edit": 3,
    "scoring": 3,
    "together": 3,
    "fit": 1,
    "writing": 1,
    "header_fuzz": 1,
    "window": 3,
    "streaming": 3,
    "conversations": 3,
    "canvas": 3,
}
"""How often each part is run, in the order of the table: where the system happens to lay the memory
of a process makes it faster or slower for as long as it lives. Parts that are run once start
several processes themselves, or what they measure does not depend on it."""


def measure(part: str) -> list[Row]:
    """The rows of a part, each the median of its runs. Raises CalledProcessError."""
    n_runs = N_RUNS[part]
    runs = [_run(part, f"{part} ({n + 1} of {n_runs})") for n in range(n_runs)]
    return list(medians(runs)) if n_runs > 1 else runs[0]


def medians(runs: Sequence[Sequence[Row]]) -> Iterator[Row]:
    """Of the rows with the same id the one with the middle value."""
    for same in zip(*runs, strict=True):
        assert len({row.id for row in same}) == 1
        yield middle(same)


def _run(part: str, words: str) -> list[Row]:
    """One run in a process of its own, so that no part inherits anything of those before it."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "rows.json")
        command = [sys.executable, "-m", "tests.bench.part", part, str(out)]
        subprocess.run(command, env=_environment(), cwd=ROOT, check=True)
        rows = [Row(**record) for record in json.loads(out.read_text())]
    print(f"{words}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return rows


def _environment() -> dict[str, str]:
    """Windows are measured on the display; where there is none, offscreen."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return {**os.environ}
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
