"""Faders that move while a reply comes: marked where, kept, and what is read after that."""

from __future__ import annotations

from app.engine.messages import Generate
from app.ui.chat.message.scale_marks import ScaleMark
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_flow import EARLIER, SCALES_MOVED
from app.ui.chat.reply_settings.sampling_panel import AS_HEARD
from app.ui.state.settings import Settings
from tests.ui.workbench import Bench

MARK = "Scale of merge 3, input 1: 0.50 → 0.75"


def moved_reply(bench: Bench) -> MessageView:
    """A reply in which a fader moved after "The capital "."""
    messages = bench.window.chat.transcript.messages
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Where?")
    bench.qtbot.waitUntil(lambda: bool(messages) and messages[-1].text == "The capital ")
    bench.set_scale(0.75)
    runner, editor = bench.window.services.runner, bench.window.services.editor
    bench.qtbot.waitUntil(lambda: runner.recipe == editor.lowered.recipe)
    bench.engine.release.set()
    bench.wait_idle()
    bench.script.hold_after_pieces = None
    return messages[-1]


def test_a_moved_fader_is_marked_where_it_took_effect(bench: Bench) -> None:
    view = moved_reply(bench)
    assert view.marks == [MARK]
    assert SCALES_MOVED in view.footer
    marks = view.findChildren(ScaleMark)
    bench.qtbot.waitUntil(lambda: len(marks) == 1 and marks[0].isVisible())
    assert (marks[0].toolTip(), marks[0].accessibleName()) == (MARK, MARK)
    assert view.body.accessibleDescription() == MARK
    width = view.body.fontMetrics().horizontalAdvance("The capital ")
    bench.qtbot.waitUntil(lambda: abs(marks[0].geometry().center().x() - width) < 6)
    record = bench.window.services.conversations.current.path[-1].record
    assert [(move.at, move.before, move.after) for move in record.moves] == [(12, 0.5, 0.75)]
    assert record.statistics.plan_hash == bench.window.services.runner.recipe.hash
    assert record.recipe == bench.window.services.runner.recipe.text


def test_marks_are_there_again_when_the_conversation_is_opened_again(bench: Bench) -> None:
    moved_reply(bench)
    kept, id = (
        bench.window.chat.conversation_actions,
        bench.window.services.conversations.current.id,
    )
    kept.begin()
    assert not bench.window.chat.transcript.messages
    kept.open(id)
    messages = bench.window.chat.transcript.messages
    bench.qtbot.waitUntil(lambda: len(messages) == 2)
    assert messages[-1].marks == [MARK]


def test_marks_stay_with_the_reply_when_the_engine_dies(bench: Bench) -> None:
    messages = bench.window.chat.transcript.messages
    bench.script.hold_after_pieces, bench.script.die_after_pieces = 1, 2
    bench.window.chat.flow.send("Where?")
    bench.qtbot.waitUntil(lambda: bool(messages) and messages[-1].text == "The capital ")
    bench.set_scale(0.75)
    runner, editor = bench.window.services.runner, bench.window.services.editor
    bench.qtbot.waitUntil(lambda: runner.recipe == editor.lowered.recipe)
    bench.engine.release.set()
    bench.wait_idle()
    reply = next(view for view in messages if view.kind == "reply")
    assert reply.marks == [MARK]
    path = bench.window.services.conversations.current.path
    assert [move.words for move in path[-1].record.moves] == [MARK]


def test_what_was_said_stays_as_heard_where_that_is_chosen(
    bench: Bench, settings: Settings
) -> None:
    bench.say("Hi")
    bench.window.chat.sampling.earlier.setCurrentText(AS_HEARD)
    assert not settings.chat().reread
    bench.set_scale(0.75)
    runner, editor = bench.window.services.runner, bench.window.services.editor
    bench.qtbot.waitUntil(lambda: runner.recipe == editor.lowered.recipe)
    bench.say("And now?")
    assert [request.reread for request in bench.engine.asked(Generate)] == [True, False]
    assert EARLIER["as_heard"] in bench.window.chat.transcript.messages[-1].footer


def test_a_new_conversation_has_nothing_to_read_anew(bench: Bench) -> None:
    bench.say("Hi")
    bench.window.chat.new_chat.click()
    bench.set_scale(0.75)
    runner, editor = bench.window.services.runner, bench.window.services.editor
    bench.qtbot.waitUntil(lambda: runner.recipe == editor.lowered.recipe)
    bench.say("And now?")
    assert "scales" not in bench.window.chat.transcript.messages[-1].footer
