"""Messages in the window: variants, branches, going on, deleting with undo, copying."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication

from app.conversations.store import Store
from app.engine.errors import EngineError
from app.engine.messages import ChatMessage, Generate
from app.ui.chat.message.view import MessageView
from app.ui.widgets.quiet_label import QuietLabel
from tests.ui.hands import LEFT
from tests.ui.window.test_chat import kinds, last
from tests.ui.workbench import Bench

REPLY = "The capital of France is **Paris**."


def texts(bench: Bench) -> list[str]:
    return [m.text for m in bench.window.chat.transcript.messages]


def answers(bench: Bench, *pieces: str) -> None:
    """What the engine says from now on."""
    bench.script.pieces = pieces


def sent(bench: Bench) -> list[str]:
    """The texts of the latest request, without the system message."""
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    return [m.content for m in request.messages if m.role != "system"]


def click(bench: Bench, widget: object) -> None:
    bench.qtbot.mouseClick(widget, LEFT)


def menu_of(view: MessageView) -> list[QAction]:
    """What the menu of a message has."""
    return view.head.make_menu().actions()


def more(view: MessageView, words: str) -> QAction:
    """What the menu of a message has under these words."""
    return next(a for a in menu_of(view) if a.text() == words)


def chat_action(bench: Bench, words: str) -> QAction:
    return next(a for a in bench.menu("Chat").actions() if a.text().replace("&", "") == words)


def bar_button(bar: object, words: str) -> object:
    return next(b for b in bar.buttons if b.text() == words)  # type: ignore[attr-defined]


def begin_another(bench: Bench) -> None:
    click(bench, bench.window.chat.new_chat)
    assert kinds(bench) == []


def in_file(bench: Bench) -> Store:
    """Another window's view of the database."""
    return Store(bench.window.services.settings.conversations_path)


def test_regenerating_keeps_the_earlier_reply_to_flip_through(bench: Bench) -> None:
    bench.say("Hi")
    answers(bench, "Second.")
    click(bench, last(bench).head.again)
    bench.wait_idle()
    answers(bench, "Third.")
    chat_action(bench, "Regenerate").trigger()
    bench.wait_idle()
    assert texts(bench) == ["Hi", "Third."]
    head = last(bench).head
    assert head.variant == "3/3"
    assert not head.after.isEnabled()
    click(bench, head.before)
    assert texts(bench) == ["Hi", "Second."]
    chat_action(bench, "Previous variant").trigger()
    assert texts(bench) == ["Hi", REPLY]
    assert not chat_action(bench, "Previous variant").isEnabled()
    assert "3 tokens, 34 tok/s" in last(bench).footer
    bench.say("Go on")
    assert sent(bench) == ["Hi", REPLY, "Go on"]
    first = bench.window.chat.transcript.messages[1]
    click(bench, first.head.after)
    assert texts(bench) == ["Hi", "Second."]
    click(bench, last(bench).head.before)
    assert texts(bench) == ["Hi", REPLY, "Go on", "Third."]


def test_an_edited_prompt_makes_a_branch_beside_the_old_one(bench: Bench) -> None:
    bench.say("Hi")
    bench.say("More")
    first = bench.window.chat.transcript.messages[0]
    click(bench, first.head.edit)
    field = first.edit_field
    assert field is not None
    assert field.toPlainText() == "Hi"
    bench.qtbot.keyClicks(field, "gone")
    bench.qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert first.edit_field is None
    assert texts(bench) == ["Hi", REPLY, "More", REPLY]
    bench.window.activateWindow()
    chat_action(bench, "Edit last message").trigger()
    field = bench.window.chat.transcript.messages[2].edit_field
    assert field is not None
    bench.qtbot.keyClick(field, Qt.Key.Key_Escape)
    click(bench, first.head.edit)
    answers(bench, "Branch.")
    field = first.edit_field
    assert field is not None
    bench.qtbot.keyClicks(field, "Hello")
    click(bench, first.head.edit)
    assert field.toPlainText() == "Hello", "what is being written stays"
    bench.script.hold_after_pieces = 0
    bench.window.chat.flow.regenerate()
    bench.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.toPlainText() == "Hello", "it cannot be sent while a reply is coming"
    bench.window.chat.flow.stop()
    bench.wait_idle()
    bench.script.hold_after_pieces = None
    bench.qtbot.keyClick(field, Qt.Key.Key_Return)
    bench.wait_idle()
    assert sent(bench) == ["Hello"]
    assert texts(bench) == ["Hello", "Branch."]
    head = bench.window.chat.transcript.messages[0].head
    assert head.variant == "2/2"
    click(bench, head.before)
    assert texts(bench) == ["Hi", REPLY, "More", REPLY]


