"""Conversations as files to take along: JSON, which holds everything, and Markdown to be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.conversations.conversation import (
    Conversation,
    Message,
    SystemMessage,
    SystemMode,
    whole_text,
)
from app.conversations.errors import BadFile
from app.conversations.reply_record import from_stored, to_stored
from app.conversations.scale_moves import ScaleMove

FORMAT = "llama-blocks-conversations"
VERSION = 1


def to_json(conversations: Iterable[Conversation]) -> bytes:
    """The conversations with all variants of their messages."""
    records = [
        {
            "id": c.id,
            "title": c.title,
            "created": c.created,
            "system": {"mode": c.system.mode.value, "text": c.system.text},
            "messages": [_stored(m) for m in c.messages.values()],
        }
        for c in conversations
    ]
    document = {"format": FORMAT, "version": VERSION, "conversations": records}
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    return whole_text(text).encode()


def to_markdown(conversations: Iterable[Conversation]) -> bytes:
    """What each conversation shows, under its title."""
    text = "\n---\n\n".join(_markdown(c) for c in conversations)
    return whole_text(text).encode()


def from_json(content: bytes) -> tuple[Conversation, ...]:
    """The conversations that `to_json` wrote. Raises BadFile."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"It is not JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadFile(f"It is JSON, but not of conversations: its “format” is not “{FORMAT}”.")
    version = document.get("version")
    if version != VERSION:
        raise BadFile(
            f"Its version is {json.dumps(version)}, and this program reads {VERSION}. "
            "Update the program."
        )
    records = _get(document, "conversations", list, "The file")
    return tuple(_conversation(r, f"Conversation {n}") for n, r in enumerate(records, 1))


def _stored(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent": message.parent,
        "role": message.role,
        "text": message.text,
        "created": message.created,
        "chosen": message.chosen,
        "made": None if message.record is None else to_stored(message.record),
    }


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


def _conversation(record: object, where: str) -> Conversation:
    if not isinstance(record, dict):
        raise BadFile(f"{where} is no object.")
    conversation = Conversation(
        _text(record, "id", where),
        _text(record, "title", where),
        _seconds(record, where),
        _system(record, where),
    )
    for number, entry in enumerate(_get(record, "messages", list, where), 1):
        at = f"{where}, message {number}"
        message = _message(entry, at)
        if message.id in conversation.messages:
            raise BadFile(f"{at} has the id of another message: “{message.id}”.")
        try:
            conversation.restore((message,))
        except KeyError:
            raise BadFile(
                f"{at} follows a message that does not stand before it: “{message.parent}”."
            ) from None
    return conversation


def _message(record: object, where: str) -> Message:
    if not isinstance(record, dict):
        raise BadFile(f"{where} is no object.")
    role = record.get("role")
    if role not in ("user", "assistant"):
        raise BadFile(f"{where}: “role” is {_shown(role)}; it must be “user” or “assistant”.")
    return Message(
        id=_text(record, "id", where),
        parent=None if record.get("parent") is None else _text(record, "parent", where),
        role=role,
        text=_text(record, "text", where, may_be_empty=True),
        created=_seconds(record, where),
        chosen=_count(record, where),
        record=None if record.get("made") is None else from_stored(record["made"]),
    )


def _system(record: Mapping[str, Any], where: str) -> SystemMessage:
    system = _get(record, "system", dict, where)
    modes = [mode.value for mode in SystemMode]
    if system.get("mode") not in modes:
        raise BadFile(
            f"{where}: the “mode” of “system” is {_shown(system.get('mode'))}; it must be one of "
            f"{', '.join(modes)}."
        )
    return SystemMessage(
        SystemMode(system["mode"]), _text(system, "text", where, may_be_empty=True)
    )


def _text(record: Mapping[str, Any], key: str, where: str, *, may_be_empty: bool = False) -> str:
    text: str = _get(record, key, str, where)
    if not text and not may_be_empty:
        raise BadFile(f"{where}: “{key}” is empty.")
    return whole_text(text)


def _seconds(record: Mapping[str, Any], where: str) -> float:
    value = record.get("created")
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 2.0**40:
        raise BadFile(f"{where}: “created” is {_shown(value)}; it must be seconds since 1970.")
    return float(value)


def _count(record: Mapping[str, Any], where: str) -> int:
    value = record.get("chosen", 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**62:
        raise BadFile(f"{where}: “chosen” is {_shown(value)}; it must be a number from 0 on.")
    return value


def _get(record: Mapping[str, Any], key: str, kind: type[Any], where: str) -> Any:
    value = record.get(key)
    if not isinstance(value, kind):
        names: dict[type[Any], str] = {list: "a list", dict: "an object", str: "text"}
        raise BadFile(f"{where}: “{key}” is {_shown(value)}; it must be {names[kind]}.")
    return value


def _shown(value: object) -> str:
    words = "missing" if value is None else json.dumps(value, ensure_ascii=False)
    return words if len(words) <= 40 else f"{words[:39]}…"
