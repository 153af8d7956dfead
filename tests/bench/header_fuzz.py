"""Damaged headers of model files: whether any crashes the reader, holds it up or takes memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.processes import ROOT
from tests.bench.row import Row
from tests.model_files.tiny import TinyModel, write_tiny

N_MUTATIONS = 100_000


def rows(_model: Path) -> Iterator[Row]:
    """A process of its own reads them all; one that ends with an error is a crash."""
    with tempfile.TemporaryDirectory() as folder:
        model = write_tiny(Path(folder, "m.gguf"), TinyModel(n_layers=2, n_ff=64))
        done = subprocess.run(
            [sys.executable, "-m", "tests.model_files.header_mutations", model, str(N_MUTATIONS)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
    yield Row("header-fuzz-crashes", abs(done.returncode), "exit status", "<= 0")
    if done.returncode == 0:
        seen = json.loads(done.stdout)
        peer = f"the longest of {N_MUTATIONS:,}, of which {seen['n_read']:,} were still readable"
        yield Row("header-fuzz-longest", seen["longest_s"] * 1e3, "ms of processor", "< 1000", peer)
        yield Row("header-fuzz-memory", seen["grown_kib"] / 1024, "MiB more", "<= 16")
