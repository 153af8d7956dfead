"""Several plans answer one prompt together, a token of each in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from app.engine.messages import Event, Generate, OfPlan, TextPiece
from app.engine.open_plan import OpenPlan
from app.engine.replies.generation import Generation, Tell
from app.engine.replies.sampling import seed_for


def generate_together(
    plans: Sequence[OpenPlan], request: Generate, pause: Callable[[], None], tell: Tell
) -> None:
    """Tells the plans' replies, each as the plan alone would answer with the same seed.

    Raises as Generation does; `pause` stops all of them.
    """
    sampling = replace(request.sampling, seed=seed_for(request.sampling))
    request = replace(request, sampling=sampling)
    with ExitStack() as closing:
        speaking: dict[int, Generation] = {}
        for at, plan in enumerate(plans):
            speaking[at] = Generation(plan, request, pause, _teller(at, tell))
            closing.callback(speaking[at].close)
        for generation in speaking.values():
            generation.read_prompt()
        while speaking:
            for at, generation in list(speaking.items()):
                if not generation.step():
                    tell(OfPlan(at, generation.reply()))
                    del speaking[at]


def _teller(at: int, tell: Tell) -> Tell:
    def of_plan(event: Event) -> None:
        tell(OfPlan(at, event) if isinstance(event, TextPiece) else event)

    return of_plan
