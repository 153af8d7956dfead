"""A summary of turns that left a conversation, as the model is asked for it and told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.engine.messages import ChatMessage

SUMMARISE = ChatMessage(
    "user",
    "Summarise our conversation so far in a few sentences, for yourself: what I asked for, what "
    "you answered, and every name, number and decision that may still matter.",
)


def summary_note(summary: str) -> str:
    """What the model reads of the turns that left."""
    return f"(What we said before, in short: {summary.strip()})\n\n"


def with_summary(messages: Sequence[ChatMessage], summary: str) -> tuple[ChatMessage, ...]:
    """The turns that are left, with the summary put before the first one of the user's."""
    at = next((n for n, m in enumerate(messages) if m.role == "user"), None)
    if at is None:
        return tuple(messages)
    turn = replace(messages[at], content=summary_note(summary) + messages[at].content)
    return (*messages[:at], turn, *messages[at + 1 :])
