"""The same stack of layers made with mergekit and with ours: `python -m tests.bench.mergekit`.

Apart from the other benchmarks, since mergekit's environment takes 1.6 GB. The plan goes to
mergekit as our own export of it, and the tensors of both results are compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.engine.bundled import bundled_model
from tests.bench.processes import ROOT, peer_python
from tests.bench.row import Row, table

N_ROUNDS = 3
NAME = "smollm2-f16"
RANGES = ["0-19", "10-29"] * 3
"""120 layers, some 0.85 GB in 16 bits."""
_PINS = Path(__file__).with_name("mergekit_peer.txt")


@dataclass(frozen=True)
class Used:
    """What a command took."""

    seconds: float
    peak_bytes: int


def mergekit_rows() -> list[Row]:
    """Both made in turn, from files that are in the page cache, to the disk."""
    python = peer_python("mergekit-peer", _PINS)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        peer = [str(python), "-m", "tests.bench.mergekit_peer"]
        _run([*peer, "prepare", str(bundled_model()), str(folder / NAME)], ROOT)
        config = _exported(folder)
        for n in range(N_ROUNDS):
            merged, composed = folder / f"merged{n}", folder / f"composed{n}.gguf"
            merge = [str(python.with_name("mergekit-yaml")), config, merged]
            theirs.append(_run([*merge, "--no-write-model-card", "--no-copy-tokenizer"], folder))
            source = folder / f"{NAME}.gguf"
            layers = [f"{source}@{','.join(RANGES)}"]
            main = [sys.executable, str(ROOT / "main.py")]
            ours.append(_run([*main, "compose", "-o", composed, *layers], folder))
            _run([*peer, "compare", str(merged), str(composed)], ROOT)
            subprocess.run(["rm", "-r", merged, composed], check=True)
    our_s, their_s = (median(used.seconds for used in side) for side in (ours, theirs))
    our_mib, their_mib = (max(u.peak_bytes for u in side) / 2**20 for side in (ours, theirs))
    return [
        Row("stack-time", our_s / their_s, "of mergekit's", "< 1", f"{our_s:.2f} s; {their_s:.2f}"),
        Row(
            "stack-peak-memory",
            our_mib / their_mib,
            "of mergekit's",
            "< 1",
            f"{our_mib:.0f} MiB; {their_mib:.0f}",
        ),
    ]


def _exported(folder: Path) -> Path:
    """The stack as a configuration, by way of a list of layers and a plan."""
    (folder / "paths.txt").write_text(",".join(RANGES))
    main = [sys.executable, str(ROOT / "main.py")]
    model = ["--model", f"{NAME}.gguf"]
    _run([*main, "import", "paths.txt", "-o", "plan.txt", *model], folder)
    export = [*main, "export", "plan.txt", "--format", "mergekit", "-o", "merge.yml", *model]
    _run(export, folder)
    return folder / "merge.yml"


def _run(words: Sequence[str | Path], folder: Path) -> Used:
    """A command that has to succeed."""
    begun = time.perf_counter()
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(words, cwd=folder, env=offline, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return Used(time.perf_counter() - begun, usage.ru_maxrss * 1024)


if __name__ == "__main__":
    print(table(mergekit_rows()))
