"""What another plan would have said: against a context of its own, and at the edges of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.measuring import scoring
from app.engine.measuring.results import PredictedReply, Prediction
from app.engine.messages import AskOtherPlan, ChatMessage, Generate, Open, Progress, Sampling
from app.engine.native import Aborted, Base, View
from app.engine.session import Session
from app.engine.vocabulary import Vocabulary
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeWeight
from tests.engine.logits import N_THREADS, logits_in_batches
from tests.model_files.tiny import TinyModel, write_tiny

WHOLE = Recipe.whole(30)
LEFT_OUT = Recipe((RecipeWeight(0, 18, 0, -1), RecipeWeight(18, 28, 20, 0)))
SETTINGS = ContextSettings(n_ctx=512, n_threads=N_THREADS)
QUESTION = (ChatMessage("system", ""), ChatMessage("user", "What is the capital of France?"))
PROMPT = (
    "<|im_start|>system\n<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
    "<|im_start|>assistant\n"
)
THINKS = "{{ messages[0]['content'] + '\\n<think>\\n' }}"


@pytest.fixture
def stop() -> list[bool]:
    return [False]


@pytest.fixture
def session(stop: list[bool]) -> Iterator[Session]:
    session = Session(lambda: stop[0], lambda: None)
    yield session
    session.close()


@pytest.fixture
def tiny(tmp_path: Path) -> AskOtherPlan:
    """A question to a model small enough to be asked often, with a reply that nobody gave."""
    path = write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4, seed=5))
    other = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 3, 3, 0)))
    asked = (ChatMessage("user", "on the other hand?"),)
    return AskOtherPlan((str(path),), Recipe.whole(4), other, asked, "in there", settings=SETTINGS)


def ignore(_event: object) -> None:
    pass


def text_of(read: PredictedReply) -> str:
    return b"".join(token.piece for token in read.tokens).decode()


def agrees(prediction: Prediction, row: np.ndarray, token: int) -> None:
    """The prediction is what softmax makes of the logits, np (n_vocab,)."""
    shares = np.exp(row.astype(np.float64) - row.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    assert prediction.probability == pytest.approx(shares[token], rel=2e-3, abs=1e-9)
    assert prediction.rank == pytest.approx(1 + int(np.flatnonzero(order == token)[0]), rel=0.02)
    likely = [one.probability for one in prediction.top]
    assert likely == pytest.approx(shares[order[:5]], rel=2e-3)
    assert likely == sorted(likely, reverse=True)
    assert [one.probability for one in prediction.top] == pytest.approx(
        [shares[one.token] for one in prediction.top], rel=2e-3
    )


def test_both_plans_predict_as_in_contexts_of_their_own(session: Session, model_path: Path) -> None:
    paths = (str(model_path),)
    session.open(Open(paths, WHOLE, SETTINGS), ignore)
    reply = session.generate(Generate(QUESTION, None, 40, Sampling(temperature=0)), ignore)
    assert reply.statistics.stop_reason == "end"
    ask = AskOtherPlan(paths, WHOLE, LEFT_OUT, QUESTION, reply.text, True, None, SETTINGS)
    read = session.ask_other_plan(ask, ignore)
    assert len(read.tokens) == reply.statistics.n_generated + 1
    assert text_of(read) == reply.text + "<|im_end|>"
    assert read.n_prompt == reply.statistics.n_prompt
    # a greedy reply is made of what its plan finds likeliest, the end included
    assert {token.by_plan.rank for token in read.tokens} == {1}
    assert all(token.by_plan.top[0].token == token.token for token in read.tokens)

    base = Base(str(model_path))
    vocabulary = Vocabulary(base.model)
    prompt = vocabulary.tokenize(PROMPT, add_special=False)
    said = [token.token for token in read.tokens]
    assert said[:-1] == vocabulary.tokenize(reply.text, add_special=False)
    decoded = [*prompt, *said[:-1]]
    kl = 0.0
    rows = [
        logits_in_batches(View([base], recipe), [(decoded, len(said))])
        for recipe in (WHOLE, LEFT_OUT)
    ]
    base.close()
    for token, row, other_row in zip(read.tokens, *rows, strict=True):
        agrees(token.by_plan, row, token.token)
        agrees(token.by_other, other_row, token.token)
        log_shares = [r - r.max() - np.log(np.exp(r - r.max()).sum()) for r in (row, other_row)]
        kl += float((np.exp(log_shares[0]) * (log_shares[0] - log_shares[1])).sum())
    assert read.kl == pytest.approx(kl / len(said), rel=1e-2)
    assert any(token.by_other.rank > 1 for token in read.tokens)


def test_a_plan_holds_of_its_reply_what_itself_holds(session: Session, tiny: AskOtherPlan) -> None:
    same = replace(tiny, other=Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 4, 2, 0))))
    read = session.ask_other_plan(same, ignore)
    assert [token.by_plan for token in read.tokens] == [token.by_other for token in read.tokens]
    assert read.kl == pytest.approx(0, abs=1e-6)
    differs = session.ask_other_plan(tiny, ignore)
    assert [token.by_plan for token in differs.tokens] == [token.by_plan for token in read.tokens]
    assert all(t.by_plan.probability != t.by_other.probability for t in differs.tokens)
    assert differs.kl > 1e-3


def test_a_long_reply_is_read_in_batches_with_room_for_few_logits(
    session: Session, tiny: AskOtherPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = replace(tiny, reply="thin ether in the other one; " * 8)
    whole = session.ask_other_plan(long, ignore)
    n_vocab = 296
    monkeypatch.setattr(scoring, "_MOST_LOGITS_BYTES", 3 * 4 * n_vocab)
    told: list[Progress] = []
    cut = session.ask_other_plan(replace(long, settings=replace(SETTINGS, n_batch=16)), told.append)
    assert [token.token for token in cut.tokens] == [token.token for token in whole.tokens]
    for one, other in zip(cut.tokens, whole.tokens, strict=True):
        assert one.by_other.probability == pytest.approx(other.by_other.probability, rel=1e-2)
    read = [event.fraction for event in told if event.phase == "Reading the reply"]
    assert len(read) >= 2 * len(cut.tokens) // 3
    assert read == sorted(read)
    assert read[-1] == 1.0


@pytest.mark.parametrize(
    "reply",
    ["\n\nin", " the", "日本語 🌊 – ça", "a <|im_end|> b", "<think>\nthe\n</think>\n\nin"],
)
@pytest.mark.parametrize("template", [None, "chatml", "none", THINKS])
def test_the_tokens_are_the_reply_and_nothing_else(
    session: Session, model_path: Path, reply: str, template: str | None
) -> None:
    whole = Recipe((RecipeWeight(0, 1, 0, -1),))
    ask = AskOtherPlan(
        (str(model_path),), whole, whole, QUESTION[1:], reply, False, template, SETTINGS
    )
    read = session.ask_other_plan(ask, ignore)
    begun = reply.startswith("<think>\n") and template == THINKS
    assert text_of(read) == (reply.removeprefix("<think>\n") if begun else reply)


def test_the_open_plan_and_its_conversation_stay(session: Session, tiny: AskOtherPlan) -> None:
    session.open(Open(tiny.model_paths, tiny.recipe, SETTINGS), ignore)
    ask = Generate((), "the other", 5, Sampling(temperature=0))
    alone = session.generate(ask, ignore)
    session.ask_other_plan(tiny, ignore)
    longer = session.generate(replace(ask, n_predict=9), ignore)
    assert longer.text.startswith(alone.text)
    assert longer.statistics.n_prompt_evaluated == 1


def test_a_conversation_fits_to_the_last_token(session: Session, tiny: AskOtherPlan) -> None:
    n = session.ask_other_plan(tiny, ignore)
    n_read = n.n_prompt + len(n.tokens)
    fits = replace(tiny, settings=replace(SETTINGS, n_ctx=n_read - 1))
    assert len(session.ask_other_plan(fits, ignore).tokens) == len(n.tokens)
    short = replace(tiny, settings=replace(SETTINGS, n_ctx=n_read - 2))
    with pytest.raises(
        EngineError, match=f"has {n_read} tokens and the context holds {n_read - 2}"
    ):
        session.ask_other_plan(short, ignore)


def test_what_cannot_be_asked_is_said(session: Session, tiny: AskOtherPlan) -> None:
    with pytest.raises(EngineError, match="The reply has no text"):
        session.ask_other_plan(replace(tiny, reply=""), ignore)
    with pytest.raises(EngineError, match="borrows weight layer 4, but its models have only 4"):
        session.ask_other_plan(replace(tiny, other=Recipe.whole(9)), ignore)
    with pytest.raises(EngineError, match="Your chat template"):
        session.ask_other_plan(replace(tiny, chat_template="{% if %}"), ignore)


def test_it_stops_when_asked(session: Session, tiny: AskOtherPlan, stop: list[bool]) -> None:
    def tell(event: Progress) -> None:
        stop[0] = event.phase == "Reading the reply"

    with pytest.raises(Aborted):
        session.ask_other_plan(replace(tiny, settings=replace(SETTINGS, n_batch=4)), tell)
    stop[0] = False
    assert session.ask_other_plan(tiny, ignore).tokens
