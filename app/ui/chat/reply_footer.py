"""The line under a reply: how it went and what it was made with, in words."""

from __future__ import annotations

from app.conversations.reply_record import ReplyRecord
from app.engine.messages import ReplyStatistics
from app.ui.widgets.quantity import quantity

STOP_WORDS = {
    "end": "the model ended its reply",
    "stop_string": "stopped at a stop string",
    "length": "stopped at the token limit",
    "context_full": "stopped because the context is full",
    "cancelled": "stopped by you",
}
INTERRUPTED = "Interrupted: the reply ends here because the engine or the program stopped."


def footer_of(record: ReplyRecord | None) -> str:
    """The words; '' where nothing is known."""
    if record is None:
        return ""
    if not record.has_ended:
        return INTERRUPTED
    statistics = record.statistics
    tokens = quantity(statistics.n_generated, "more token" if record.n_begun else "token")
    speed = f", {statistics.tokens_per_s:.0f} tok/s" if statistics.tokens_per_s else ""
    parts = [tokens + speed, _prompt(statistics)]
    if statistics.first_token_s:
        parts.append(f"first token after {statistics.first_token_s:.2f} s")
    parts += [
        f"context {statistics.n_ctx_used} of {record.n_ctx}",
        STOP_WORDS.get(statistics.stop_reason, statistics.stop_reason),
        *_left_out(statistics),
        f"seed {statistics.seed}",
        f"{record.plan_name} {statistics.plan_hash[:12]}",
    ]
    return " · ".join([*parts, record.remark] if record.remark else parts)


def _prompt(statistics: ReplyStatistics) -> str:
    words = f"prompt {statistics.n_prompt}"
    if statistics.n_prompt_evaluated < statistics.n_prompt:
        words += f" ({statistics.n_prompt_evaluated} new)"
    if statistics.prompt_tokens_per_s:
        words += f", {statistics.prompt_tokens_per_s:.0f} tok/s"
    return words


def _left_out(statistics: ReplyStatistics) -> list[str]:
    if not statistics.n_left_out:
        return []
    became = ", replaced by a summary" if statistics.summary else ""
    return [
        f"the oldest {quantity(statistics.n_left_out, 'message')} were dropped from the full "
        f"context{became}"
    ]
