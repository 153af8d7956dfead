"""Conversations as files to take along: JSON, which holds everything, and Markdown to be read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from app.conversations.conversation import (
    Conversation,
    Message,
    Role,
    SystemMessage,
    SystemMode,
    whole_text,
)
from app.conversations.errors import BadFile
from app.conversations.reply_record import from_stored, to_stored
from app.conversations.scale_moves import ScaleMove
from app.plan.json_records import JsonError, in_json, lenient_record, parse, strict_record

FORMAT = "llama-blocks-conversations"
VERSION = 1


_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
_Seconds = Annotated[
    float, msgspec.Meta(gt=-(2.0**40), lt=2.0**40, description="seconds since 1970")
]
_Choice = Annotated[int, msgspec.Meta(ge=0, lt=2**62, description="0 or more")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileMessage:
    """A message by the names that it has in files."""

    id: _NonEmpty
    parent: _NonEmpty | None = None
    role: Annotated[Role, msgspec.Meta(description="“user” or “assistant”")]
    text: str
    created: _Seconds
    chosen: _Choice = 1
    made: Any = None
    """A reply's record, of which a file is read as far as it suits."""

    @classmethod
    def of(cls, message: Message) -> _FileMessage:
        return cls(
            id=message.id,
            parent=message.parent,
            role=message.role,
            text=message.text,
            created=message.created,
            chosen=message.chosen,
            made=None if message.record is None else to_stored(message.record),
        )

    def to_message(self) -> Message:
        return Message(
            whole_text(self.id),
            None if self.parent is None else whole_text(self.parent),
            self.role,
            whole_text(self.text),
            self.created,
            self.chosen,
            None if self.made is None else from_stored(self.made),
        )


@dataclass(frozen=True, slots=True)
class _FileConversation:
    id: _NonEmpty
    title: _NonEmpty
    created: _Seconds
    system: SystemMessage
    messages: tuple[_FileMessage, ...]

    @classmethod
    def of(cls, c: Conversation) -> _FileConversation:
        messages = tuple(map(_FileMessage.of, c.messages.values()))
        return cls(c.id, c.title, c.created, c.system, messages)


@dataclass(frozen=True, slots=True)
class _Head:
    """What tells whether this program reads the rest."""

    format: str = ""
    version: Any = None


@dataclass(frozen=True, slots=True)
class _File:
    format: str
    version: int
    conversations: tuple[_FileConversation, ...]


def to_json(conversations: Iterable[Conversation]) -> bytes:
    """The conversations with all variants of their messages."""
    document = _File(FORMAT, VERSION, tuple(map(_FileConversation.of, conversations)))
    text = json.dumps(msgspec.to_builtins(document), ensure_ascii=False, indent=1) + "\n"
    return whole_text(text).encode()


def to_markdown(conversations: Iterable[Conversation]) -> bytes:
    """What each conversation shows, under its title."""
    text = "\n---\n\n".join(_markdown(c) for c in conversations)
    return whole_text(text).encode()


def from_json(content: bytes) -> tuple[Conversation, ...]:
    """The conversations that `to_json` wrote. Raises BadFile."""
    try:
        document = parse(content)
        head = lenient_record(_Head, document)
        if head.format != FORMAT:
            raise BadFile(f"It is JSON, but not conversations: its “format” is not “{FORMAT}”.")
        if head.version != VERSION:
            raise BadFile(
                f"Its version is {in_json(head.version)}, but this program reads {VERSION}. "
                "Update the program."
            )
        file = strict_record(_File, document)
    except JsonError as error:
        raise BadFile(str(error)) from error
    return tuple(_conversation(c, f"Conversation {n}") for n, c in enumerate(file.conversations, 1))


def _markdown(conversation: Conversation) -> str:
    parts = [f"# {conversation.title}"]
    if conversation.system.mode is SystemMode.OWN:
        parts.append(f"**System**\n\n{conversation.system.text}")
    for message in conversation.path:
        record = message.record
        author = "You" if message.role == "user" else (record and record.plan_name) or "Model"
        parts.append(f"**{author}**\n\n{message.text}")
        parts += (f"*{_words(move, message.text)}*" for move in (record.moves if record else ()))
    return "\n\n".join(parts) + "\n"


def _words(move: ScaleMove, text: str) -> str:
    """A scale that moved, and after which words."""
    last = " ".join(text[: move.at].split()[-4:])
    return f"{move.words}, {f'after “{last}”' if last else 'from the beginning on'}"


def _conversation(entry: _FileConversation, where: str) -> Conversation:
    conversation = Conversation(
        whole_text(entry.id),
        whole_text(entry.title),
        entry.created,
        SystemMessage(entry.system.mode, whole_text(entry.system.text)),
    )
    for number, message in enumerate((m.to_message() for m in entry.messages), 1):
        at = f"{where}, message {number}"
        if message.id in conversation.messages:
            raise BadFile(f"{at} has the same id as another message: “{message.id}”.")
        try:
            conversation.restore((message,))
        except KeyError:
            raise BadFile(
                f"{at} replies to a message that does not come before it: “{message.parent}”."
            ) from None
    return conversation
