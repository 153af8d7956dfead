"""Two plans side by side: how fast each of them speaks against one alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil

from app.engine.client import EngineClient, EngineState
from app.engine.messages import (
    Event,
    Generate,
    GenerateTogether,
    OfPlan,
    Open,
    Reply,
    Request,
    Sampling,
)
from app.memory.context_settings import ContextSettings
from tests.bench.recipes import RECIPES
from tests.bench.row import Row

N_ROUNDS = 3
N_TOKENS = 48
TALE = Generate((), "Once upon a time", N_TOKENS, Sampling(temperature=0))
ONE_THREAD = ContextSettings(n_ctx=512, n_threads=1)
"""With one thread the processor time is the decode's own, whatever else the machine does."""


def rows(model: Path) -> Iterator[Row]:
    """The row of two plans over the same weights."""
    states: list[EngineState] = []
    client = EngineClient(states.append)
    plans = tuple(
        Open((str(model),), RECIPES[name], ONE_THREAD, slot)
        for slot, name in enumerate(("whole", "branches"))
    )

    def seconds(request: Request, n_replies: int) -> float:
        """Processor time of the engine process until the answer."""
        n_tokens: list[int] = []

        def take(event: Event) -> None:
            if isinstance(event, OfPlan) and isinstance(event.event, Reply):
                n_tokens.append(event.event.statistics.n_generated)

        process = psutil.Process(next(state.pid for state in states if state.pid))
        before = sum(process.cpu_times()[:2])
        reply = client.submit(request, take).result()
        passed = sum(process.cpu_times()[:2]) - before
        assert (n_tokens or [getattr(reply, "n_generated", 0)]) == [N_TOKENS] * n_replies
        return passed

    try:
        for plan in plans:
            client.submit(plan).result()
        both = GenerateTogether(plans, TALE)
        client.submit(both).result()
        shares = []
        for _ in range(N_ROUNDS):
            alone = [seconds(replace(TALE, slot=slot), 1) for slot in (0, 1)]
            shares.append(sum(alone) / 2 / seconds(both, 2))
    finally:
        client.close()
    yield Row("side-by-side", median(shares), "of one alone", ">= 0.48", "each of two plans")
