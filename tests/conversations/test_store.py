"""The database: what is kept, found and left alone, and that nothing is lost where it fails."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.conversations import store as store_module
from app.conversations.conversation import Conversation, SystemMessage, SystemMode
from app.conversations.reply_record import ReplyRecord
from app.conversations.store import Store
from app.engine.messages import ReplyStatistics
from tests.conversations.test_conversation import talk, texts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "conversations.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def keep(store: Store, *turns: str) -> Conversation:
    conversation = talk(*turns)
    store.save(conversation.delta())
    return conversation


def titles(store: Store, query: str = "") -> list[str]:
    return [summary.title for summary in store.summaries(query)]


def test_a_conversation_comes_back_as_it_was(store: Store, path: Path) -> None:
    conversation = talk("Why?", "Because.")
    conversation.system = SystemMessage(SystemMode.OWN, "Be brief.")
    conversation.add("assistant", "Therefore.", conversation.path[0].id)
    statistics = ReplyStatistics(seed=3, stop_reason="end")
    record = ReplyRecord("plan", sampling={"temperature": 0.5}, statistics=statistics)
    conversation.write(conversation.path[-1].id, "Therefore!", record)
    store.save(conversation.delta())
    store.close()
    again = Store(path)
    loaded = again.load(conversation.id)
    assert loaded is not None
    assert loaded.messages == conversation.messages
    assert (loaded.title, loaded.created, loaded.system) == (
        conversation.title,
        conversation.created,
        conversation.system,
    )
    assert loaded.path == conversation.path
    assert again.load("unknown") is None
    again.close()


def test_the_latest_comes_first_and_can_be_renamed(store: Store) -> None:
    first, second = keep(store, "First"), keep(store, "Second")
    assert titles(store) == ["Second", "First"]
    first.add("assistant", "Yes", first.path[-1].id)
    store.save(first.delta([first.path[-1].id]))
    assert titles(store) == ["First", "Second"]
    store.rename(second.id, "Renamed")
    store.save(second.delta())
    assert titles(store) == ["First", "Renamed"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PARIS", ["France", "River"]),
        ("par", ["France", "River"]),
        ("capital paris", ["France"]),
        ("strasse", []),
        ("straße", ["River"]),
        ("uber", ["River"]),
        ("river", ["River"]),
        ("東京", ["Japan"]),
        ("100%", ["Japan"]),
        ("%", ["Japan"]),
        ("_", []),
        ('"', []),
        ("paris OR nothing", []),
        ("paris)*", ["France", "River"]),
        ("\ud83d", ["France"]),
        ("   ", ["France", "Japan", "River"]),
    ],
)
def test_search_finds_words_in_titles_and_messages(
    store: Store, query: str, found: list[str]
) -> None:
    keep(store, "River", "Through Paris, über die Straße")
    keep(store, "Japan", "Its capital is 東京都, 100% sure")
    keep(store, "France", "The capital is Paris.", "paris?", "Yes, Paris.")
    assert sorted(titles(store, query)) == found


def test_a_hit_tells_its_message_and_the_words_around_it(store: Store) -> None:
    conversation = keep(store, "Q", "word " * 60 + "needle " + "word " * 60)
    (hit,) = store.summaries("Needle")
    assert hit.message == conversation.path[1].id
    assert hit.excerpt.startswith("… ")
    assert "needle" in hit.excerpt
    assert len(hit.excerpt) < 140


def test_search_follows_what_is_written_and_removed(store: Store) -> None:
    conversation = keep(store, "Q", "old")
    id = conversation.path[1].id
    conversation.write(id, "new", None)
    store.save(conversation.delta([id]))
    assert titles(store, "old") == []
    assert titles(store, "new") == ["Q"]
    store.remove_message(conversation.id, id)
    assert titles(store, "new") == []


def test_removing_and_putting_back(store: Store) -> None:
    conversation = keep(store, "Q", "A", "Q2")
    taken = store.remove_message(conversation.id, conversation.path[1].id)
    assert [m.text for m in taken] == ["A", "Q2"]
    store.save(conversation.delta(m.id for m in taken))
    loaded = store.load(conversation.id)
    assert loaded is not None
    assert texts(loaded) == ["Q", "A", "Q2"]
    whole = store.remove(conversation.id)
    assert whole is not None
    assert titles(store) == []
    assert titles(store, "Q2") == []
    store.save_all((whole,))
    assert titles(store, "Q2") == ["Q"]
    assert store.remove("unknown") is None


def test_two_windows_on_one_conversation_lose_nothing(store: Store, path: Path) -> None:
    here = keep(store, "Q", "A")
    other = Store(path)
    assert not other.was_changed_elsewhere()
    there = other.load(here.id)
    assert there is not None
    for of, conversation, text in ((store, here, "here"), (other, there, "there")):
        message = conversation.add("user", text, conversation.path[-1].id)
        of.save(conversation.delta([message.id]))
    assert store.was_changed_elsewhere()
    assert not store.was_changed_elsewhere()
    loaded = store.load(here.id)
    assert loaded is not None
    assert {m.text for m in loaded.messages.values()} == {"Q", "A", "here", "there"}
    # One takes out what the other goes on with: that and all above it comes back.
    other.remove_message(there.id, there.path[0].id)
    message = here.add("assistant", "more", here.path[-1].id)
    store.save(here.delta([message.id]))
    loaded = store.load(here.id)
    assert loaded is not None
    assert texts(loaded) == ["Q", "A", "here", "more"]
    # What was put under a message meanwhile is taken out, and brought back, with it.
    taken = other.remove_message(there.id, there.path[1].id)
    assert [m.text for m in taken] == ["A", "here", "more"]
    other.close()


@pytest.mark.parametrize(
    ("stored", "record"),
    [("{", None), ('{"n_predict": 5, "stop": 3}', ReplyRecord(n_predict=5)), ("[]", ReplyRecord())],
)
def test_a_message_is_read_though_its_record_is_damaged(
    stored: str, record: ReplyRecord | None, tmp_path: Path
) -> None:
    store = Store(tmp_path / "c.sqlite")
    conversation = talk("Q", "A")
    conversation.write(conversation.path[1].id, "A", ReplyRecord(plan_name="p"))
    store.save(conversation.delta())
    store.close()
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("UPDATE message SET made = ? WHERE made IS NOT NULL", (stored,))
    store = Store(store.path)
    loaded = store.load(conversation.id)
    store.close()
    assert loaded is not None
    assert [(m.text, m.record) for m in loaded.path] == [("Q", None), ("A", record)]


def damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)


def make_newer(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()


def make_foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE other (x)")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damage, "damaged"),
        (lambda path: path.write_text("no database, but a longer text" * 40), "damaged"),
        (make_newer, "newer version of Llama Blocks"),
        (make_foreign, "another program"),
        (lambda path: path.mkdir(), "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_and_all_goes_on_in_memory(
    path: Path, spoil: object, words: str
) -> None:
    path.parent.mkdir()
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    store = Store(path)
    assert words in store.problem
    assert str(path) in store.problem
    conversation = keep(store, "Q", "A needle")
    gone = keep(store, "Gone")
    store.remove(gone.id)
    assert titles(store, "needle") == ["Q"]
    assert not store.try_again()
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert store.n_unwritten == 3
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert store.try_again()
    assert (store.problem, store.n_unwritten) == ("", 0)
    store.close()
    again = Store(path)
    assert titles(again) == ["Q"]
    loaded = again.load(conversation.id)
    assert loaded is not None
    assert loaded.messages == conversation.messages
    again.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    store = Store(tmp_path / "in the way" / "conversations.sqlite")
    assert "Not a directory" in store.problem or "File exists" in store.problem
    keep(store, "Q")
    assert titles(store) == ["Q"]
    store.close()


def test_what_is_written_later_takes_along_what_the_file_lacks(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "Before")
    store._db.execute("PRAGMA max_page_count = 1")
    keep(store, "Meanwhile", "x" * 100_000)
    assert "is full" in store.problem
    monkeypatch.setattr(store_module, "RETRY_S", 1e9)
    keep(store, "Soon")
    assert store.n_unwritten == 2, "not tried at each write"
    monkeypatch.setattr(store_module, "RETRY_S", 0.0)
    keep(store, "After")
    assert (store.problem, store.n_unwritten) == ("", 0)
    again = Store(path)
    assert set(titles(again)) == {"Before", "Meanwhile", "Soon", "After"}
    again.close()


def test_a_full_disk_loses_nothing(store: Store, path: Path) -> None:
    before = keep(store, "Before", "kept")
    (n_pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {n_pages + 2}")
    meanwhile = keep(store, "Meanwhile", "x" * 100_000)
    assert "is full" in store.problem
    assert titles(store) == ["Meanwhile", "Before"]
    loaded = store.load(before.id)
    assert loaded is not None
    assert loaded.messages == before.messages
    assert store.try_again()
    store.close()
    again = Store(path)
    loaded = again.load(meanwhile.id)
    assert loaded is not None
    assert loaded.messages == meanwhile.messages
    again.close()


def test_a_file_that_is_damaged_while_it_is_used_is_told(store: Store, path: Path) -> None:
    conversation = keep(store, "Q", "A")
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._db.execute("PRAGMA cache_size = 0")
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    store.summaries("A")
    store.save(conversation.delta())
    assert store.problem
    assert titles(store) == ["Q"]


KILLED = """
import sys
from pathlib import Path
from app.conversations import store as store_module
from app.conversations.store import Store
from app.engine.messages import ReplyStatistics
from app.conversations.conversation import Conversation
store = Store(Path(sys.argv[1]))
conversation = Conversation()
message = conversation.add("user", "Q", None)
reply = conversation.add("assistant", "", message.id)
store.save(conversation.delta())
for n in range(1, 1_000_000):
    conversation.write(reply.id, f"{n} " * 50, None)
    store.save(conversation.delta([reply.id]))
    print(n, flush=True)
"""


def test_what_was_written_outlives_a_killed_program(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        for line in program.stdout:
            if int(line) >= 20:
                break
        os.kill(program.pid, signal.SIGKILL)
        last = max([int(line), *(int(rest) for rest in program.stdout if rest.endswith("\n"))])
    store = Store(path)
    assert store.problem == ""
    (summary,) = store.summaries()
    conversation = store.load(summary.id)
    assert conversation is not None
    prompt, reply = conversation.path
    assert prompt.text == "Q"
    n = int(reply.text.split()[0])
    assert reply.text == f"{n} " * 50
    assert n >= last
    store.close()


def test_many_conversations_are_listed_and_searched(store: Store) -> None:
    store.save_all([talk(f"Title {n}", f"Answer {n}", "common") for n in range(300)])
    assert len(store.summaries()) == 300
    assert titles(store, "299") == ["Title 299"]
    assert len(store.summaries("common")) == 300
    assert len(store.load_all()) == 300
