"""The replies to one prompt over the values of a fader, as CSV, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.ui.tools.measure.table import Table

HEADERS = ("Scale", "Tokens", "tok/s", "First other token", "Reply")


@dataclass(frozen=True, slots=True)
class SweptReply:
    """What was said at one scale. `first_difference` is the number, from 1, of the first token
    that the reply before does not have there; None where it is the same or there is none before."""

    scale: float
    text: str
    n_tokens: int
    tokens_per_s: float
    stop_reason: str
    plan_hash: str
    first_difference: int | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was asked, and what came of it."""

    plan_name: str
    fader: str
    prompt: str
    system: str | None
    """None for the template's own system message."""
    seed: int
    sampling: Mapping[str, Any]
    n_predict: int
    replies: tuple[SweptReply, ...]

    def csv(self) -> str:
        """A row for each reply."""
        return Table(HEADERS, [cells(reply, n) for n, reply in enumerate(self.replies)]).csv()

    def markdown(self) -> str:
        """A heading for each scale, with the reply as it was written."""
        lines = [
            f"# {self.fader} of {self.plan_name}",
            f"Prompt: {self.prompt}",
            f"Seed {self.seed}, temperature {self.sampling.get('temperature', 0):g}, "
            f"{self.n_predict} tokens at most",
        ]
        for n, reply in enumerate(self.replies):
            scale, tokens, speed, other, text = cells(reply, n)
            lines += [f"## Scale {scale}", f"{tokens} tokens, {speed} tok/s; {other}", text]
        return "\n\n".join(lines) + "\n"

    def json(self) -> str:
        """All that is known."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


def cells(reply: SweptReply, place: int) -> tuple[str, str, str, str, str]:
    """A reply under HEADERS; `place` is its row, from 0."""
    if place == 0:
        other = "the first reply"
    elif reply.first_difference is None:
        other = "none, the same reply"
    else:
        other = f"token {reply.first_difference}"
    tokens, speed = f"{reply.n_tokens}", f"{reply.tokens_per_s:.1f}"
    return f"{reply.scale:g}", tokens, speed, other, reply.text
