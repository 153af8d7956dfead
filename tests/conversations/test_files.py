"""Conversations as files: everything comes back, and what cannot be read is said with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.conversations.conversation import SystemMessage, SystemMode
from app.conversations.errors import BadFile
from app.conversations.files import from_json, to_json, to_markdown
from app.conversations.reply_record import ReplyRecord
from app.conversations.store import Store
from app.engine.messages import ReplyStatistics
from tests.conversations.test_conversation import talk


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_all_of_a_conversation_comes_back(turns: list[str]) -> None:
    conversation = talk("Title", *turns)
    conversation.add("user", "branch", None)
    record = ReplyRecord("p", statistics=ReplyStatistics(seed=1))
    conversation.write(conversation.path[-1].id, "written", record)
    conversation.system = SystemMessage(SystemMode.OWN, "s")
    (again,) = from_json(to_json((conversation,)))
    assert again.messages == conversation.messages
    assert again.path == conversation.path
    assert (again.id, again.title, again.created, again.system) == (
        conversation.id,
        conversation.title,
        conversation.created,
        conversation.system,
    )


def test_importing_twice_or_into_the_same_place_changes_nothing(tmp_path: Any) -> None:
    store = Store(tmp_path / "c.sqlite")
    conversation = talk("Q", "A")
    store.save(conversation.delta())
    content = to_json((conversation, talk("Other")))
    conversation.write(conversation.path[-1].id, "newer", None)
    store.save(conversation.delta())
    for _ in range(2):
        store.save_all(from_json(content))
    assert {s.title for s in store.summaries()} == {"Q", "Other"}
    assert len(store.summaries()) == 2
    loaded = store.load(conversation.id)
    assert loaded is not None
    assert loaded.path[-1].text == "newer"
    store.close()


def test_markdown_shows_the_path_with_its_authors() -> None:
    conversation = talk("Why?", "Because.")
    conversation.write(conversation.path[1].id, "Because.", ReplyRecord(plan_name="sample"))
    other = talk("Second")
    other.system = SystemMessage(SystemMode.OWN, "Be brief.")
    text = to_markdown((conversation, other)).decode()
    assert text == (
        "# Why?\n\n**You**\n\nWhy?\n\n**sample**\n\nBecause.\n"
        "\n---\n\n# Second\n\n**System**\n\nBe brief.\n\n**You**\n\nSecond\n"
    )


def spoilt(change: Callable[[Any], object]) -> bytes:
    document = json.loads(to_json((talk("Q", "A"),)))
    change(document)
    return json.dumps(document).encode()


def message(document: Any) -> Any:
    return document["conversations"][0]["messages"][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not conversations"),
        (spoilt(lambda d: d.update(version=2)), "version is 2"),
        (spoilt(lambda d: d.update(conversations={})), "must be a list"),
        (spoilt(lambda d: d["conversations"].append(3)), "Conversation 2 is not an object"),
        (spoilt(lambda d: d["conversations"][0].update(id="")), "“id” is empty"),
        (spoilt(lambda d: d["conversations"][0].pop("system")), "“system” is missing"),
        (
            spoilt(lambda d: d["conversations"][0]["system"].update(mode="x")),
            "must be one of template, empty, own",
        ),
        (spoilt(lambda d: message(d).update(text=None)), "message 2: “text” is missing"),
        (spoilt(lambda d: message(d).update(role="tool")), "must be “user” or “assistant”"),
        (spoilt(lambda d: message(d).update(created=10**400)), "seconds since 1970"),
        (spoilt(lambda d: message(d).update(created=float("nan"))), "seconds since 1970"),
        (spoilt(lambda d: message(d).update(chosen=-1)), "must be 0 or more"),
        (spoilt(lambda d: message(d).update(parent="?")), "does not come before it: “?”"),
        (
            spoilt(lambda d: message(d).update(id=d["conversations"][0]["messages"][0]["id"])),
            "the same id as another message",
        ),
        (spoilt(lambda d: d["conversations"][0]["messages"].reverse()), "does not come before"),
    ],
)
def test_what_cannot_be_imported_is_told_with_its_place(content: bytes, words: str) -> None:
    with pytest.raises(BadFile) as told:
        from_json(content)
    assert words in str(told.value)
