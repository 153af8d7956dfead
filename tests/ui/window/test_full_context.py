"""A full context in the window: what was chosen reaches the engine, and what it did is said."""

from __future__ import annotations

from app.conversations.conversation import Conversation
from app.conversations.reply_record import ReplyRecord
from app.engine.messages import Generate, ReplyStatistics
from app.engine.replies.summaries import summary_note
from app.ui.chat.message.view import SUMMARY
from tests.ui.window.test_chat import last
from tests.ui.window.test_messages import sent, texts
from tests.ui.window.test_reply_settings import dialog
from tests.ui.workbench import Bench

__all__ = ["dialog"]


def test_what_is_to_happen_is_chosen_in_the_settings(bench: Bench, dialog: object) -> None:
    choice = dialog.when_full
    choice.setCurrentIndex(choice.findData("slide"))
    bench.say("Hi")
    assert bench.engine.asked(Generate)[-1].when_full == "slide"
    assert bench.window.services.settings.chat().when_full == "slide"


def test_turns_that_left_are_told_of_and_stay_in_the_transcript(bench: Bench) -> None:
    bench.say("One")
    bench.script.n_left_out = 2
    bench.say("Two")
    assert "the oldest 2 messages were dropped from the full context" in last(bench).footer
    assert texts(bench)[0] == "One"


def test_a_summary_is_shown_as_such_and_sent_from_then_on(bench: Bench) -> None:
    bench.say("One")
    bench.script.n_left_out, bench.script.summary = 2, "We said one."
    bench.say("Two")
    bench.script.n_left_out, bench.script.summary = 0, ""
    view = last(bench)
    assert "replaced by a summary" in view.footer
    folds = [b for b in view.findChildren(type(bench.window.chat.fold)) if b.text() == SUMMARY]
    chat = bench.window.chat
    assert view.minimumSizeHint().width() < chat.minimumSizeHint().width(), "nothing is cut"
    folds[0].click()
    assert any("We said one." in w.toPlainText() for w in view.findChildren(type(view.body)))
    bench.say("Three")
    reply = "The capital of France is **Paris**."
    assert sent(bench) == [f"{summary_note('We said one.')}Two", reply, "Three"]
    assert texts(bench)[0] == "One", "nothing of what is kept is replaced"


def test_a_branch_from_before_the_summary_is_sent_as_it_was() -> None:
    conversation = Conversation()
    first = conversation.add("user", "One", None)
    answer = conversation.add("assistant", "Answer.", first.id)
    second = conversation.add("user", "Two", answer.id)
    told = conversation.add("assistant", "Told.", second.id)
    statistics = ReplyStatistics(n_left_out=2, summary="Short.", stop_reason="end")
    conversation.write(told.id, "Told.", ReplyRecord(statistics=statistics))
    other = conversation.add("user", "Else", answer.id)
    last = conversation.add("user", "Three", told.id)
    assert [m.content for m in conversation.prompt_for(other.id)] == ["One", "Answer.", "Else"]
    sent = [m.content for m in conversation.prompt_for(last.id)]
    assert sent == [f"{summary_note('Short.')}Two", "Told.", "Three"]
