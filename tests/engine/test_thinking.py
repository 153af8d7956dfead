"""What a model thinks: told apart from its answer, begun by a template, not sent back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.messages import ChatMessage, Generate, Open, Reply, Sampling
from app.engine.replies.chat_template import ChatTemplate
from app.engine.replies.thinking import opened_thought, split_thinking
from app.engine.session import Session
from app.plan.recipe import Recipe
from tests.model_files.tiny import CHAT_TEMPLATE, TinyModel, write_tiny

HI = ChatMessage("user", "hi")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A model whose template makes it think."""
    template = CHAT_TEMPLATE.replace("assistant\n", "assistant\n<think>\n")
    path = write_tiny(tmp_path / "thinks.gguf", TinyModel(chat_template=template))
    made = Session(lambda: False, lambda: None)
    made.open(Open((str(path),), Recipe.whole(4)), lambda event: None)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "thought", "answer", "thinks"),
    [
        ("<think>\nWell, 2.\n</think>\n\nTwo.", "Well, 2.\n", "Two.", False),
        ("\n<think>Well", "Well", "", True),
        ("[THINK]a[/THINK]b", "a", "b", False),
        ("◁think▷a◁/think▷b", "a", "b", False),
        ("A <think>tag</think> is a tag.", "", "A <think>tag</think> is a tag.", False),
        ("<think></think>Yes", "", "Yes", False),
        ("", "", "", False),
    ],
)
def test_a_reply_has_its_parts(text: str, thought: str, answer: str, thinks: bool) -> None:
    parts = split_thinking(text)
    assert (parts.thought, parts.answer, parts.thinks) == (thought, answer, thinks)


@given(st.text("<think>/ \na", max_size=40))
def test_parts_only_grow_while_a_thought_streams(rest: str) -> None:
    text = f"<think>{rest}</think>{rest}"
    before = split_thinking("<think>")
    for n in range(len("<think>"), len(text) + 1):
        now = split_thinking(text[:n])
        assert now.answer.startswith(before.answer)
        before = now


def test_only_a_tag_at_the_end_of_a_prompt_makes_a_model_think() -> None:
    assert opened_thought("hi\n<think>\n") == "<think>\n"
    assert opened_thought("hi\n<think>\n\n</think>\n\n") == ""


def test_thoughts_are_not_sent_back_unless_the_template_does_so() -> None:
    turns = HI, ChatMessage("assistant", "<think>\nHm.\n</think>\n\nHello."), HI
    plain = ChatTemplate(CHAT_TEMPLATE, bos="", eos="").render(turns)
    assert "Hello.<|im_end|>" in plain
    assert "Hm." not in plain and "think" not in plain
    sends = "{% for m in messages %}[{{ m.reasoning_content }}|{{ m.content }}]{% endfor %}"
    assert "[Hm.|Hello.]" in ChatTemplate(sends, bos="", eos="").render(turns)


def test_a_thought_that_the_template_begins_belongs_to_the_reply(session: Session) -> None:
    pieces: list[str] = []
    asked = Generate((HI,), None, 3, Sampling(temperature=0))
    reply = session.generate(asked, lambda e: pieces.append(getattr(e, "text", "")))
    assert isinstance(reply, Reply)
    assert reply.text == "".join(pieces)
    assert reply.text.startswith("<think>\n")
    more = Generate((HI,), None, 3, Sampling(temperature=0), begun=reply.text)
    further = session.generate(more, lambda event: None)
    assert not further.text.startswith("<think>")
    assert further.statistics.n_prompt_evaluated < 4
