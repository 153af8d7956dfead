"""The replies to one prompt over the values of a fader, as CSV, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.engine.messages import ReplyStatistics
from app.ui.tools.results_table import Table

HEADERS = ("Scale", "Tokens", "tok/s", "First other token", "Reply")


@dataclass(frozen=True, slots=True)
class SweepReply:
    """What was said at one scale. `first_difference` is the number, from 1, of the first token
    that the reply before does not have there; None where it is the same or there is none before."""

    scale: float
    text: str
    statistics: ReplyStatistics
    first_difference: int | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was asked, and what came of it."""

    plan_name: str
    fader: str
    prompt: str
    system: str | None
    """None for the template's own system message."""
    seed: int | None
    sampling: Mapping[str, Any]
    n_predict: int
    replies: tuple[SweepReply, ...]

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
        document = {**asdict(self), "replies": [_json(reply) for reply in self.replies]}
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _json(reply: SweepReply) -> dict[str, object]:
    statistics = reply.statistics
    return {
        "scale": reply.scale,
        "text": reply.text,
        "n_tokens": statistics.n_generated,
        "tokens_per_s": statistics.tokens_per_s,
        "stop_reason": statistics.stop_reason,
        "plan_hash": statistics.plan_hash,
        "first_difference": reply.first_difference,
    }


def cells(reply: SweepReply, place: int) -> tuple[str, str, str, str, str]:
    """A reply under HEADERS; `place` is its row, from 0."""
    if place == 0:
        other = "the first reply"
    elif reply.first_difference is None:
        other = "none, the same reply"
    else:
        other = f"token {reply.first_difference}"
    statistics = reply.statistics
    tokens, speed = f"{statistics.n_generated}", f"{statistics.tokens_per_s:.1f}"
    return f"{reply.scale:g}", tokens, speed, other, reply.text
