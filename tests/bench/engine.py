"""The engine's figures: speed beside the unpatched library, plan switch, estimate against peak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from app.engine.client import EngineClient
from app.engine.messages import (
    ContextSettings,
    EstimateMemory,
    Generate,
    MemoryEstimate,
    Open,
    OpenedPlan,
    Reply,
    Sampling,
)
from app.engine.native import LIBRARY_DIR
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.bench.row import Row
from tests.bench.speed import measuring

UNPATCHED_DIR = LIBRARY_DIR.parents[1] / "unpatched" / "lib"
N_PAIRS = 9

WHOLE = Recipe.whole(30)
MERGED = Recipe(
    (
        RecipeWeight(0, 22, 0, -1),
        RecipeWeight(22, 30, 22, 0),
        RecipeWeight(30, 34, 26, 0),
        RecipeMerge(((1, 0.8), (2, 0.2))),
    )
)
SHORT = Recipe((RecipeWeight(0, 11, 0, -1), RecipeWeight(11, 26, 15, 0)))


def engine_rows(model: Path) -> Iterator[Row]:
    """All of the engine's rows."""
    yield from _identity_speed(model)
    yield _plan_switch(model)
    for name, recipe in (("whole", WHOLE), ("merged", MERGED), ("short", SHORT)):
        yield _estimate(model, name, recipe)


def _identity_speed(model: Path) -> Iterator[Row]:
    with (
        measuring(model, LIBRARY_DIR, "patched") as ours,
        measuring(model, UNPATCHED_DIR, "unpatched") as theirs,
    ):
        ours.measure()
        theirs.measure()
        pairs = []
        for i in range(N_PAIRS):
            first, second = (ours, theirs) if i % 2 else (theirs, ours)
            a, b = first.measure(), second.measure()
            pairs.append((a, b) if i % 2 else (b, a))
    for what in ("generation", "prompt"):
        ratio = median(our[what] / their[what] for our, their in pairs)
        yield Row(f"identity-{what}", ratio, "ratio", ">= 0.98", "unpatched, same source")


def _plan_switch(model: Path) -> Row:
    """A view and a context over loaded weights."""
    client = EngineClient()
    try:
        times = []
        for recipe in (WHOLE, MERGED) * 6:
            opened = client.submit(Open((str(model),), recipe)).result()
            assert isinstance(opened, OpenedPlan)
            times.append(opened.view_ms)
    finally:
        client.close()
    return Row("plan-switch", median(times[1:]), "ms", "< 60")


def _estimate(model: Path, name: str, recipe: Recipe) -> Row:
    """How far the estimate is from the peak of a process that has read a full batch, as a share
    of what is allowed: the larger of 2 % and 8 MiB."""
    paths, settings = (str(model),), ContextSettings(n_ctx=4096)
    estimator, engine = EngineClient(), EngineClient()
    try:
        estimate = estimator.submit(EstimateMemory(paths, recipe, settings)).result()
        engine.submit(Open(paths, recipe, settings)).result()
        text = "The quick brown fox jumps over the lazy dog. " * 100
        reply = engine.submit(Generate((), text, 8, Sampling(temperature=0))).result()
    finally:
        estimator.close()
        engine.close()
    assert isinstance(estimate, MemoryEstimate)
    assert isinstance(reply, Reply)
    allowed = max(0.02 * reply.peak_rss_bytes, 8 << 20)
    off = abs(estimate.total_bytes - reply.peak_rss_bytes)
    peer = f"measured peak {reply.peak_rss_bytes / 2**20:.1f} MiB"
    return Row(f"estimate-{name}", off / allowed, "of max(2 %, 8 MiB)", "<= 1", peer)
