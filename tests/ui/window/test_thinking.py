"""Thoughts in the transcript: folded, live while they stream, kept, and not copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.ui.chat.message.view import NO_TEXT, THINKS, THOUGHT
from tests.ui.hands import LEFT
from tests.ui.window.test_chat import last
from tests.ui.workbench import Bench

REPLY = "<think>\nWell, **two**.\n</think>\n\nIt is *two*."


def test_thoughts_stream_into_their_own_fold(bench: Bench) -> None:
    bench.script.pieces = tuple(REPLY)
    bench.script.hold_after_pieces = REPLY.index("</think>")
    bench.qtbot.keyClicks(bench.window.chat.composer, "How many?")
    bench.window.chat.composer.submit()
    bench.qtbot.waitUntil(lambda: bench.window.chat.transcript.last("reply") is not None)
    view = last(bench)
    bench.qtbot.waitUntil(lambda: view.thought is not None)
    assert view.thought is not None
    assert view.thought.toggle.text() == THINKS
    assert view.thought.content.isHidden()
    bench.qtbot.mouseClick(view.thought.toggle, LEFT)
    bench.qtbot.waitUntil(lambda: view.thought.content.isVisible())
    bench.qtbot.waitUntil(lambda: "**two**" in view.thought.content.toPlainText())
    assert view.body.toPlainText() == ""
    bench.engine.release.set()
    bench.wait_idle()
    assert view.thought.toggle.text() == THOUGHT
    assert view.thought.content.toPlainText().strip() == "Well, **two**."
    assert view.body.toPlainText() == "It is two."
    bench.qtbot.keyClick(view.thought.toggle, Qt.Key.Key_Space)
    assert view.thought.content.isHidden()


def test_thoughts_are_kept_but_not_copied(bench: Bench) -> None:
    bench.script.pieces = (REPLY,)
    bench.say("How many?")
    view = last(bench)
    assert view.text == REPLY
    bench.qtbot.mouseClick(view.head.copy, LEFT)
    assert QGuiApplication.clipboard().text() == "It is *two*."
    path = bench.window.services.conversations.current.path
    assert path[-1].text == REPLY


def test_a_reply_that_only_thought_says_so(bench: Bench) -> None:
    bench.script.pieces = ("<think>Hm",)
    bench.say("How many?")
    view = last(bench)
    assert view.body.toPlainText() == NO_TEXT
    assert view.thought is not None
    assert view.thought.content.toPlainText() == "Hm"


def test_a_reply_without_thoughts_has_no_fold(bench: Bench) -> None:
    bench.script.pieces = ("A ", "<think>", " tag.")
    bench.say("What?")
    assert last(bench).thought is None
    assert "<think>" in last(bench).body.toPlainText()
