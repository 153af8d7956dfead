"""The engine's figures through its client: plan switch, stop, memory held and estimated."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import psutil

from app.engine.client import EngineClient, EngineState
from app.engine.messages import EstimateMemory, Generate, Open, OpenedPlan, Reply, Sampling
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from tests.bench.recipes import RECIPES
from tests.bench.row import Row, middle

GREEDY = Sampling(temperature=0)
SENTENCE = "The quick brown fox jumps over the lazy dog. "
N_STOPS = 5
N_SWITCHES = 12
N_PROCESSES = 3
SMALL = ContextSettings(n_ctx=512)


def rows(model: Path) -> Iterator[Row]:
    """All of the engine's rows."""
    yield middle([_plan_switch(model) for _ in range(N_PROCESSES)])
    yield middle([_stop(model) for _ in range(N_PROCESSES)])
    yield from _held(model)


def _plan_switch(model: Path) -> Row:
    """A view and a context over loaded weights: processor time of the engine process."""
    states: list[EngineState] = []
    client = EngineClient(states.append)
    try:
        for name in ("whole", "merged"):
            client.submit(Open((str(model),), RECIPES[name])).result()
        process = psutil.Process(next(state.pid for state in states if state.pid))
        before = sum(process.cpu_times()[:2])
        walls = []
        for name in ("whole", "merged") * (N_SWITCHES // 2):
            opened = client.submit(Open((str(model),), RECIPES[name])).result()
            assert isinstance(opened, OpenedPlan)
            walls.append(opened.view_ms)
        switch_ms = (sum(process.cpu_times()[:2]) - before) * 1e3 / N_SWITCHES
    finally:
        client.close()
    return Row("plan-switch", switch_ms, "ms", "< 50", f"on the clock {median(walls):.0f} ms")


def _stop(model: Path) -> Row:
    """From a cancel amid a long prompt to the answer."""
    client = EngineClient()
    try:
        client.submit(Open((str(model),), RECIPES["whole"])).result()
        times = []
        for i in range(N_STOPS):
            prompt = f"{i} {SENTENCE * 350}"
            job = client.submit(Generate((), prompt, 8, GREEDY))
            time.sleep(0.4 + i * 0.07)
            begun = time.perf_counter()
            client.cancel()
            reply = job.result()
            times.append((time.perf_counter() - begun) * 1e3)
            assert isinstance(reply, Reply)
            assert (reply.statistics.stop_reason, reply.statistics.n_generated) == ("cancelled", 0)
    finally:
        client.close()
    return Row("stop-in-prompt", max(times), "ms", "< 100", f"the longest of {N_STOPS}")


def _held(model: Path) -> Iterator[Row]:
    """What an engine process holds more or less than with the whole model, mapped files included,
    once each plan has filled its context."""
    whole_bytes, whole = _rss_bytes(model, "whole"), _estimated(model, "whole")

    short_bytes, short = _rss_bytes(model, "15 left out"), _estimated(model, "15 left out")
    saved_bytes = whole_bytes - short_bytes - (_rest_bytes(whole) - _rest_bytes(short))
    layers_bytes = whole.weights_bytes - short.weights_bytes
    peer = f"{layers_bytes / 2**20:.1f} MiB in 15 layers"
    yield Row("left-out-memory", saved_bytes / layers_bytes, "of their bytes", ">= 0.98", peer)

    after_bytes = _rss_bytes(model, "whole", "15 left out")
    saved_bytes = whole_bytes - after_bytes - (_rest_bytes(whole) - _rest_bytes(short))
    yield Row("left-out-after-whole", saved_bytes / layers_bytes, "of their bytes", ">= 0.98", peer)

    twice_bytes, twice = (
        _rss_bytes(model, "all layers twice"),
        _estimated(model, "all layers twice"),
    )
    added_bytes = twice_bytes - whole_bytes - (_rest_bytes(twice) - _rest_bytes(whole))
    yield Row("repeated-weights", twice.weights_bytes - whole.weights_bytes, "bytes more", "<= 0")
    peer = f"{(_rest_bytes(twice) - _rest_bytes(whole)) / 2**20:.1f} MiB of KV and compute"
    yield Row("repeated-memory", added_bytes / 2**20, "MiB beyond", "<= 8", peer)


def _rss_bytes(model: Path, *names: str) -> int:
    """Of a process that has opened these plans one after the other and filled their contexts: the
    median of several, since huge pages make it a step more or less."""
    return int(median(_rss_bytes_once(model, names) for _ in range(N_PROCESSES)))


def _rss_bytes_once(model: Path, names: Sequence[str]) -> int:
    states: list[EngineState] = []
    engine = EngineClient(states.append)
    try:
        for name in names:
            engine.submit(Open((str(model),), RECIPES[name], SMALL)).result()
            reply = engine.submit(Generate((), SENTENCE * 49, -1, GREEDY)).result()
            assert isinstance(reply, Reply)
        pid = next(state.pid for state in states if state.pid)
        return int(psutil.Process(pid).memory_info().rss)
    finally:
        engine.close()


def _estimated(model: Path, name: str, settings: ContextSettings = SMALL) -> MemoryEstimate:
    estimator = EngineClient()
    try:
        estimate = estimator.submit(EstimateMemory((str(model),), RECIPES[name], settings)).result()
    finally:
        estimator.close()
    assert isinstance(estimate, MemoryEstimate)
    return estimate


def _rest_bytes(estimate: MemoryEstimate) -> int:
    return estimate.kv_bytes + estimate.compute_bytes
