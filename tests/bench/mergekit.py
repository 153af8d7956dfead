"""What mergekit makes and what we make of the same: `python -m tests.bench.mergekit`.

Apart from the other benchmarks, since mergekit's environment takes 1.6 GB. A stack goes to mergekit
as our own export of the plan, and a linear merge comes from its configuration as our own import;
the weights of both results are compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.engine.bundled import bundled_fine_tune, bundled_model
from tests.bench.processes import ROOT, peer_python
from tests.bench.row import Row, table

N_ROUNDS = 3
RANGES = ["0-19", "10-29"] * 3
"""120 layers, some 0.85 GB in 16 bits."""
LINEAR = """\
merge_method: linear
slices:
- sources:
  - {model: base, layer_range: [0, 22], parameters: {weight: 1}}
- sources:
  - {model: base, layer_range: [22, 30], parameters: {weight: 0.4}}
  - {model: pirate, layer_range: [22, 30], parameters: {weight: 0.6}}
"""
_PINS = Path(__file__).with_name("mergekit_peer.txt")
_MAIN = [sys.executable, str(ROOT / "main.py")]


@dataclass(frozen=True)
class Used:
    """What a command took."""

    seconds: float
    peak_bytes: int


def mergekit_rows() -> Iterator[Row]:
    """All rows. Models are read from the page cache, and results go to the disk."""
    peer = Peer(peer_python("mergekit-peer", _PINS))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        peer.prepare(folder / "base", bundled_model())
        peer.prepare(folder / "pirate", bundled_model(), bundled_fine_tune())
        yield from _stack(peer, folder)
        yield _linear(peer, folder)


@dataclass(frozen=True)
class Peer:
    """The other program, in its own Python."""

    python: Path

    def prepare(self, out: Path, *models: Path) -> None:
        """The weights of models in 16 bits, for mergekit and for us."""
        _run([*self._module, "prepare", out, *models], ROOT)

    def merge(self, config: str, out: str, folder: Path) -> Used:
        """Do what a configuration says."""
        words = [str(self.python.with_name("mergekit-yaml")), config, out]
        return _run([*words, "--no-write-model-card", "--no-copy-tokenizer"], folder)

    def share_differing(self, merged: Path, ours: Path) -> float:
        """Of the weights of two results."""
        words = [*self._module, "compare", str(merged), str(ours)]
        return float(subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout)

    @property
    def _module(self) -> list[str]:
        return [str(self.python), "-m", "tests.bench.mergekit_peer"]


def _stack(peer: Peer, folder: Path) -> Iterator[Row]:
    """Both made in turn."""
    (folder / "paths.txt").write_text(",".join(RANGES))
    model = ["--model", "base.gguf"]
    _run([*_MAIN, "import", "paths.txt", "-o", "plan.txt", *model], folder)
    export = ["export", "plan.txt", "--format", "mergekit", "-o", "stack.yml"]
    _run([*_MAIN, *export, *model], folder)
    compose = [*_MAIN, "compose", "-o", "composed.gguf", f"base.gguf@{','.join(RANGES)}"]
    ours, theirs, differing = [], [], 0.0
    for _ in range(N_ROUNDS):
        theirs.append(peer.merge("stack.yml", "merged", folder))
        ours.append(_run(compose, folder))
        differing = max(
            differing, peer.share_differing(folder / "merged", folder / "composed.gguf")
        )
    our_s, their_s = (median(used.seconds for used in side) for side in (ours, theirs))
    our_mib, their_mib = (max(u.peak_bytes for u in side) / 2**20 for side in (ours, theirs))
    peer_s, peer_mib = f"{our_s:.2f} s; {their_s:.2f}", f"{our_mib:.0f} MiB; {their_mib:.0f}"
    yield Row("stack-time", our_s / their_s, "of mergekit's", "< 1", peer_s)
    yield Row("stack-peak-memory", our_mib / their_mib, "of mergekit's", "< 1", peer_mib)
    yield Row("stack-weights", differing, "differ from mergekit's", "<= 0")


def _linear(peer: Peer, folder: Path) -> Row:
    """Averages in 32 bits are rounded to 16: another order of sums may move the last one."""
    (folder / "linear.yml").write_text(LINEAR)
    models = ["--model", "base.gguf", "--model", "pirate.gguf"]
    _run([*_MAIN, "import", "linear.yml", "-o", "plan.txt", *models], folder)
    _run([*_MAIN, "bake", "plan.txt", "--static", "--type", "F16", "-o", "baked.gguf"], folder)
    peer.merge("linear.yml", "averaged", folder)
    differing = peer.share_differing(folder / "averaged", folder / "baked.gguf")
    return Row("linear-weights", differing * 1e6, "in a million differ", "<= 100", "by one bit")


def _run(words: Sequence[str | Path], folder: Path) -> Used:
    """A command that has to succeed."""
    begun = time.perf_counter()
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    process = subprocess.Popen(words, cwd=folder, env=offline, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return Used(time.perf_counter() - begun, usage.ru_maxrss * 1024)


if __name__ == "__main__":
    print(table(mergekit_rows()))
