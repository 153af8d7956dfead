"""How fast plans run: beside the unpatched library, and beside other plans of as many layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from app.engine.native import LIBRARY_DIR
from tests.bench.recipes import N_LAYERS, RECIPES
from tests.bench.row import Row, middle
from tests.bench.speed import Speed, Times, measuring

UNPATCHED_DIR = LIBRARY_DIR.parents[1] / "unpatched" / "lib"
N_ROUNDS = 3
N_PROCESSES = 3
N_PAIRS = 5
KINDS = ("prompt", "generation")


def rows(model: Path) -> Iterator[Row]:
    """All rows of speed."""
    yield from _identity(model)
    runs = []
    for _ in range(N_PROCESSES):
        with measuring(model, LIBRARY_DIR, "patched") as ours:
            runs.append([*_left_out(ours), *_branches(ours), _long_plan(ours)])
    yield from map(middle, zip(*runs, strict=True))


def _identity(model: Path) -> Iterator[Row]:
    """Over several pairs of processes: where the system happens to lay one's memory makes it a
    percent faster or slower for as long as it lives."""
    rounds = []
    for _ in range(N_PAIRS):
        with (
            measuring(model, LIBRARY_DIR, "patched") as ours,
            measuring(model, UNPATCHED_DIR, "unpatched") as theirs,
        ):
            rounds += _rounds(partial(ours.measure, "whole"), partial(theirs.measure, "whole"), n=4)
    for kind in KINDS:
        ratio = median(getattr(their, kind) / getattr(our, kind) for our, their in rounds)
        yield Row(f"identity-{kind}", ratio, "ratio", ">= 0.99", "unpatched, same source")


def _left_out(ours: Speed) -> Iterator[Row]:
    """The time without some layers against what a layer's share of the whole says it should be.

    The part that is no layer's (embeddings, head) is what the times with all layers and with a
    single one leave over.
    """
    plans = ("8 left out", "15 left out")
    rounds = _rounds(
        *(lambda name=name: ours.measure(name) for name in ("whole", "one layer", *plans))
    )
    for at, name in enumerate(plans):
        n = RECIPES[name].n_plan_layers
        for kind in KINDS:
            ratios = []
            for whole, one, *shorter in rounds:
                one_ms = getattr(one, kind)
                layer_ms = (getattr(whole, kind) - one_ms) / (N_LAYERS - 1)
                ratios.append(getattr(shorter[at], kind) / (one_ms + (n - 1) * layer_ms))
            off = abs(median(ratios) - 1) * 100
            id = f"{name.replace(' ', '-')}-{kind}"
            yield Row(id, off, "% off its share", "<= 3", f"{n} of {N_LAYERS} layers")


def _branches(ours: Speed) -> Iterator[Row]:
    rounds = _rounds(lambda: ours.measure("branches"), lambda: ours.measure("whole"))
    for kind in KINDS:
        ratio = median(getattr(a, kind) / getattr(b, kind) for a, b in rounds)
        yield Row(f"branches-{kind}", ratio, "ratio", "<= 1.01", "as many layers in sequence")


def _long_plan(ours: Speed) -> Row:
    """What a further plan layer costs, up to 512 against up to 64."""
    names = ("one layer", "64 plan layers", "512 plan layers")
    rounds = _rounds(*(lambda name=name: ours.measure(name, 16, 4) for name in names))
    ratio = median(
        (long.generation - one.generation) / 511 / ((short.generation - one.generation) / 63)
        for one, short, long in rounds
    )
    return Row("layer-of-512", ratio, "ratio", "<= 1.1", "a layer of 64, generation")


def _rounds(*measures: Callable[[], Times], n: int = N_ROUNDS) -> list[tuple[Times, ...]]:
    """Each round measures all, every other one in reverse order, so that none is always first."""
    rounds = []
    for i in range(n):
        order = range(len(measures))[:: -1 if i % 2 else 1]
        times = {at: measures[at]() for at in order}
        rounds.append(tuple(times[at] for at in range(len(measures))))
    return rounds
