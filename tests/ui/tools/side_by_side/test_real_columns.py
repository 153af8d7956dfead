"""The bundled model itself, side by side and swept: the same plan and seed say the same."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.tools.measure.sweep_dialog import SweepDialog
from app.ui.window.main_window import MainWindow
from tests.ui.hands import LEFT
from tests.ui.window.test_real_chat import MS, say, window

__all__ = ["window"]

PROMPT = "Why is the sky blue?"


def set_seed(window: MainWindow, seed: int) -> None:
    chat = window.services.reply_settings.chat
    sampling = replace(chat.sampling, seed=seed)
    window.services.reply_settings.set_chat(replace(chat, sampling=sampling))


def test_columns_and_a_sweep_say_what_the_chat_says(qtbot: QtBot, window: MainWindow) -> None:
    set_seed(window, 7)
    said = say(qtbot, window, PROMPT).text
    window.side_by_side.show()
    beside = window.side_by_side.open
    assert beside is not None
    qtbot.mouseClick(beside.again, LEFT)
    qtbot.waitUntil(lambda: not window.chat.flow.busy, timeout=MS)
    first, second = beside.columns
    assert first.text == said
    assert second.text not in ("", said)
    qtbot.waitUntil(lambda: bool(second.body.extraSelections()))

    qtbot.mouseClick(second.take, LEFT)
    qtbot.keyClicks(beside.composer, "Say it shorter.")
    qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.chat.flow.busy, timeout=MS)
    path = window.services.conversations.current.path
    assert [m.text for m in path[:3]] == [PROMPT, path[1].text, "Say it shorter."]
    evaluated = [
        window.services.conversations.current.messages[c.id].record for c in beside.columns
    ]
    assert all(r and r.statistics.n_prompt_evaluated < r.statistics.n_prompt for r in evaluated)
    beside.close()

    window.measure.show_sweep()
    qtbot.waitUntil(lambda: bool(window.findChildren(SweepDialog)), timeout=MS)
    dialog = window.findChildren(SweepDialog)[0]
    dialog.prompt.setPlainText(PROMPT)
    dialog.n_predict.setValue(16)
    dialog.start_at.setValue(0.1)  # where the sample's own is
    dialog.steps.setValue(2)
    qtbot.mouseClick(dialog.sweep, LEFT)
    qtbot.waitUntil(lambda: not dialog.runs, timeout=MS)
    here, there = dialog.table.rows
    assert (here[0], here[4]) == ("0.1", " ".join(said.split()))
    assert there[4] != here[4]
