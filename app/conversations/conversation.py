"""A conversation: a tree of messages, of which one path is shown and sent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from app.conversations.reply_record import ReplyRecord
from app.engine.messages import ChatMessage
from app.engine.replies.summaries import with_summary

Role = Literal["user", "assistant"]
MAX_TITLE = 60


class SystemMode(Enum):
    """Which system message goes first."""

    TEMPLATE = "template"
    EMPTY = "empty"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """The user's choice; `text` counts only when it is the user's own."""

    mode: SystemMode = SystemMode.TEMPLATE
    text: str = ""

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """What is put before the conversation: nothing lets the template insert its default."""
        if self.mode is SystemMode.TEMPLATE:
            return ()
        return (ChatMessage("system", self.text if self.mode is SystemMode.OWN else ""),)


@dataclass(frozen=True, slots=True)
class Message:
    """A turn. `parent` is the message that it follows, None for the first.

    Messages with one parent are variants; the one with the highest `chosen` is shown.
    """

    id: str
    parent: str | None
    role: Role
    text: str
    created: float
    """Seconds since 1970."""
    chosen: int = 1
    record: ReplyRecord | None = None
    """Of a reply, where it is known."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What is to be written of a conversation: changed messages, and those above them in case
    another window took them out."""

    id: str
    title: str
    created: float
    system: SystemMessage
    messages: tuple[Message, ...] = ()
    above: tuple[Message, ...] = ()
    """Parents first."""


class Conversation:
    """Messages by their ids, parents before children."""

    def __init__(
        self,
        id: str = "",
        title: str = "",
        created: float = 0.0,
        system: SystemMessage = SystemMessage(),
        messages: Iterable[Message] = (),
    ) -> None:
        self.id = id or new_id()
        self.title = title
        self.created = created or time.time()
        self.system = system
        self.messages: dict[str, Message] = {}
        self._children: dict[str | None, list[str]] = {}
        self.restore(messages)

    @property
    def path(self) -> tuple[Message, ...]:
        """What is shown, from the first message on."""
        path: list[Message] = []
        at: str | None = None
        while siblings := self._children.get(at):
            path.append(max((self.messages[i] for i in siblings), key=lambda m: m.chosen))
            at = path[-1].id
        return tuple(path)

    def variants(self, id: str) -> tuple[Message, ...]:
        """A message and those beside it, in the order in which they were made."""
        siblings = self._children[self.messages[id].parent]
        return tuple(self.messages[i] for i in siblings)

    def add(self, role: Role, text: str, parent: str | None) -> Message:
        """A new message under `parent`, shown from now on."""
        text = whole_text(text)
        if not self.title and role == "user":
            self.title = title_from(text)
        message = Message(new_id(), parent, role, text, time.time(), self._next_choice(parent))
        self._put(message)
        return message

    def write(self, id: str, text: str, record: ReplyRecord | None) -> Message:
        """Give a message this text and record."""
        self.messages[id] = replace(self.messages[id], text=text, record=record)
        return self.messages[id]

    def show(self, id: str) -> tuple[Message, ...]:
        """Choose a message and all above it; the messages that this changed."""
        changed = []
        at: str | None = id
        while at is not None:
            message = self.messages[at]
            if message.chosen != self._next_choice(message.parent) - 1:
                self.messages[at] = replace(message, chosen=self._next_choice(message.parent))
                changed.append(self.messages[at])
            at = message.parent
        return tuple(changed)

    def remove(self, id: str) -> tuple[Message, ...]:
        """Take out a message with everything under it; what was taken, parents first."""
        taken = [self.messages[id]]
        for message in taken:
            taken += (self.messages[i] for i in self._children.get(message.id, ()))
        self._children[taken[0].parent].remove(id)
        for message in taken:
            del self.messages[message.id]
            self._children.pop(message.id, None)
        return tuple(taken)

    def restore(self, messages: Iterable[Message]) -> None:
        """Put messages in, each after its parent and by their age among variants.

        Raises KeyError for one whose parent is not here.
        """
        for message in messages:
            if message.id not in self.messages:
                self._put(message)

    def delta(self, ids: Iterable[str] | None = None) -> Delta:
        """These messages, or all, as they are now, to be written."""
        wanted = self.messages if ids is None else {i: None for i in ids if i in self.messages}
        above = {m.id: m for i in wanted for m in self.lineage(i)} if ids is not None else {}
        return Delta(
            self.id,
            self.title,
            self.created,
            self.system,
            tuple(self.messages[i] for i in wanted),
            tuple(above.values()),
        )

    def lineage(self, id: str) -> tuple[Message, ...]:
        """A message and all that it follows, the first one first."""
        line = [self.messages[id]]
        while (parent := line[-1].parent) is not None:
            line.append(self.messages[parent])
        return tuple(reversed(line))

    def prompt_for(self, id: str) -> tuple[ChatMessage, ...]:
        """What to send for an answer to this message.

        A prompt without an answer is left out once another follows it.
        """
        turns: list[ChatMessage] = []
        line = self.lineage(id)
        for message, after in zip(line, (*line[1:], None), strict=True):
            statistics = message.record.statistics if message.record is not None else None
            if statistics is not None and statistics.summary:
                turns = [*with_summary(turns[statistics.n_left_out :], statistics.summary)]
            if message.role == "assistant" or after is None or after.role == "assistant":
                turns.append(ChatMessage(message.role, message.text))
        return (*self.system.messages, *turns)

    def prompt_sent(self, reply: str) -> tuple[ChatMessage, ...]:
        """What was sent for the reply with this id, with the system message of that time where it
        is known."""
        message = self.messages[reply]
        sent = self.system.messages if message.parent is None else self.prompt_for(message.parent)
        if message.record is None:
            return sent
        turns = sent[len(self.system.messages) :]
        system = message.record.system
        return turns if system is None else (ChatMessage("system", system), *turns)

    def prompt_at_end(self, reply: str) -> tuple[ChatMessage, ...]:
        """The same as it was in the context when the reply ended: without the messages that had
        left it."""
        sent, record = self.prompt_sent(reply), self.messages[reply].record
        if record is None or not record.statistics.n_left_out:
            return sent
        n_system = sum(turn.role == "system" for turn in sent)
        turns, summary = sent[n_system + record.statistics.n_left_out :], record.statistics.summary
        return (*sent[:n_system], *(with_summary(turns, summary) if summary else turns))

    def _put(self, message: Message) -> None:
        if message.parent is not None and message.parent not in self.messages:
            raise KeyError(message.parent)
        self.messages[message.id] = message
        siblings = self._children.setdefault(message.parent, [])
        siblings.append(message.id)
        siblings.sort(key=lambda i: self.messages[i].created)

    def _next_choice(self, parent: str | None) -> int:
        return 1 + max((self.messages[i].chosen for i in self._children.get(parent, ())), default=0)


def new_id() -> str:
    """An id that no other program makes."""
    return os.urandom(16).hex()


def title_from(prompt: str) -> str:
    """The first line of a prompt, cut at a word where it is long."""
    line = next((" ".join(row.split()) for row in prompt.splitlines() if row.strip()), "")
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[MAX_TITLE // 2 :] else cut} …"


def whole_text(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no encoding has."""
    return text.encode("utf-8", "replace").decode("utf-8")
