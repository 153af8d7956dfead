"""A reply while it comes: what the conversation has of it, its marks, its footer, and its end."""

from __future__ import annotations

from app.conversations.conversation import Conversation, Message
from app.conversations.reply_record import ReplyRecord
from app.conversations.scale_moves import ScaleMove
from app.engine.messages import Progress, Reply, ReplyStatistics, ScalesMoved, TextPiece
from app.ui.chat.reply_footer import INTERRUPTED
from app.ui.chat.reply_in_progress import ReplyInProgress

RECORD = ReplyRecord("plan", recipe="first", n_ctx=512)
ENDED = ReplyStatistics(plan_hash="abc", seed=7, n_generated=2, stop_reason="end")
MOVED = ScalesMoved(((3, 0, 0.5, 0.75),))


def asked() -> tuple[Conversation, Message]:
    conversation = Conversation()
    return conversation, conversation.add("user", "Hi", None)


def ended(text: str) -> Reply:
    return Reply(text, ENDED, peak_rss_bytes=1)


def test_the_conversation_has_what_came_so_far() -> None:
    conversation, prompt = asked()
    reply = ReplyInProgress(conversation, prompt.id, RECORD)
    assert conversation.path[-1].id == reply.id
    assert conversation.path[-1].record == RECORD
    assert reply.take([Progress("Processing prompt", 0.5)]) == []
    assert reply.take([TextPiece("One"), TextPiece(" two")]) == ["One", " two"]
    assert conversation.path[-1].text == reply.text == "One two"
    assert reply.tokens == ["One", " two"]
    assert reply.footer == INTERRUPTED


def test_scales_that_moved_are_marked_where_the_text_was() -> None:
    conversation, prompt = asked()
    reply = ReplyInProgress(conversation, prompt.id, RECORD)
    reply.take([TextPiece("One"), MOVED, TextPiece(" two")])
    move = ScaleMove(3, 3, 0, 0.5, 0.75)
    assert conversation.path[-1].record == reply.record
    assert reply.record.moves == reply.moves == (move,)
    reply.finish(ended("One two"), "scales moved", "second")
    record = conversation.path[-1].record
    assert record is not None
    assert (record.recipe, record.remark, record.moves) == ("second", "scales moved", (move,))
    assert record.statistics == ENDED
    assert reply.footer.endswith("seed 7 · plan abc · scales moved")


def test_a_reply_that_goes_on_keeps_what_it_had() -> None:
    conversation, prompt = asked()
    first = ReplyInProgress(conversation, prompt.id, RECORD)
    first.take([MOVED, TextPiece("One")])
    first.finish(ended("One"))
    before = conversation.path[-1]
    more = ReplyInProgress(conversation, prompt.id, RECORD, "One", first.id)
    assert (more.id, more.text, more.tokens) == (first.id, "One", [])
    more.take([TextPiece(" two"), MOVED])
    more.finish(ended(" two"))
    assert len(conversation.path) == 2
    assert conversation.path[-1].text == "One two"
    assert [move.at for move in more.record.moves] == [0, 7]
    conversation.write(first.id, before.text, before.record)
    nothing = ReplyInProgress(conversation, prompt.id, RECORD, "One", first.id)
    assert nothing.settle()
    assert conversation.path[-1] == before
    assert nothing.footer != INTERRUPTED


def test_a_reply_of_which_nothing_came_leaves_no_message() -> None:
    conversation, prompt = asked()
    reply = ReplyInProgress(conversation, prompt.id, RECORD)
    assert not reply.settle()
    assert conversation.path == (prompt,)
    broken = ReplyInProgress(conversation, prompt.id, RECORD)
    broken.take([TextPiece("Half")])
    assert broken.settle()
    assert (conversation.path[-1].text, broken.footer) == ("Half", INTERRUPTED)
