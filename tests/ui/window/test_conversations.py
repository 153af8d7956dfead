"""Conversations in the window: the list, the next start, files, two windows, and what fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.conversations.conversation import SystemMode
from app.ui.chat.conversations.list import NOTHING_FOUND, NOTHING_YET, ConversationList
from app.ui.widgets.link_button import LinkButton
from tests.conversations.test_conversation import talk
from tests.ui.hands import LEFT
from tests.ui.window.test_chat import kinds, last
from tests.ui.window.test_messages import (
    REPLY,
    answers,
    bar_button,
    begin_another,
    chat_action,
    click,
    in_file,
    sent,
    texts,
)
from tests.ui.workbench import Bench, open_bench


@pytest.fixture
def chats(bench: Bench) -> ConversationList:
    """The list of conversations, in front."""
    chat_action(bench, "Find in conversations …").trigger()
    return bench.window.views.conversations


def titles(chats: ConversationList) -> list[str]:
    return [summary.title for summary in chats.rows.summaries]


def wait_titles(bench: Bench, chats: ConversationList, *expected: str) -> None:
    bench.qtbot.waitUntil(lambda: titles(chats) == [*expected])


def test_the_list_opens_searches_renames_and_deletes(bench: Bench, chats: ConversationList) -> None:
    bench.qtbot.waitUntil(lambda: chats.empty.text() == NOTHING_YET)
    bench.say("What is the capital?")
    wait_titles(bench, chats, "What is the capital?")
    assert chats.empty.isHidden()
    bench.qtbot.keyClicks(chats.search, "nowhere")
    bench.qtbot.waitUntil(lambda: chats.empty.text() == NOTHING_FOUND)
    chats.search.clear()
    wait_titles(bench, chats, "What is the capital?")
    begin_another(bench)
    answers(bench, "Blue light is scattered most.")
    bench.say("Why is the sky blue?")
    wait_titles(bench, chats, "Why is the sky blue?", "What is the capital?")
    bench.qtbot.waitUntil(chats.search.isVisible)
    bench.qtbot.keyClicks(chats.search, "paris")
    wait_titles(bench, chats, "What is the capital?")
    assert "Paris" in chats.rows.summaries[0].excerpt
    bench.qtbot.keyClick(chats.search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: texts(bench) == ["What is the capital?", REPLY])
    chats.search.clear()
    wait_titles(bench, chats, "Why is the sky blue?", "What is the capital?")
    bench.window.docks["Conversations"].raise_()
    bench.qtbot.waitUntil(chats.view.isVisible)
    place = chats.view.visualRect(chats.rows.index(0)).center()
    bench.qtbot.mouseClick(chats.view.viewport(), LEFT, pos=place)
    bench.qtbot.waitUntil(lambda: texts(bench)[:1] == ["Why is the sky blue?"])
    bench.window.docks["Conversations"].raise_()
    bench.qtbot.keyClick(chats.view, Qt.Key.Key_F2)
    editor = chats.view.findChild(QLineEdit)
    editor.setText("Sky")
    bench.qtbot.keyClick(editor, Qt.Key.Key_Return)
    wait_titles(bench, chats, "Sky", "What is the capital?")
    bench.window.activateWindow()
    chats.view.setFocus()
    bench.qtbot.waitUntil(chats.view.hasFocus)
    bench.qtbot.keyClick(chats.view, Qt.Key.Key_Delete)
    wait_titles(bench, chats, "What is the capital?")
    assert kinds(bench) == []
    assert chats.undo.words.text() == "“Sky” was deleted"
    click(bench, bar_button(chats.undo, "Undo"))
    wait_titles(bench, chats, "Sky", "What is the capital?")
    bench.window.docks["Chat"].raise_()
    chats.open_requested.emit(chats.rows.summaries[0].id, "")
    bench.qtbot.waitUntil(lambda: texts(bench)[:1] == ["Why is the sky blue?"])
    chat_action(bench, "Delete conversation").trigger()
    undo = bench.window.chat.conversation_actions.undo
    bench.qtbot.waitUntil(undo.isVisible)
    click(bench, bar_button(undo, "Undo"))
    wait_titles(bench, chats, "Sky", "What is the capital?")
    assert undo.isHidden()
    assert chats.undo.isHidden()
    assert {a.text() for a in chats.make_menu(chats.rows.summaries[0]).actions()} >= {
        "Open",
        "Rename",
        "Export …",
        "Delete",
    }


def test_a_search_opens_the_branch_that_holds_what_was_found(
    bench: Bench, chats: ConversationList
) -> None:
    bench.say("Hi")
    answers(bench, "Second.")
    chat_action(bench, "Regenerate").trigger()
    bench.wait_idle()
    begin_another(bench)
    bench.qtbot.keyClicks(chats.search, "paris")
    wait_titles(bench, chats, "Hi")
    bench.qtbot.keyClick(chats.search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi", REPLY])


def test_of_a_long_conversation_the_end_is_shown_and_more_on_demand(
    bench: Bench, chats: ConversationList
) -> None:
    long = talk(*(f"turn {n}" for n in range(100)))
    task = bench.window.services.tasks.start(bench.window.services.conversations.restore(long))
    bench.qtbot.waitUntil(task.done)
    wait_titles(bench, chats, "turn 0")
    bench.qtbot.keyClick(chats.search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: texts(bench) == [f"turn {n}" for n in range(60, 100)])
    earlier = next(
        b for b in bench.window.chat.transcript.findChildren(LinkButton) if b.isVisible()
    )
    assert earlier.text() == "Show earlier messages (60)"
    click(bench, earlier)
    assert texts(bench) == [f"turn {n}" for n in range(20, 100)]
    bench.say("More")
    assert texts(bench) == [*(f"turn {n}" for n in range(20, 100)), "More", REPLY]
    bench.window.chat.conversation_actions.open(long.id, long.path[3].id)
    bench.qtbot.waitUntil(lambda: len(texts(bench)) == 102)
    assert not earlier.isVisible()
    assert len(sent(bench)) == 101


def test_opening_another_stops_the_reply_that_comes(bench: Bench, chats: ConversationList) -> None:
    bench.say("First")
    begin_another(bench)
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Second")
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Second", "The capital "])
    wait_titles(bench, chats, "Second", "First")
    chats.open_requested.emit(chats.rows.summaries[1].id, "")
    bench.qtbot.waitUntil(lambda: texts(bench) == ["First", REPLY])
    assert not bench.window.chat.flow.busy
    chats.open_requested.emit(chats.rows.summaries[0].id, "")
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Second", "The capital "])
    assert "stopped by you" in last(bench).footer


def test_the_last_conversation_is_open_again_with_its_system_message(
    bench: Bench, tiny_model: Path
) -> None:
    bench.choose_system(SystemMode.OWN)
    bench.qtbot.keyClicks(bench.window.chat.system.text, "Be brief.")
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi", "The capital "])
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.window.close()
    settings = bench.window.services.settings
    with open_bench(bench.qtbot, bench.folder, tiny_model, settings) as again:
        assert texts(again) == ["Hi", "The capital "]
        assert "Interrupted" in last(again).footer
        assert again.window.services.reply_settings.system.text == "Be brief."
        again.window.chat.suggest()
        assert again.window.chat.composer.toPlainText() == ""
        begin_another(again)
    with open_bench(bench.qtbot, bench.folder, tiny_model, settings) as again:
        assert texts(again) == []


def test_a_reply_is_written_while_it_comes(bench: Bench) -> None:
    bench.script.hold_after_pieces = 2
    bench.window.chat.flow.send("Hi")
    other = in_file(bench)

    def has_text() -> bool:
        (conversation,) = other.load_all() or (None,)
        return conversation is not None and conversation.path[-1].text == "The capital of France "

    bench.qtbot.waitUntil(has_text)
    assert bench.window.chat.flow.busy
    other.close()


def test_what_another_window_adds_is_shown_and_nothing_is_lost(bench: Bench) -> None:
    bench.say("Hi")
    other = in_file(bench)
    bench.qtbot.waitUntil(lambda: len(other.load_all()) == 1)
    bench.qtbot.waitUntil(lambda: len(other.load_all()[0].messages) == 2)
    (there,) = other.load_all()
    id = there.path[-1].id
    bench.script.hold_after_pieces = 1
    click(bench, last(bench).head.again)
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi", "The capital "])
    more_there = [
        there.add("assistant", text, there.path[0].id).id for text in ("While it came", "And then")
    ]
    other.save(there.delta(more_there))
    bench.window.services.conversations.check_for_changes()
    bench.engine.release.set()
    bench.wait_idle()
    bench.qtbot.waitUntil(lambda: last(bench).head.variant.endswith("/4"))
    assert texts(bench) == ["Hi", REPLY], "what is shown here stays so"
    bench.window.chat.conversation_actions.flip_to(id)
    message = there.add("user", "From elsewhere", id)
    there.show(message.id)
    other.save(there.delta([message.id]))
    bench.window.services.conversations.check_for_changes()
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi", REPLY, "From elsewhere"])
    other.remove(there.id)
    bench.say("Still here")
    bench.qtbot.waitUntil(lambda: len(other.load_all()) == 1)
    (kept,) = other.load_all()
    assert [m.text for m in kept.path][:4] == ["Hi", REPLY, "From elsewhere", "Still here"]
    other.close()


def test_export_and_import(bench: Bench, chats: ConversationList, tmp_path: Path) -> None:
    bench.say("Hi")
    chat_action(bench, "Export conversation …").trigger()
    bench.pick(tmp_path / "one.md", kind="Markdown (*.md)")
    bench.qtbot.waitUntil((tmp_path / "one.md").exists)
    assert (tmp_path / "one.md").read_text().startswith("# Hi\n\n**You**\n\nHi\n\n**plan.txt**")
    chat_action(bench, "Export all conversations …").trigger()
    bench.pick(tmp_path / "all.json")
    bench.qtbot.waitUntil((tmp_path / "all.json").exists)
    assert len(json.loads((tmp_path / "all.json").read_text())["conversations"]) == 1
    chat_action(bench, "Delete conversation").trigger()
    wait_titles(bench, chats)
    assert not chat_action(bench, "Delete conversation").isEnabled()
    chat_action(bench, "Import conversations …").trigger()
    bench.pick(tmp_path / "all.json")
    wait_titles(bench, chats, "Hi")
    bench.qtbot.waitUntil(lambda: bench.window.status.currentMessage() == "Imported 1 conversation")
    (tmp_path / "bad.json").write_text("{}")
    chat_action(bench, "Import conversations …").trigger()
    bench.pick(tmp_path / "bad.json")
    assert "“bad.json” holds no conversations" in bench.answer("OK")


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A database that cannot be read, where the program looks for it. Ask for it before `bench`."""
    path = tmp_path / "settings.ini.data" / "conversations.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"damaged" * 1000)
    return path


def test_chat_goes_on_where_nothing_can_be_kept(spoilt: Path, bench: Bench) -> None:
    trouble = bench.window.chat.conversation_actions.trouble
    assert trouble.isVisible()
    assert trouble.words.text() == "Conversations are not saved"
    bench.say("Hi")
    click(bench, bar_button(trouble, "Why …"))
    assert "is damaged, so it was left unchanged" in bench.answer("Continue for now")
    assert spoilt.read_bytes() == b"damaged" * 1000
    bench.window.close()
    assert "only in memory" in bench.answer("Cancel")
    assert bench.window.isVisible()
    click(bench, bar_button(trouble, "Why …"))
    bench.answer("Try again")
    assert "is damaged" in bench.dialog().informativeText()
    spoilt.unlink()
    bench.answer("Try again")
    bench.qtbot.waitUntil(lambda: not trouble.isVisible())
    store = in_file(bench)
    assert [m.text for m in store.load_all()[0].path] == ["Hi", REPLY]
    store.close()
