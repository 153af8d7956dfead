"""A chat with the bundled model itself: typed by keys, said by the engine process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from app.plan import edits
from app.ui.application import open_first
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_flow import EARLIER, RESTART_AND_CONTINUE
from app.ui.state.documents import SAMPLES
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.settings import OWN_TEMPLATE, Settings
from app.ui.tools.other_plan.dialog import OtherPlanDialog
from app.ui.window.main_window import MainWindow
from tests.ui.hands import LEFT
from tests.ui.window.test_open_plans import author_of

MS = 120_000


@pytest.fixture
def window(
    qtbot: QtBot, loop: QEventLoop, settings: Settings, model_path: Path, tmp_path: Path
) -> Iterator[MainWindow]:
    window = MainWindow(EngineBridge(), EngineBridge(), settings, lambda: model_path)
    window.restore_layout()
    window.show()
    opened = window.services.tasks.start(open_first(window, (), None))
    qtbot.waitUntil(opened.done, timeout=MS)
    qtbot.waitUntil(lambda: bool(window.services.model.paths), timeout=MS)
    sampling = window.chat.sampling
    sampling.n_ctx.setValue(1024)
    sampling.n_predict.setValue(16)
    sampling.temperature.setValue(0.8)
    sampling.seed.setValue(11)
    yield window
    for document in window.services.documents.all:
        document.undo_stack.setClean()
    with qtbot.waitSignal(window.closed, timeout=MS):
        window.close()


def say(qtbot: QtBot, window: MainWindow, text: str) -> MessageView:
    window.chat.composer.clear()
    qtbot.keyClicks(window.chat.composer, text)
    qtbot.keyClick(window.chat.composer, Qt.Key.Key_Return)
    return reply(qtbot, window)


def reply(qtbot: QtBot, window: MainWindow) -> MessageView:
    qtbot.waitUntil(lambda: not window.chat.flow.busy, timeout=MS)
    view = window.chat.transcript.messages[-1]
    assert view.kind == "reply", view.text
    return view


def test_a_conversation_with_the_model_and_its_replies_again(
    qtbot: QtBot, window: MainWindow
) -> None:
    first = say(qtbot, window, "Name three colours of the rainbow.")
    assert first.text.strip()
    record = window.services.conversations.current.path[-1].record
    assert record is not None and record.statistics.n_prompt_evaluated == record.statistics.n_prompt
    second = say(qtbot, window, "And which one is the sky?")
    asked = window.services.conversations.current.path[-1].record
    assert asked is not None
    assert (
        asked.statistics.n_prompt_evaluated
        == asked.statistics.n_prompt - record.statistics.n_ctx_used
    )
    texts = {view.id: view.text for view in (first, second)}
    window.chat.sampling.temperature.setValue(1.5)
    window.chat.sampling.n_predict.setValue(3)
    for view in (second, first):
        text = texts[view.id]
        view.head.regenerate_same_requested.emit()
        again = reply(qtbot, window)
        assert again.text == text
        assert again.id not in texts
        assert again.head.variant == "2/2"


def test_the_plan_with_a_fader_moved_is_asked_about_a_reply(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.chat.sampling.temperature.setValue(0)
    view = say(qtbot, window, "Name three colours of the rainbow.")
    editor = window.services.editor
    merge = editor.lowered.block_ids[-1]
    scales = [entry.scale for entry in editor.plan.blocks[merge].inputs]
    plan = editor.plan
    for port, scale in enumerate(reversed(scales)):
        plan = edits.set_scale(plan, merge, port, scale)
    editor.apply("Swap the scales", plan)
    view.head.ask_other_requested.emit()
    (dialog,) = window.findChildren(OtherPlanDialog)
    qtbot.mouseClick(dialog.ask, LEFT)
    qtbot.waitUntil(lambda: not dialog.runs, timeout=MS)
    assert dialog.problem.text() == ""
    assert dialog.view.toPlainText().replace("↵\n", "\n").startswith(view.text)
    # what was said is what its plan found likeliest, and the other would have said something else
    assert f"“{dialog.other.currentText()}” has another top token" in dialog.summary.text()
    its_own, others, _change = dialog.panel.chances.text().splitlines()
    assert its_own.endswith(", rank 1")
    assert not others.endswith(", rank 1")
    dialog.close()


def test_a_reply_whose_engine_is_killed_goes_on_by_one_click(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.chat.sampling.n_predict.setValue(400)
    window.chat.flow.send("Tell a very long story about the sea.")
    messages = window.chat.transcript.messages
    qtbot.waitUntil(lambda: len(messages) == 2 and len(messages[1].text) > 40, timeout=MS)
    state = window.services.engine.state
    assert state is not None and state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: not window.chat.flow.busy, timeout=MS)
    reply_so_far, error = messages[1:]
    text = reply_so_far.text
    assert len(text) > 40
    assert "Interrupted" in reply_so_far.footer
    assert "SIGKILL" in error.text
    window.chat.sampling.n_predict.setValue(8)
    (go_on,) = (b for b in error.findChildren(QPushButton) if b.text() == RESTART_AND_CONTINUE)
    qtbot.mouseClick(go_on, LEFT)
    whole = reply(qtbot, window)
    assert whole is reply_so_far
    assert whole.text.startswith(text) and len(whole.text) > len(text)
    assert "stopped at the token limit" in whole.footer


def test_what_cannot_be_answered_is_said_in_words(qtbot: QtBot, window: MainWindow) -> None:
    chat = window.chat
    reply_settings = window.services.reply_settings
    settings = reply_settings.chat
    bad = {
        "The grammar cannot be read": replace(
            settings, sampling=replace(settings.sampling, grammar="root ::= (")
        ),
        "Your chat template": replace(
            settings, template=OWN_TEMPLATE, own_template="{{ messages[9].role.x.y }}"
        ),
        "did not come to an end": replace(
            settings,
            template=OWN_TEMPLATE,
            own_template="{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}"
            "{% endfor %}",
        ),
    }
    for words, changed in bad.items():
        reply_settings.set_chat(changed)
        chat.flow.send("Hi")
        qtbot.waitUntil(lambda: not chat.flow.busy, timeout=MS)
        view = chat.transcript.messages[-1]
        assert view.kind == "error"
        assert words in view.text
    reply_settings.set_chat(settings)
    chat.flow.send("word " * 2000)
    qtbot.waitUntil(lambda: not chat.flow.busy, timeout=MS)
    assert "the context holds 1024" in chat.transcript.messages[-1].text
    assert say(qtbot, window, "Hi").text


def test_a_fader_and_then_the_plan_change_in_mid_conversation(
    qtbot: QtBot, window: MainWindow
) -> None:
    first, editor = window.services.documents.active, window.services.editor
    window.chat.sampling.n_predict.setValue(80)
    window.chat.flow.send("Tell a long story about the sea.")
    messages = window.chat.transcript.messages
    qtbot.waitUntil(lambda: len(messages) == 2 and len(messages[1].text) > 20, timeout=MS)
    merge = editor.lowered.block_ids[-1]
    plan = edits.set_scale(edits.set_scale(editor.plan, merge, 0, 0.75), merge, 1, 0.25)
    editor.apply("Change scales", plan)
    view = reply(qtbot, window)
    (mark,) = view.marks
    assert len(mark.splitlines()) == 2
    assert "→ 0.75" in mark
    said = window.services.conversations.current.path[-1]
    assert said.record is not None and 20 < said.record.moves[0].at < len(said.text)

    other = SAMPLES / "two-endings.txt"
    opened = window.services.tasks.start(window.services.documents.open(other, is_sample=True))
    qtbot.waitUntil(opened.done, timeout=MS)
    window.chat.sampling.n_predict.setValue(8)
    assert author_of(say(qtbot, window, "And the sky?")) == "two-endings"
    assert window.services.runner.is_open(first)
    window.services.documents.show(first)
    qtbot.waitUntil(lambda: window.services.runner.is_current, timeout=MS)
    assert author_of(say(qtbot, window, "And the land?")) == "sample"
    asked = window.services.conversations.current.path[-1].record
    assert asked is not None and EARLIER["read_anew"] in asked.remark
