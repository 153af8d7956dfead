"""The conversation as it is sent: prompts, answers and the system message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.engine.messages import ChatMessage


class SystemMode(Enum):
    """Which system message goes first."""

    TEMPLATE = "template"
    EMPTY = "empty"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """The user's choice; `text` counts only when it is the user's own."""

    mode: SystemMode
    text: str = ""

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """What is put before the conversation: nothing lets the template insert its default."""
        if self.mode is SystemMode.TEMPLATE:
            return ()
        return (ChatMessage("system", self.text if self.mode is SystemMode.OWN else ""),)


@dataclass(slots=True)
class Exchange:
    """A prompt and its answer, None while (or because) there is none."""

    prompt: str
    answer: str | None = None


class Conversation:
    """The exchanges so far. One without an answer is not sent again once another follows it."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def ask(self, prompt: str) -> Exchange:
        """A new exchange at the end."""
        self.exchanges = [e for e in self.exchanges if e.answer is not None]
        exchange = Exchange(prompt)
        self.exchanges.append(exchange)
        return exchange

    def reopen_last(self) -> Exchange | None:
        """The last exchange with its answer taken away, None when nothing was asked yet."""
        if not self.exchanges:
            return None
        self.exchanges[-1].answer = None
        return self.exchanges[-1]

    def clear(self) -> None:
        """Forget everything said."""
        self.exchanges.clear()

    def messages(self, system: SystemMessage) -> tuple[ChatMessage, ...]:
        """What to send for an answer to the last prompt."""
        turns: list[ChatMessage] = [*system.messages]
        for exchange in self.exchanges:
            turns.append(ChatMessage("user", exchange.prompt))
            if exchange.answer is not None:
                turns.append(ChatMessage("assistant", exchange.answer))
        return tuple(turns)
