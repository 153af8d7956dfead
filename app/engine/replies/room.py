"""Room in a context that a conversation does not fit into: whole turns leave it, the oldest first,
with or without a summary in their place."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import NamedTuple

from app.engine.messages import ChatMessage, Generate, Sampling
from app.engine.open_plan import OpenPlan
from app.engine.replies.summaries import SUMMARISE

_SHARE_FREE = 4
"""A quarter of the context is made free, where whole turns allow it."""
_SHARE_SUMMARY = 8


class Left(NamedTuple):
    """A request without its oldest turns."""

    request: Generate
    out: tuple[ChatMessage, ...]
    """The turns, without the system message."""


def with_room(plan: OpenPlan, request: Generate, n_said: int) -> Left | None:
    """The request without as few of its oldest turns as make room for the `n_said` tokens said
    already and as many again as are worth it; None where the last turn alone has no room."""
    messages, n_ctx = request.messages, plan.context.n_ctx
    first = 1 if messages and messages[0].role == "system" else 0
    begins = [at for at, m in enumerate(messages) if m.role == "user" and at > first]

    def left_at(at: int) -> Left:
        kept = replace(request, messages=(*messages[:first], *messages[at:]))
        return Left(kept, messages[first:at])

    def is_enough(at: int) -> bool:
        return n_needed(at) <= n_ctx - n_ctx // _SHARE_FREE

    def n_needed(at: int) -> int:
        n_summary = n_ctx // _SHARE_SUMMARY if request.when_full == "summarise" else 0
        return len(plan.prompts.of(left_at(at).request).tokens) + n_said + n_summary

    if not begins:
        return None
    place = bisect_left(begins, True, key=is_enough)
    if place == len(begins):
        place -= 1
        if n_needed(begins[place]) >= n_ctx:
            return None
    return left_at(begins[place])


def summary_request(plan: OpenPlan, request: Generate, out: tuple[ChatMessage, ...]) -> Generate:
    """What the model is asked for a summary of the turns that leave."""
    return Generate(
        messages=(*out, SUMMARISE),
        n_predict=plan.context.n_ctx // _SHARE_SUMMARY,
        sampling=Sampling(temperature=0.0),
        chat_template=request.chat_template,
        when_full="slide",
    )
