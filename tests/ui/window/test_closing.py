"""Closing the window: asks about changes, ends the engine, never hangs."""

from __future__ import annotations

from app.plan import edits
from app.ui.window.docks import LAYOUT_VERSION
from tests.ui.workbench import Bench


def test_closing_ends_the_engine(bench: Bench) -> None:
    bench.say("Hi")
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.window.close()
    assert bench.engine.closed
    assert not bench.window.isVisible()


def test_closing_while_a_reply_comes(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    messages = bench.window.chat.transcript.messages
    bench.qtbot.waitUntil(lambda: len(messages) == 2 and bool(messages[-1].text))
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.window.close()
    assert bench.engine.closed


def test_closing_does_not_wait_for_an_engine_that_hangs(bench: Bench) -> None:
    bench.script.hangs_on_close = True  # for 30 s
    with bench.qtbot.waitSignal(bench.window.closed, timeout=15_000):
        bench.window.close()


def test_closing_asks_about_unsaved_changes(bench: Bench) -> None:
    editor = bench.window.services.editor
    editor.apply("Rename", edits.rename(editor.plan, editor.lowered.block_ids[0], "New"))
    bench.window.close()
    assert "plan.txt" in bench.answer("Cancel")
    bench.qtbot.waitUntil(lambda: not bench.window._closing)
    assert bench.window.isVisible()
    assert not bench.estimator.closed
    bench.window.close()
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.answer("Discard changes")
    assert bench.estimator.closed


def test_layout_is_remembered(bench: Bench) -> None:
    bench.window.docks["Problems"].hide()
    with bench.qtbot.waitSignal(bench.window.closed):
        bench.window.close()
    assert bench.window.services.settings.window_layout() is not None
    bench.window.docks["Problems"].show()
    bench.window.restore_layout()
    assert bench.window.docks["Problems"].isHidden()


def test_a_layout_saved_for_other_docks_is_left_alone(bench: Bench) -> None:
    window = bench.window
    window.docks["Chat"].hide()
    window.services.settings.save_window_layout(
        window.saveGeometry(), window.saveState(LAYOUT_VERSION - 1)
    )
    window.docks["Chat"].show()
    window.restore_layout()
    assert window.docks["Chat"].isVisible()
    assert all(not dock.isHidden() for dock in window.docks.values())
