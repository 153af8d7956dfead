"""The chat panel: what keys and buttons send, what is shown, and how failures read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QToolButton

from app.conversations.conversation import SystemMode
from app.engine.errors import EngineError
from app.engine.messages import ChatMessage, Generate, Open
from app.ui.chat import reply_in_progress
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_in_progress import Speedometer
from tests.ui.hands import LEFT, SHIFT
from tests.ui.workbench import Bench


def kinds(bench: Bench) -> list[str]:
    return [m.kind for m in bench.window.chat.transcript.messages]


def last(bench: Bench) -> MessageView:
    return bench.window.chat.transcript.messages[-1]


def button(view: MessageView, words: str) -> QPushButton:
    return next(b for b in view.findChildren(QPushButton) if b.text() == words)


def test_enter_opens_the_plan_sends_and_shows_the_reply(bench: Bench) -> None:
    bench.say("What is the capital of France?")
    assert kinds(bench) == ["user", "reply"]
    assert last(bench).text == "The capital of France is **Paris**."
    assert last(bench).body.toPlainText() == "The capital of France is Paris."
    assert bench.window.chat.composer.toPlainText() == ""
    (request,) = bench.engine.asked(Generate)
    assert isinstance(request, Generate)
    assert request.messages == (
        ChatMessage("system", ""),
        ChatMessage("user", "What is the capital of France?"),
    )
    assert len(bench.engine.asked(Open)) == 1


def test_footer_says_how_it_went(bench: Bench) -> None:
    bench.say("Hi")
    footer = last(bench).footer
    plan_hash = bench.window.services.runner.opened.plan_hash
    for words in ("3 tokens, 34 tok/s", "410 tok/s", "first token after 0.12 s", "37 of 4096"):
        assert words in footer
    for words in ("ended", "seed 7", "plan.txt "):
        assert words in footer
    assert plan_hash in footer


def test_shift_enter_breaks_the_line_and_sends_nothing(bench: Bench) -> None:
    composer = bench.window.chat.composer
    composer.clear()
    bench.qtbot.keyClicks(composer, "one")
    bench.qtbot.keyClick(composer, Qt.Key.Key_Return, SHIFT)
    bench.qtbot.keyClicks(composer, "two")
    assert composer.toPlainText() == "one\ntwo"
    assert kinds(bench) == []


def test_pieces_are_shown_while_they_come_and_escape_stops(bench: Bench) -> None:
    bench.script.hold_after_pieces = 2
    composer = bench.window.chat.composer
    bench.qtbot.keyClicks(composer, "Hi")
    bench.qtbot.keyClick(composer, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"])
    bench.qtbot.waitUntil(lambda: last(bench).body.toPlainText() == "The capital of France")
    bench.qtbot.keyClicks(composer, "next")
    bench.qtbot.keyClick(composer, Qt.Key.Key_Return)
    composer.setFocus()
    bench.qtbot.waitUntil(composer.hasFocus)
    assert composer.toPlainText() == "next", "a message cannot be sent while a reply is coming"
    bench.qtbot.keyClick(composer, Qt.Key.Key_Escape)
    bench.wait_idle()
    assert last(bench).text == "The capital of France "
    assert "stopped by you" in last(bench).footer


def test_stop_button_stops(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    chat = bench.window.chat
    chat.composer.setPlainText("Hi")
    bench.qtbot.mouseClick(chat.send, LEFT)
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"] and bool(last(bench).text))
    assert chat.send.accessibleName() == "Stop (Esc)"
    bench.qtbot.mouseClick(chat.send, LEFT)
    bench.wait_idle()
    assert "stopped by you" in last(bench).footer


def test_engine_death_keeps_the_transcript_and_can_be_started_again(bench: Bench) -> None:
    bench.say("First")
    n_asked = len(bench.engine.requests)
    bench.script.die_after_pieces = 1
    bench.say("Second")
    assert kinds(bench) == ["user", "reply", "user", "reply", "error"]
    partial, error = bench.window.chat.transcript.messages[-2:]
    assert partial.text == "The capital "
    assert "Interrupted" in partial.footer
    assert "signal 9" in error.text
    assert "signal 9" in bench.window.status.words
    assert bench.window.services.runner.opened is None
    assert len(bench.engine.requests) == n_asked + 1, "a dead engine stays dead until it is asked"
    bench.script.die_after_pieces = None
    bench.script.pieces = ("went on.",)
    bench.qtbot.mouseClick(button(error, "Restart and continue"), LEFT)
    bench.wait_idle()
    assert kinds(bench) == ["user", "reply", "user", "reply"]
    assert bench.engine.asked(Generate)[-1].begun == "The capital "
    assert last(bench).text == "The capital went on."
    assert "Interrupted" not in last(bench).footer
    bench.say("Third")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert [m.content for m in request.messages][1:] == [
        "First",
        "The capital of France is **Paris**.",
        "Second",
        "The capital went on.",
        "Third",
    ]


def test_error_shows_the_engines_own_words_on_demand(bench: Bench) -> None:
    bench.script.fail_generate = EngineError(
        "The prompt has 9000 tokens, but the context holds 4096.", ("decode: no slot",)
    )
    bench.say("Hi")
    assert kinds(bench) == ["user", "error"]
    view = last(bench)
    assert "9000 tokens" in view.text
    detail = view.findChild(QPlainTextEdit)
    assert not detail.isVisible()
    toggle = next(b for b in view.findChildren(QToolButton) if "Engine log" in b.text())
    bench.qtbot.waitUntil(lambda: toggle.parentWidget().y() > 0)
    bench.qtbot.mouseClick(toggle, LEFT)
    assert detail.isVisible()
    assert detail.toPlainText() == "decode: no slot"
    bench.script.fail_generate = None
    bench.qtbot.mouseClick(button(view, "Try again"), LEFT)
    bench.wait_idle()
    assert kinds(bench) == ["user", "reply"]


def test_failed_open_is_told_and_the_next_message_tries_again(bench: Bench) -> None:
    bench.script.fail_open = EngineError("The file vanished while it was read.")
    bench.say("Hi")
    assert kinds(bench) == ["user", "error"]
    bench.script.fail_open = None
    bench.say("Hello")
    assert kinds(bench) == ["user", "error", "user", "reply"]
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert [m.content for m in request.messages] == ["", "Hello"]


def test_regenerate_asks_the_same_again(bench: Bench) -> None:
    bench.say("Hi")
    bench.script.pieces = ("Another.",)
    bench.qtbot.mouseClick(bench.window.chat.regenerate, LEFT)
    bench.wait_idle()
    assert kinds(bench) == ["user", "reply"]
    assert last(bench).text == "Another."
    first, second = bench.engine.asked(Generate)
    assert first == second


def test_new_conversation_while_a_reply_comes(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"] and bool(last(bench).text))
    bench.qtbot.mouseClick(bench.window.chat.new_chat, LEFT)
    bench.qtbot.waitUntil(lambda: kinds(bench) == [])
    bench.script.hold_after_pieces = None
    bench.say("Fresh")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert [m.content for m in request.messages] == ["", "Fresh"]


def test_copy_takes_the_message_as_it_was_written(bench: Bench) -> None:
    bench.say("Hi")
    copy = next(b for b in last(bench).findChildren(QToolButton) if b.text() == "Copy")
    bench.qtbot.mouseClick(copy, LEFT)
    assert QGuiApplication.clipboard().text() == "The capital of France is **Paris**."


def test_line_breaks_of_the_model_stay(bench: Bench) -> None:
    bench.script.pieces = ("Roses are red,\nviolets are blue.\n\n", "```\na\nb\n```")
    bench.say("A poem")
    shown = last(bench).body.toPlainText().replace("\u2028", "\n")
    assert "red,\nviolets" in shown
    assert "a\nb" in shown


def test_long_lines_of_code_stay_inside_the_message(bench: Bench) -> None:
    bench.script.pieces = ("```\n", "print(1) " * 60, "\n```")
    bench.say("Code")
    body = last(bench).body
    assert body.document().size().width() <= body.viewport().width()


def test_system_message_in_its_three_states(bench: Bench) -> None:
    field = bench.window.chat.system
    assert field.mode_box.currentData() is SystemMode.EMPTY
    bench.choose_system(SystemMode.TEMPLATE)
    assert not field.text.isVisible()
    bench.say("Hi")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert [m.role for m in request.messages] == ["user"]
    assert field.text.toPlainText() == "You are a helpful AI assistant."
    assert field.text.isVisible()
    assert field.text.isReadOnly()
    bench.choose_system(SystemMode.OWN)
    assert field.text.toPlainText() == ""
    bench.qtbot.keyClicks(field.text, "Answer like a pirate.")
    bench.say("Hi")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert request.messages[0] == ChatMessage("system", "Answer like a pirate.")
    bench.choose_system(SystemMode.EMPTY)
    assert not field.text.isVisible()


def test_suggestion_is_sent_by_run_and_replaced_by_typing(bench: Bench) -> None:
    chat = bench.window.chat
    chat.suggest()
    bench.qtbot.keyClicks(chat.composer, "Hello")
    assert chat.composer.toPlainText() == "Hello"
    chat.run()
    bench.wait_idle()
    assert kinds(bench) == [], "what the user is typing is not sent by Run"
    chat.suggest()
    assert chat.composer.toPlainText() == "Hello", "nor replaced"
    chat.composer.clear()
    chat.suggest()
    chat.run()
    bench.wait_idle()
    assert kinds(bench) == ["user", "reply"]


def test_status_line_tells_how_fast_the_reply_comes(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: kinds(bench) == ["user", "reply"] and bool(last(bench).text))
    bench.window.chat.flow.speed_changed.emit(4.0)
    assert "Generating 4 tok/s" in bench.window.status.words
    bench.engine.release.set()
    bench.wait_idle()
    bench.qtbot.waitUntil(lambda: bench.window.status.words.startswith("Ready"))


def test_speed_is_counted_from_the_first_on(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((0.0, 0.25, 0.5))
    monkeypatch.setattr(reply_in_progress, "time", SimpleNamespace(monotonic=lambda: next(times)))
    speed = Speedometer()
    assert [speed.count(n) for n in (5, 3, 1)] == [False, False, True]
    assert speed.per_s == 8.0


def test_settings_of_replies_reach_the_engine_and_are_kept(bench: Bench) -> None:
    sampling = bench.window.chat.sampling
    bench.qtbot.mouseClick(bench.window.chat.fold, LEFT)
    assert sampling.isVisible()
    sampling.temperature.setValue(0.0)
    sampling.seed.setValue(11)
    sampling.n_predict.setValue(5)
    sampling.n_ctx.setValue(1024)
    bench.say("Hi")
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert (request.sampling.temperature, request.sampling.seed, request.n_predict) == (0.0, 11, 5)
    opened = bench.engine.asked(Open)[-1]
    assert isinstance(opened, Open)
    assert opened.settings.n_ctx == 1024
    settings = bench.window.services.settings
    assert settings.chat() == bench.window.services.reply_settings.chat