def test_a_reply_that_was_stopped_can_go_on(bench: Bench) -> None:
    bench.script.hold_after_pieces = 2
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: "of France " in texts(bench)[-1])
    assert not chat_action(bench, "Continue the reply").isEnabled()
    bench.window.chat.flow.stop()
    bench.wait_idle()
    bench.script.hold_after_pieces = None
    answers(bench, "is ", "Paris.")
    more(last(bench), "Continue the reply").trigger()
    bench.wait_idle()
    request = bench.engine.asked(Generate)[-1]
    assert isinstance(request, Generate)
    assert request.begun == "The capital of France "
    assert request.messages[-1] == ChatMessage("user", "Hi")
    assert texts(bench) == ["Hi", "The capital of France is Paris."]
    assert "2 more tokens" in last(bench).footer
    assert not chat_action(bench, "Continue the reply").isEnabled()
    assert "Continue the reply" not in [a.text() for a in menu_of(last(bench))]


def test_going_on_that_fails_leaves_the_reply_as_it_was(bench: Bench) -> None:
    bench.script.hold_after_pieces = 2
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: "of France " in texts(bench)[-1])
    bench.window.chat.flow.stop()
    bench.wait_idle()
    bench.script.hold_after_pieces = None
    bench.script.fail_generate = EngineError("The context is full.")
    chat_action(bench, "Continue the reply").trigger()
    bench.wait_idle()
    assert texts(bench) == ["Hi", "The capital of France ", "The context is full."]
    assert "stopped by you" in bench.window.chat.transcript.messages[1].footer


def test_regenerating_that_fails_shows_the_reply_that_was_there(bench: Bench) -> None:
    bench.say("Hi")
    bench.script.fail_generate = EngineError("No.")
    click(bench, bench.window.chat.regenerate)
    bench.wait_idle()
    assert texts(bench) == ["Hi", REPLY, "No."]
    assert bench.window.chat.transcript.messages[1].head.variant == ""


def test_deleting_a_message_takes_what_follows_and_can_be_undone(bench: Bench) -> None:
    bench.say("Hi")
    bench.say("More")
    more(bench.window.chat.transcript.messages[1], "Delete this and all later messages").trigger()
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi"])
    undo = bench.window.chat.conversation_actions.undo
    bench.qtbot.waitUntil(undo.isVisible)
    assert undo.words.text() == "3 messages were deleted"
    click(bench, bar_button(undo, "Undo"))
    bench.qtbot.waitUntil(lambda: texts(bench) == ["Hi", REPLY, "More", REPLY])
    assert not undo.isVisible()
    more(last(bench), "Delete this and all later messages").trigger()
    bench.qtbot.waitUntil(undo.isVisible)
    click(bench, bar_button(undo, "Dismiss"))
    bench.say("Again")
    assert sent(bench) == ["Hi", REPLY, "Again"]
    other = in_file(bench)
    bench.qtbot.waitUntil(lambda: len(other.load_all()[0].messages) == 5)
    other.close()


def test_copying_as_it_was_written_and_as_plain_text(bench: Bench) -> None:
    clipboard = QGuiApplication.clipboard()
    answers(bench, "**Do**:\n\n- this")
    bench.say("Code")
    more(last(bench), "Copy as plain text").trigger()
    assert clipboard.text().startswith("Do:\n")
    chat_action(bench, "Copy last reply").trigger()
    assert clipboard.text().startswith("**Do**:")


def test_a_long_name_over_a_reply_is_shortened_and_whole_in_its_tool_tip(bench: Bench) -> None:
    name = "two-endings, block 3 (“Blend”), input 1 at 0.55, " * 3
    view = MessageView(name, "reply")
    bench.qtbot.addWidget(view)
    (label,) = view.head.findChildren(QuietLabel)
    assert (label.text(), label.toolTip()) == (name, name)
    assert view.minimumSizeHint().width() < bench.window.chat.minimumSizeHint().width()
