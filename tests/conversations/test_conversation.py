"""The tree of messages: which path is shown, what is sent, and that undo brings all back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.conversations.conversation import (
    MAX_TITLE,
    Conversation,
    SystemMessage,
    SystemMode,
    title_from,
)
from app.conversations.reply_record import ReplyRecord
from app.engine.messages import ChatMessage, ReplyStatistics

EMPTY = SystemMessage(SystemMode.EMPTY)


def texts(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.path]


def talk(*turns: str) -> Conversation:
    """A conversation of these turns, the user's first."""
    conversation, at = Conversation(system=EMPTY), None
    for number, text in enumerate(turns):
        at = conversation.add("assistant" if number % 2 else "user", text, at).id
    return conversation


def test_a_second_answer_stands_beside_the_first_and_both_can_be_shown() -> None:
    conversation = talk("q", "a", "q2", "a2")
    first = conversation.path[1]
    second = conversation.add("assistant", "b", first.parent)
    assert texts(conversation) == ["q", "b"]
    assert conversation.variants(first.id) == (first, second)
    changed = conversation.show(first.id)
    assert [m.id for m in changed] == [first.id]
    assert texts(conversation) == ["q", "a", "q2", "a2"]
    assert conversation.show(first.id) == ()


def test_showing_a_message_of_another_branch_chooses_all_above_it() -> None:
    conversation = talk("q", "a", "q2", "a2")
    deep = conversation.path[3]
    conversation.add("user", "other", None)
    assert texts(conversation) == ["other"]
    conversation.show(deep.id)
    assert texts(conversation) == ["q", "a", "q2", "a2"]


def test_removing_takes_all_that_follows_and_shows_the_variant_left() -> None:
    conversation = talk("q", "a", "q2")
    a, q2 = conversation.path[1:]
    b = conversation.add("assistant", "b", a.parent)
    conversation.show(q2.id)
    assert [m.text for m in conversation.remove(a.id)] == ["a", "q2"]
    assert texts(conversation) == ["q", "b"]
    conversation.remove(b.id)
    assert texts(conversation) == ["q"]


def test_a_prompt_without_an_answer_is_not_sent_once_another_follows() -> None:
    conversation = talk("q", "a")
    lost = conversation.add("user", "lost", conversation.path[-1].id)
    again = conversation.add("user", "again", lost.id)
    sent = [(m.role, m.content) for m in conversation.prompt_for(again.id)]
    assert sent == [("system", ""), ("user", "q"), ("assistant", "a"), ("user", "again")]
    assert conversation.prompt_for(lost.id)[-1].content == "lost"


def test_what_a_reply_answered_is_told_as_it_was_sent() -> None:
    conversation = talk("q", "a", "again", "b")
    reply = conversation.path[-1]

    def sent(record: ReplyRecord | None) -> list[tuple[str, str]]:
        conversation.write(reply.id, reply.text, record)
        return [(m.role, m.content) for m in conversation.prompt_sent(reply.id)]

    turns = [("user", "q"), ("assistant", "a"), ("user", "again")]
    conversation.system = SystemMessage(SystemMode.OWN, "now")
    assert sent(None) == [("system", "now"), *turns]
    assert sent(ReplyRecord(system="then")) == [("system", "then"), *turns]
    assert sent(ReplyRecord(system=None)) == turns
    assert sent(ReplyRecord(system="", statistics=ReplyStatistics(n_left_out=2))) == [
        ("system", ""),
        *turns,
    ]
    assert conversation.prompt_at_end(reply.id) == (
        ChatMessage("system", ""),
        ChatMessage("user", "again"),
    )
    sent(ReplyRecord(statistics=ReplyStatistics(n_left_out=2, summary="Words.")))
    (told,) = conversation.prompt_at_end(reply.id)
    assert "Words." in told.content and told.content.endswith("again")
    sent(ReplyRecord(system=""))
    assert conversation.prompt_at_end(reply.id) == conversation.prompt_sent(reply.id)


def test_the_title_is_the_first_prompts_first_line() -> None:
    conversation = talk("\n  How  high\tis it?\nTell me.", "High.")
    assert conversation.title == "How high is it?"
    conversation.add("user", "Another", None)
    assert conversation.title == "How high is it?"


@given(st.text())
def test_a_title_is_one_line_that_is_not_long(prompt: str) -> None:
    title = title_from(prompt)
    assert len(title) <= MAX_TITLE + 1
    assert "\n" not in title
    assert bool(title) == bool(prompt.split())


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert talk("a\ud83d").path[0].text == "a?"


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["add", "show", "remove"]))))
def test_random_work_leaves_a_tree_and_each_removal_can_be_undone(
    steps: list[tuple[int, str]],
) -> None:
    conversation = Conversation()
    for number, what in steps:
        ids = [None, *conversation.messages]
        chosen = ids[number % len(ids)]
        if what == "add" or chosen is None:
            added = conversation.add("user", str(number), chosen)
            assert added in conversation.path or chosen not in {m.id for m in conversation.path}
        elif what == "show":
            conversation.show(chosen)
            assert chosen in {m.id for m in conversation.path}
        else:
            before, path = dict(conversation.messages), conversation.path
            taken = conversation.remove(chosen)
            assert not {m.id for m in taken} & set(conversation.messages)
            conversation.restore(taken)
            assert conversation.messages == before
            assert conversation.path == path
            conversation.remove(chosen)
        for message in conversation.messages.values():
            assert message.parent is None or message.parent in conversation.messages
        again = Conversation(messages=conversation.messages.values())
        assert again.path == conversation.path
