"""The file of the database: opened, made, or copied into memory where it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.conversations.errors import StoreUnavailable

VERSION = 1
"""Of the tables below, kept as the file's `user_version`."""
_WAIT_S = 3.0
"""For another window that writes."""
_SCHEMA = """
CREATE TABLE conversation (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    system_mode TEXT NOT NULL,
    system_text TEXT NOT NULL
);
CREATE TABLE message (
    number INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    id TEXT NOT NULL,
    parent TEXT,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    created REAL NOT NULL,
    chosen INTEGER NOT NULL,
    made TEXT,
    UNIQUE (conversation, id)
);
CREATE VIRTUAL TABLE word USING fts5(
    text, content='message', content_rowid='number', tokenize='unicode61 remove_diacritics 2',
    prefix='1 2 3'
);
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO word (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    INSERT INTO word (word, rowid, text) VALUES ('delete', old.number, old.text);
END;
CREATE TRIGGER message_written AFTER UPDATE OF text ON message WHEN old.text <> new.text BEGIN
    INSERT INTO word (word, rowid, text) VALUES ('delete', old.number, old.text);
    INSERT INTO word (rowid, text) VALUES (new.number, new.text);
END;
"""


def open_file(path: Path) -> sqlite3.Connection:
    """The file's database, made where there is none. Raises StoreUnavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(reason(path, error)) from error
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
        _check_version(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        with transaction(db):
            _make_tables(db)
            db.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error as error:
        db.close()
        raise StoreUnavailable(reason(path, error)) from error
    except StoreUnavailable:
        db.close()
        raise
    return db


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (n_tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version > VERSION:
        raise StoreUnavailable(
            f"“{path}” was written by a newer version of Llama Blocks, so it was left unchanged. "
            "Update the program, or move the file away to start a new one."
        )
    if version == 0 and n_tables:
        raise StoreUnavailable(
            f"“{path}” is a database of another program, so it was left unchanged. Move it away."
        )


def _make_tables(db: sqlite3.Connection) -> None:
    """Make the tables unless another window has just done so."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        statement = ""
        for line in _SCHEMA.splitlines():
            statement += f"{line}\n"
            if sqlite3.complete_statement(statement):
                db.execute(statement)
                statement = ""


def copy_in_memory(path: Path) -> sqlite3.Connection:
    """A database in memory with what can still be read of the file."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for way in ("mode=ro", "immutable=1"):
        try:
            file = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True)
        except (sqlite3.Error, ValueError):
            continue
        try:
            (version,) = file.execute("PRAGMA user_version").fetchone()
            if version == VERSION:
                file.backup(memory)
                memory.execute("PRAGMA foreign_keys = ON")
                memory.execute("SELECT count(title) FROM conversation")
                return memory
        except sqlite3.Error:
            memory.close()
            memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        finally:
            file.close()
    memory.execute("PRAGMA foreign_keys = ON")
    with transaction(memory):
        _make_tables(memory)
    return memory


def reason(path: Path, error: Exception) -> str:
    """Why the file cannot be used and what to do about it."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL:
        return f"The disk of “{path}” is full. Free some space."
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"“{path}” is locked by another program. Close that program."
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return (
            f"“{path}” is damaged, so it was left unchanged. Move it away to start a new one; "
            "“sqlite3 FILE .recover” can often recover its contents."
        )
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return f"“{path}” cannot be written. Allow writing to it and its folder."
    words = getattr(error, "strerror", None) or str(error)
    return f"“{path}” cannot be used: {words}."


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
