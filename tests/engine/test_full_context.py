"""Long conversations: what is new is evaluated and nothing else, and turns leave a full context."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.engine.errors import EngineError
from app.engine.messages import ChatMessage, Generate, Open, Progress, Reply, Sampling, WhenFull
from app.engine.native import llama
from app.engine.replies.summaries import SUMMARISE, summary_note
from app.engine.session import Session
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

SYSTEM = ChatMessage("system", "You answer at length.")
QUESTIONS = (
    "Tell me all that you know about the sea.",
    "What do people see from the top of a mountain?",
    "Who keeps the lights of a lighthouse burning at night?",
    "Which animals live in the forest near the river?",
    "What would you cook for a large family in winter?",
)
ONE_LAYER = Recipe((RecipeWeight(0, 1, 0, -1),))
MERGED = Recipe(
    (RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 2, 3, -1), RecipeMerge(((0, 0.5), (1, 0.5))))
)
"""Plans whose layers read no other layer: what their KV cache holds of a token depends on that
token alone, so that turns which left it leave no trace."""


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(lambda: False, lambda: None)
    yield made
    made.close()


class Talk:
    """A conversation with a plan in a context of so many tokens."""

    def __init__(self, session: Session, path: Path, recipe: Recipe, n_ctx: int) -> None:
        self.session = session
        settings = ContextSettings(n_ctx=n_ctx)
        self.opening = Open((str(path),), recipe, settings)
        session.open(self.opening, ignore)
        self.messages = [SYSTEM]
        self.phases: set[str] = set()

    def ask(self, question: str, when_full: WhenFull = "stop", n_predict: int = 40) -> Reply:
        self.messages.append(ChatMessage("user", question))
        reply = self.session.generate(
            Generate(
                tuple(self.messages),
                n_predict=n_predict,
                sampling=Sampling(temperature=0.0),
                when_full=when_full,
            ),
            self._hear,
        )
        self.messages.append(ChatMessage("assistant", reply.text))
        return reply

    @property
    def tokens(self) -> list[int]:
        return self.session._open[0].tokens

    def _hear(self, event: object) -> None:
        if isinstance(event, Progress):
            self.phases.add(event.phase)


def ignore(_event: object) -> None:
    pass


def test_a_follow_up_evaluates_what_is_new_and_nothing_else(
    session: Session, model_path: Path
) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 1024)
    held = 0
    for question in QUESTIONS:
        reply = talk.ask(question, n_predict=12)
        assert reply.statistics.n_prompt_evaluated == reply.statistics.n_prompt - held
        held = reply.statistics.n_ctx_used
    assert held > 150


def test_a_reply_that_is_stopped_while_its_prompt_is_read_tells_what_was_read(
    model_path: Path,
) -> None:
    stops: list[bool] = []
    session = Session(lambda: bool(stops), lambda: None)
    settings = ContextSettings(n_ctx=1024, n_batch=64)
    session.open(Open((str(model_path),), ONE_LAYER, settings), ignore)

    def stop(event: object) -> None:
        if isinstance(event, Progress) and event.phase == "Processing prompt" and event.fraction:
            stops.append(True)

    reply = session.generate(Generate((), " ".join(QUESTIONS * 3), 5), stop)
    session.close()
    assert (
        reply.statistics.stop_reason,
        reply.statistics.n_generated,
        reply.statistics.first_token_s,
    ) == ("cancelled", 0, 0)
    assert (
        0
        < reply.statistics.n_prompt_evaluated
        == reply.statistics.n_ctx_used
        < reply.statistics.n_prompt
    )
    assert 0 < reply.statistics.prompt_tokens_per_s < 1e6


def test_tokens_that_the_model_would_read_otherwise_are_kept_as_they_were_said(
    session: Session, model_path: Path
) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 1024)
    plan = session._open[0]
    bias = (("a", 40.0),)  # said as one token each, and read as longer ones
    request = Generate((ChatMessage("user", "Hm?"),), n_predict=6, sampling=Sampling(seed=1))
    odd = replace(request, sampling=Sampling(temperature=0.0, logit_bias=bias))
    said = session.generate(odd, ignore)
    assert len(plan.vocabulary.tokenize(said.text, add_special=False)) < said.statistics.n_generated
    messages = (*request.messages, ChatMessage("assistant", said.text), ChatMessage("user", "So?"))
    reply = session.generate(replace(request, messages=messages), ignore)
    assert (
        reply.statistics.n_prompt_evaluated
        == reply.statistics.n_prompt - said.statistics.n_ctx_used
    )
    assert (
        talk.tokens[: said.statistics.n_ctx_used]
        == plan.transcript[1][: said.statistics.n_ctx_used]
    )


def test_an_edited_message_keeps_what_stands_before_it(session: Session, model_path: Path) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 1024)
    for question in QUESTIONS[:3]:
        talk.ask(question, n_predict=8)
    before = list(talk.tokens)
    del talk.messages[3:]
    edited = talk.ask(QUESTIONS[1].replace("mountain", "tower"), n_predict=2)
    alike = 0
    while before[alike] == talk.tokens[alike]:
        alike += 1
    assert edited.statistics.n_prompt_evaluated == edited.statistics.n_prompt - alike
    assert "mountain" in session._open[0].vocabulary.piece(before[alike]).decode()


@pytest.mark.parametrize("recipe", [ONE_LAYER, MERGED], ids=["one layer", "merged"])
def test_what_is_taken_out_leaves_no_trace(
    session: Session, tmp_path: Path, recipe: Recipe
) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4))
    settings = ContextSettings(n_ctx=256, n_threads=1, kv_type="f32")
    session.open(Open((str(path),), recipe, settings), ignore)
    plan = session._open[0]
    rng = random.Random(1)
    tokens = [rng.randrange(3, plan.vocabulary.n_tokens) for _ in range(200)]
    plan.decode(tokens, n_logits=1)
    shorter = [*tokens[:20], *tokens[110:], 5]
    n_kept, _ = plan.keep_prefix(shorter, slides=True)
    assert n_kept == len(shorter) - 1
    plan.decode(shorter[n_kept:], n_logits=1)
    slid = logits(session)
    plan.keep_prefix(shorter[:1])
    plan.decode(shorter[len(plan.tokens) :], n_logits=1)
    largest = max(abs(value) for value in slid)
    difference = max(abs(a - b) for a, b in zip(slid, logits(session), strict=True))
    assert difference < largest * 0.005


def logits(session: Session, slot: int = 0) -> list[float]:
    plan = session._open[slot]
    values = llama.llama_get_logits_ith(plan.context.handle, -1)
    return [values[n] for n in range(plan.vocabulary.n_tokens)]


def test_a_turn_that_leaves_is_not_read_again_and_the_rest_neither(
    session: Session, model_path: Path
) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 256)
    slid = []
    for question in QUESTIONS:
        reply = talk.ask(question, "slide")
        assert reply.statistics.n_ctx_used <= 256
        assert reply.statistics.n_prompt_evaluated < 60
        slid.append(reply.statistics.n_left_out)
    assert slid[0] == 0
    assert slid[-1] >= 2
    assert slid[-1] % 2 == 0, "whole turns"


def test_a_reply_goes_on_while_the_context_slides_under_it(
    session: Session, model_path: Path
) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 256)
    talk.ask(QUESTIONS[0], n_predict=90)
    stopped = Talk(session, model_path, Recipe.whole(30), 256)
    stopped.messages = list(talk.messages)
    assert stopped.ask(QUESTIONS[1], "stop", 150).statistics.stop_reason == "context_full"
    talk = Talk(session, model_path, Recipe.whole(30), 256)
    talk.messages = stopped.messages[:-2]
    reply = talk.ask(QUESTIONS[1], "slide", 150)
    assert (
        reply.statistics.stop_reason,
        reply.statistics.n_generated,
        reply.statistics.n_left_out,
    ) == ("length", 150, 2)
    assert reply.text.startswith(stopped.messages[-1].content[:-20])


def test_turns_that_leave_are_summarised(session: Session, model_path: Path) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 256)
    replies = [talk.ask(question, "summarise") for question in QUESTIONS]
    told = next(reply for reply in replies if reply.statistics.summary)
    assert told.statistics.n_left_out >= 2
    assert any("Summarising" in phase for phase in talk.phases)
    last = replies[-1]
    text = "".join(
        session._open[0].vocabulary.piece(token, special=True).decode(errors="replace")
        for token in talk.tokens
    )
    assert summary_note(last.statistics.summary) in text
    assert SUMMARISE.content not in text
    assert QUESTIONS[0] not in text


def test_a_prompt_that_cannot_get_smaller_is_refused(session: Session, model_path: Path) -> None:
    talk = Talk(session, model_path, ONE_LAYER, 128)
    with pytest.raises(EngineError, match="The prompt has"):
        talk.ask("word " * 300, "slide")
    del talk.messages[1:]
    alone = talk.ask("Count from one to a thousand.", "slide", 300)
    assert alone.statistics.stop_reason == "context_full", "the last question itself stays"


def test_the_same_pieces_give_the_same_reply_to_the_bit(session: Session, model_path: Path) -> None:
    talk = Talk(session, model_path, Recipe.whole(30), 1024)
    for question in QUESTIONS[:2]:
        talk.ask(question, n_predict=9)
    talk.messages.pop()
    request = Generate(tuple(talk.messages), n_predict=9, sampling=Sampling(seed=3))
    reply = session.generate(request, ignore)  # the end of the prompt alone is read again
    said = logits(session)
    assert any(kept < size for size, kept, _ in reply.statistics.order)
    session.open(replace(talk.opening, slot=-5), ignore)
    again = session.generate(replace(request, slot=-5, order=reply.statistics.order), ignore)
    assert again.text == reply.text
    assert again.statistics.order == reply.statistics.order
    assert logits(session, -5) == said
