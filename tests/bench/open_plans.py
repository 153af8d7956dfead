"""Plans switched in mid-conversation, and faders moved while one speaks: how soon it is heard."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from app.engine.client import EngineClient
from app.engine.messages import (
    ClosePlan,
    Event,
    Generate,
    Open,
    Reply,
    Sampling,
    ScalesMoved,
    SetScales,
    TextPiece,
)
from app.plan.recipe import Recipe, RecipeMerge
from tests.bench.recipes import RECIPES
from tests.bench.row import Row

GREEDY = Sampling(temperature=0)
PROMPT = "The quick brown fox jumps over the lazy dog. " * 20
N_SWITCHES = 6
N_MOVES = 20


def rows(model: Path) -> Iterator[Row]:
    """Both rows."""
    yield _switch_to_token(model)
    yield _fader_to_token(model)


def _switch_to_token(model: Path) -> Row:
    """From asking for a plan beside another one, over the same weights, to the first piece of its
    reply; without the time in which it reads the prompt."""
    client = EngineClient()
    added = []
    try:
        client.submit(Open((str(model),), RECIPES["whole"])).result()
        for _ in range(N_SWITCHES):
            arrived: list[float] = []

            def on_event(event: Event, arrived: list[float] = arrived) -> None:
                if isinstance(event, TextPiece):
                    arrived.append(time.perf_counter())

            begun = time.perf_counter()
            client.submit(Open((str(model),), RECIPES["merged"], slot=1))
            reply = client.submit(Generate((), PROMPT, 2, GREEDY, slot=1), on_event).result()
            assert isinstance(reply, Reply)
            prompt_s = reply.statistics.n_prompt_evaluated / reply.statistics.prompt_tokens_per_s
            added.append((arrived[0] - begun - prompt_s) * 1e3)
            client.submit(ClosePlan(1)).result()
    finally:
        client.close()
    peer = (
        f"and its prompt of {reply.statistics.n_prompt_evaluated} tokens, {prompt_s * 1e3:.0f} ms"
    )
    return Row("plan-switch-to-token", median(added), "ms", "< 60", peer)


def _fader_to_token(model: Path) -> Row:
    """From a moved scale to the arrival of the first token that was computed with it, beyond the
    usual time between two tokens."""
    recipe = RECIPES["merged"]
    block, scale = _first_scale(recipe)
    told: list[tuple[float, Event]] = []
    moved: list[float] = []
    client = EngineClient()
    try:
        client.submit(Open((str(model),), recipe)).result()
        while len(moved) < N_MOVES:
            n_before = len(told)
            job = client.submit(
                Generate((), PROMPT, 200, GREEDY),
                lambda event: told.append((time.perf_counter(), event)),
            )
            while not any(isinstance(event, TextPiece) for _, event in told[n_before:]):
                time.sleep(0.01)
            while not job.done() and len(moved) < N_MOVES:
                time.sleep(random.uniform(0.1, 0.2))
                moved.append(time.perf_counter())
                scale += 0.001
                client.submit(SetScales(((block, 0, scale),))).result()
            job.result()
    finally:
        client.close()
    pairs = list(pairwise(told))
    usual_ms = median(
        (after[0] - before[0]) * 1e3
        for before, after in pairs
        if isinstance(before[1], TextPiece) and isinstance(after[1], TextPiece)
    )
    heard = [after[0] for before, after in pairs if isinstance(before[1], ScalesMoved)]
    waits_ms = [(at - asked) * 1e3 for at in heard if (asked := _latest(moved, at)) is not None]
    over_ms = [wait_ms - usual_ms for wait_ms in waits_ms]
    peer = f"beyond a token's {usual_ms:.0f} ms, the longest {max(over_ms):.0f} ms"
    return Row("fader-to-token", median(over_ms), "ms", "< 20", peer)


def _latest(times: list[float], before: float) -> float | None:
    return max((at for at in times if at < before), default=None)


def _first_scale(recipe: Recipe) -> tuple[int, float]:
    """The first merge of a recipe, and the scale of its first input."""
    number = next(n for n, b in enumerate(recipe.blocks) if isinstance(b, RecipeMerge))
    return number, recipe.scale(number, 0)
