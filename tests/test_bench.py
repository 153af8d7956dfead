"""The benchmark's parts: each has a module, is found by its name, and gives medians."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.bench.parts import N_RUNS, medians
from tests.bench.row import Row

ROOT = Path(__file__).parents[1]


def test_each_part_is_a_module_with_rows() -> None:
    for part in N_RUNS:
        spec = find_spec(f"tests.bench.{part}")
        assert spec is not None and spec.origin is not None
        assert "\ndef rows(" in Path(spec.origin).read_text()


def test_an_unknown_part_is_refused_with_those_that_exist() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "kitchen"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "kitchen" in done.stderr
    assert all(part in done.stderr for part in N_RUNS)


def test_of_several_runs_the_median_is_taken_row_by_row() -> None:
    runs = [
        [Row("speed", speed, "ms", "< 2"), Row("size", size, "MiB", "< 9", "the whole")]
        for speed, size in ((1.0, 8.0), (3.0, 6.0), (1.5, 9.0))
    ]
    speed, size = medians(runs)
    assert (speed.value, speed.peer) == (1.5, "median of 3 runs")
    assert (size.value, size.peer) == (8.0, "the whole; median of 3 runs")
