"""The memory estimate against what engine processes then hold at most, ours and another's."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

from app.engine.client import EngineClient
from app.engine.messages import EstimateMemory, Generate, Open, Reply, Sampling
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.memory.kv_types import KvType
from tests.bench.processes import ROOT, peer_python
from tests.bench.recipes import N_LAYERS, RECIPES
from tests.bench.row import Row
from tests.model_files.tiny import TinyModel, write_tiny

PLANS = ("whole", "15 left out", "merged", "all layers twice")
CONTEXTS = (512, 4096, 16384)
KV_TYPES: tuple[KvType, ...] = ("f16", "q8_0")
SENTENCE = "The quick brown fox jumps over the lazy dog. "
GREEDY = Sampling(temperature=0)
# SmolLM2-135M as ggufit would keep it, from the model's published configuration.
SMOLLM2 = {
    "params_billion": 0.134515,
    "layers": 30,
    "hidden_size": 576,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
}
_PINS = Path(__file__).with_name("memory_peer.txt")
_MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """One cell of the matrix, in bytes."""

    plan: str
    settings: ContextSettings
    estimated: int
    measured: int

    @property
    def off(self) -> int:
        """How far the estimate is above what was measured."""
        return self.estimated - self.measured

    @property
    def share(self) -> float:
        """Of what it may be off: the larger of 1 % and 4 MiB."""
        return abs(self.off) / max(0.01 * self.measured, 4 * _MIB)

    @property
    def words(self) -> str:
        """Which one it is, and how far off."""
        s = self.settings
        mapped = "mapped" if s.use_mmap else "copied"
        name = f"{self.plan}, {s.n_ctx}, {s.kv_type}, {mapped}"
        return f"{name}: {self.off / _MIB:+.1f} of {self.measured / _MIB:.0f} MiB"


def rows(model: Path) -> Iterator[Row]:
    """All rows of the estimate."""
    cases = _matrix(model, n_sentence_tokens=10)
    yield from _accuracy("smollm2", cases)
    with tempfile.TemporaryDirectory() as folder:
        tiny = TinyModel(n_layers=N_LAYERS, n_embd=128, n_ff=512)
        path = write_tiny(Path(folder, "tiny.gguf"), tiny)
        yield from _accuracy("tiny", _matrix(path, n_sentence_tokens=38))
    yield _against_peer([case for case in cases if case.plan == "whole"])


def _matrix(model: Path, n_sentence_tokens: int) -> list[Case]:
    """Each plan with each context, KV cache type and way to hold weights, in fresh processes."""
    estimator = EngineClient()
    cases = []
    try:
        for plan, n_ctx, kv_type, use_mmap in product(PLANS, CONTEXTS, KV_TYPES, (True, False)):
            settings = ContextSettings(n_ctx=n_ctx, kv_type=kv_type, use_mmap=use_mmap)
            request = EstimateMemory((str(model),), RECIPES[plan], settings)
            estimate = estimator.submit(request).result()
            assert isinstance(estimate, MemoryEstimate)
            n_sentences = min(n_ctx - 40, 2 * settings.n_batch) // n_sentence_tokens
            measured = _peak_bytes(request, SENTENCE * n_sentences)
            cases.append(Case(plan, settings, estimate.total_bytes, measured))
    finally:
        estimator.close()
    return cases


def _peak_bytes(request: EstimateMemory, prompt: str) -> int:
    """The most that a process held which opened the plan and read the prompt."""
    engine = EngineClient()
    try:
        engine.submit(Open(request.model_paths, request.recipe, request.settings)).result()
        reply = engine.submit(Generate((), prompt, 8, GREEDY)).result()
    finally:
        engine.close()
    assert isinstance(reply, Reply)
    return reply.peak_rss_bytes


def _accuracy(name: str, cases: Sequence[Case]) -> Iterator[Row]:
    worst = max(cases, key=lambda case: case.share)
    yield Row(f"estimate-{name}", worst.share, "of max(1 %, 4 MiB)", "<= 1", worst.words)
    lowest = min(cases, key=lambda case: case.off / case.measured)
    below = max(0.0, -100 * lowest.off / lowest.measured)
    yield Row(f"estimate-{name}-below", below, "% below", "<= 0.2", lowest.words)


def _against_peer(cases: Sequence[Case]) -> Row:
    """How far the median estimate of the whole model is off, ours as a share of ggufit's."""
    asked = [
        (SMOLLM2, "q4", c.settings.n_ctx, 16 if c.settings.kv_type == "f16" else 8) for c in cases
    ]
    done = subprocess.run(
        [str(peer_python("memory-peer", _PINS)), "-m", "tests.bench.memory_peer"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    answers = zip(json.loads(done.stdout), cases, strict=True)
    theirs = [abs(n_bytes - case.measured) / _MIB for n_bytes, case in answers]
    ours = median(abs(case.off) / _MIB for case in cases)
    peer = f"{ours:.1f} MiB; ggufit {median(theirs):.0f}, {min(theirs):.0f} to {max(theirs):.0f}"
    return Row("estimate-against-ggufit", ours / median(theirs), "of its error", "< 1", peer)
