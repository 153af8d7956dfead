"""The database of all conversations. One thread at a time may use a store.

Where the file cannot be used, everything goes on in memory, `problem` says so, and what was
written meanwhile goes into the file with what is written after that is possible again.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from app.conversations.conversation import (
    Conversation,
    Delta,
    Message,
    SystemMessage,
    SystemMode,
    whole_text,
)
from app.conversations.database import copy_in_memory, open_file, reason, transaction
from app.conversations.errors import StoreUnavailable
from app.conversations.reply_record import ReplyRecord, from_stored, to_stored
from app.conversations.search import Summary, excerpt, fits, matching, words_of
from app.plan.json_records import JsonError, parse

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], T]
RETRY_S = 10.0
"""So long a file that could not be used is let be before something more is written."""

_WRITE_MESSAGE = """
INSERT INTO message (conversation, id, parent, role, text, created, chosen, made)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, id) DO
"""
_SET = "UPDATE SET text = excluded.text, chosen = excluded.chosen, made = excluded.made"
_UNDER = """
WITH RECURSIVE under (id) AS (
    SELECT ? UNION SELECT m.id FROM message m JOIN under ON m.parent = under.id
    WHERE m.conversation = ?
)
"""
_COLUMNS = "id, parent, role, text, created, chosen, made"


class Store:
    """All conversations, in the file where that is possible."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """In words for the user; '' while the file is in use."""
        self._unwritten: list[Write[object]] = []
        try:
            self._db = open_file(path)
        except StoreUnavailable as error:
            self._db = copy_in_memory(path)
            self.problem = str(error)
        self._seen_version = _data_version(self._db)
        self._tried = time.monotonic()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def try_again(self) -> bool:
        """Go back to the file and write what it lacks; whether that worked."""
        if not self.problem:
            return True
        self._tried = time.monotonic()
        try:
            db = open_file(self.path)
        except StoreUnavailable as error:
            self.problem = str(error)
            return False
        try:
            with transaction(db):
                for write in self._unwritten:
                    write(db)
        except sqlite3.Error as error:
            db.close()
            self.problem = reason(self.path, error)
            return False
        self._db.close()
        self._db, self.problem, self._unwritten = db, "", []
        self._seen_version = _data_version(db)
        return True

    @property
    def n_unwritten(self) -> int:
        """How many changes are in memory only."""
        return len(self._unwritten)

    def was_changed_elsewhere(self) -> bool:
        """Whether another program wrote into the file since this was last asked."""

        version = self._read(_data_version)
        before, self._seen_version = self._seen_version, version
        return before != version

    def summaries(self, query: str = "") -> tuple[Summary, ...]:
        """The conversations, latest first; with a query those that hold all its words."""
        return self._read(lambda db: _summaries(db, whole_text(query)))

    def load(self, id: str) -> Conversation | None:
        """A whole conversation, None where there is none with this id."""
        return self._read(lambda db: _load(db, id))

    def load_all(self) -> tuple[Conversation, ...]:
        """Everything, latest first."""
        ids = [summary.id for summary in self.summaries()]
        loaded = (self.load(id) for id in ids)
        return tuple(c for c in loaded if c is not None)

    def save(self, delta: Delta) -> None:
        """Write what changed; a conversation that is not here is made."""
        self._write(lambda db: _save(db, delta))

    def save_all(self, conversations: Iterable[Conversation]) -> None:
        """Write whole conversations, all or none; what is here already is left as it is."""
        deltas = [conversation.delta() for conversation in conversations]

        def write(db: sqlite3.Connection) -> None:
            for delta in deltas:
                _save(db, delta, overwrites=False)

        self._write(write)

    def rename(self, id: str, title: str) -> None:
        """Give a conversation another title."""
        statement = "UPDATE conversation SET title = ? WHERE id = ?"
        self._write(lambda db: db.execute(statement, (whole_text(title), id)).rowcount)

    def remove(self, id: str) -> Conversation | None:
        """Take out a conversation; what was taken, also what another window put there."""

        def write(db: sqlite3.Connection) -> Conversation | None:
            taken = _load(db, id)
            db.execute(
                "DELETE FROM message WHERE conversation = (SELECT number FROM conversation"
                " WHERE id = ?)",
                (id,),
            )
            db.execute("DELETE FROM conversation WHERE id = ?", (id,))
            return taken

        return self._write(write)

    def remove_message(self, conversation: str, id: str) -> tuple[Message, ...]:
        """Take out a message with everything under it; what was taken, parents first."""

        def write(db: sqlite3.Connection) -> tuple[Message, ...]:
            number = _number(db, conversation)
            here = "FROM message WHERE conversation = ? AND id IN under"
            rows = db.execute(
                f"{_UNDER} SELECT {_COLUMNS} {here} ORDER BY number", (id, number, number)
            ).fetchall()
            db.execute(f"{_UNDER} DELETE {here}", (id, number, number))
            return tuple(_message(row) for row in rows)

        return self._write(write)

    def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return read(self._db)
        except sqlite3.Error as error:
            self._leave_file(error)
            return read(self._db)

    def _write(self, write: Write[T]) -> T:
        if self.problem and time.monotonic() - self._tried >= RETRY_S:
            self.try_again()
        try:
            with transaction(self._db):
                result = write(self._db)
        except sqlite3.Error as error:
            self._leave_file(error)
            with transaction(self._db):
                result = write(self._db)
        if self.problem:
            self._unwritten.append(write)
        return result

    def _leave_file(self, error: sqlite3.Error) -> None:
        if self.problem:
            raise error
        self.problem = reason(self.path, error)
        self._db.close()
        self._db = copy_in_memory(self.path)
        self._seen_version = _data_version(self._db)
        self._tried = time.monotonic()


def _data_version(db: sqlite3.Connection) -> int:
    """Another number each time that another connection has written."""
    (version,) = db.execute("PRAGMA data_version").fetchone()
    return int(version)


def _save(db: sqlite3.Connection, delta: Delta, *, overwrites: bool = True) -> None:
    system = delta.system
    updated = max((m.created for m in delta.messages), default=delta.created)
    head = (delta.id, delta.title, delta.created, updated, system.mode.value, system.text)
    db.execute(
        "INSERT INTO conversation (id, title, created, updated, system_mode, system_text) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO "
        + (
            "UPDATE SET updated = max(updated, excluded.updated), "
            "system_mode = excluded.system_mode, system_text = excluded.system_text"
            if overwrites
            else "NOTHING"
        ),
        head,
    )
    number = _number(db, delta.id)
    db.executemany(_WRITE_MESSAGE + "NOTHING", [_row(number, m) for m in delta.above])
    db.executemany(
        _WRITE_MESSAGE + (_SET if overwrites else "NOTHING"),
        [_row(number, m) for m in delta.messages],
    )


def _row(conversation: int, m: Message) -> tuple[object, ...]:
    made = None if m.record is None else json.dumps(to_stored(m.record))
    return conversation, m.id, m.parent, m.role, m.text, m.created, m.chosen, made


def _message(row: tuple[str, str | None, str, str, float, int, str | None]) -> Message:
    id, parent, role, text, created, chosen, made = row
    return Message(
        id,
        parent,
        "user" if role == "user" else "assistant",
        text,
        created,
        chosen,
        None if made is None else _record(made),
    )


def _record(stored: str) -> ReplyRecord | None:
    try:
        return from_stored(parse(stored))
    except JsonError:
        return None


def _number(db: sqlite3.Connection, id: str) -> int:
    row = db.execute("SELECT number FROM conversation WHERE id = ?", (id,)).fetchone()
    return int(row[0]) if row is not None else 0


def _load(db: sqlite3.Connection, id: str) -> Conversation | None:
    head = db.execute(
        "SELECT number, title, created, system_mode, system_text FROM conversation WHERE id = ?",
        (id,),
    ).fetchone()
    if head is None:
        return None
    number, title, created, mode, text = head
    # A message's number is higher than its parent's: neither is ever here without the other.
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM message WHERE conversation = ? ORDER BY number", (number,)
    )
    system = SystemMessage(SystemMode(mode), text)
    return Conversation(id, title, created, system, (_message(row) for row in rows))


def _summaries(db: sqlite3.Connection, query: str) -> tuple[Summary, ...]:
    rows = db.execute(
        "SELECT number, id, title, updated FROM conversation ORDER BY updated DESC, number DESC"
    ).fetchall()
    words = words_of(query)
    if not words:
        return tuple(Summary(id, title, updated) for _, id, title, updated in rows)
    condition, parameter = matching(query)
    hits = dict(
        db.execute(
            f"SELECT conversation, max(number) FROM message WHERE {condition} "
            "GROUP BY conversation",
            (parameter,),
        ).fetchall()
    )
    found = []
    for number, id, title, updated in rows:
        if number in hits:
            message, text = db.execute(
                "SELECT id, text FROM message WHERE number = ?", (hits[number],)
            ).fetchone()
            found.append(Summary(id, title, updated, message, excerpt(text, words)))
        elif fits(title, words):
            found.append(Summary(id, title, updated))
    return tuple(found)
