"""Several plans answer one prompt, a token of each in turn, over one copy of the weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.engine import weights
from app.engine.errors import EngineError
from app.engine.messages import (
    ChatMessage,
    Event,
    Generate,
    GenerateTogether,
    OfPlan,
    Open,
    OpenedPlan,
    Reply,
    Sampling,
    TextPiece,
)
from app.engine.native import Base
from app.engine.session import Session
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.engine.test_open_plans import MERGED, WHOLE
from tests.model_files.tiny import TinyModel, write_tiny

SMALL = ContextSettings(n_ctx=256)
TWICE = Recipe((RecipeWeight(0, 3, 0, -1), RecipeWeight(3, 6, 1, 0)))
SHORT = Recipe((RecipeWeight(0, 2, 1, -1),))
FOUR = (WHOLE, MERGED, TWICE, SHORT)
PROMPT = "the one and the other"
WARM = Generate((), PROMPT, 24, Sampling(temperature=0.8, seed=5))


class Heard:
    """What was told, by plan; `stops_at` so many pieces the job is asked to stop."""

    def __init__(self, stops_at: int | None = None) -> None:
        self.order: list[int] = []
        self.texts: Counter[int] = Counter()
        self.pieces: dict[int, list[str]] = {}
        self.replies: dict[int, Reply] = {}
        self.opened: dict[int, OpenedPlan] = {}
        self._stops_at = stops_at

    def take(self, event: Event) -> None:
        if not isinstance(event, OfPlan):
            return
        if isinstance(event.event, TextPiece):
            self.order.append(event.at)
            self.pieces.setdefault(event.at, []).append(event.event.text)
        elif isinstance(event.event, Reply):
            self.replies[event.at] = event.event
        else:
            self.opened[event.at] = event.event

    def should_stop(self) -> bool:
        return self._stops_at is not None and len(self.order) >= self._stops_at


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(lambda: False, lambda: None)
    yield made
    made.close()


@pytest.fixture
def paths(tmp_path: Path) -> tuple[str, ...]:
    return (str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4))),)


def plans(paths: tuple[str, ...], recipes: Sequence[Recipe]) -> tuple[Open, ...]:
    return tuple(Open(paths, recipe, SMALL, slot) for slot, recipe in enumerate(recipes, 10))


def alone(paths: tuple[str, ...], recipe: Recipe, request: Generate) -> Reply:
    session = Session(lambda: False, lambda: None)
    try:
        session.open(Open(paths, recipe, SMALL), lambda _event: None)
        return session.generate(request, lambda _event: None)
    finally:
        session.close()


@pytest.mark.parametrize("n_plans", [2, 3, 4])
def test_each_says_what_it_says_alone(
    session: Session, paths: tuple[str, ...], heard: Heard, n_plans: int
) -> None:
    recipes = FOUR[:n_plans]
    session.generate_together(GenerateTogether(plans(paths, recipes), WARM), heard.take)
    for at, recipe in enumerate(recipes):
        reply, expected = heard.replies[at], alone(paths, recipe, WARM)
        assert (reply.text, reply.statistics.n_generated) == (
            expected.text,
            expected.statistics.n_generated,
        )
        assert reply.statistics.plan_hash == heard.opened[at].plan_hash == recipe.hash
        assert "".join(heard.pieces[at]) == reply.text
    assert len({reply.text for reply in heard.replies.values()}) == n_plans


def test_real_plans_say_what_they_say_alone(
    session: Session, model_path: Path, heard: Heard
) -> None:
    """With the chat template, at a temperature at which they do not say the same."""
    paths, question = (str(model_path),), ChatMessage("user", "Why is the sky blue?")
    request = Generate((question,), n_predict=24, sampling=Sampling(seed=11))
    blend = Recipe(
        (
            RecipeWeight(0, 22, 0, -1),
            RecipeWeight(22, 30, 22, 0),
            RecipeWeight(30, 34, 26, 0),
            RecipeMerge(((1, 0.8), (2, 0.2))),
        )
    )
    recipes = (Recipe.whole(30), blend)
    session.generate_together(GenerateTogether(plans(paths, recipes), request), heard.take)
    said = [heard.replies[at].text for at in (0, 1)]
    assert said == [alone(paths, recipe, request).text for recipe in recipes]
    assert said[0] != said[1]


def test_they_take_turns_token_by_token(
    session: Session, paths: tuple[str, ...], heard: Heard
) -> None:
    session.generate_together(GenerateTogether(plans(paths, (WHOLE, WHOLE)), WARM), heard.take)
    assert heard.order == [0, 1] * (len(heard.order) // 2)
    assert len(heard.order) > 20


def test_a_seed_that_is_drawn_is_drawn_for_all(
    session: Session, paths: tuple[str, ...], heard: Heard
) -> None:
    request = Generate((), PROMPT, 12, Sampling(temperature=2.0))
    session.generate_together(GenerateTogether(plans(paths, (WHOLE, WHOLE)), request), heard.take)
    assert heard.replies[0].statistics.seed == heard.replies[1].statistics.seed
    assert heard.replies[0].text == heard.replies[1].text


def test_weights_are_loaded_once(
    session: Session, paths: tuple[str, ...], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: Counter[int] = Counter()

    class CountingBase(Base):
        def __init__(self, path: str, layers: Sequence[int], **how: object) -> None:
            loaded.update(layers)
            super().__init__(path, layers, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(weights, "Base", CountingBase)
    session.generate_together(GenerateTogether(plans(paths, FOUR), WARM), heard.take)
    assert loaded == {0: 1, 1: 1, 2: 1, 3: 1}


def test_a_follow_up_reads_only_what_is_new_and_others_keep_their_conversations(
    session: Session, paths: tuple[str, ...]
) -> None:
    of_document = Open(paths, WHOLE, SMALL, 0)
    session.open(of_document, lambda _event: None)
    own = session.generate(WARM, lambda _event: None)
    both, first, second = plans(paths, (WHOLE, MERGED)), Heard(), Heard()
    session.generate_together(GenerateTogether(both, WARM), first.take)
    more = Generate((), PROMPT + " and more", 4, WARM.sampling)
    session.generate_together(GenerateTogether(both, more), second.take)
    for at in (0, 1):
        n_read = second.replies[at].statistics.n_prompt_evaluated
        assert (
            n_read == second.replies[at].statistics.n_prompt - first.replies[at].statistics.n_prompt
        )
    again = session.generate(WARM, lambda _event: None)
    assert (again.text, again.statistics.n_prompt_evaluated) == (own.text, 1)


def test_another_ratio_opens_its_plan_anew(session: Session, paths: tuple[str, ...]) -> None:
    session.generate_together(
        GenerateTogether(plans(paths, (WHOLE, MERGED)), WARM), lambda _event: None
    )
    other, heard = MERGED.with_scale(3, 0, 0.9), Heard()
    session.generate_together(GenerateTogether(plans(paths, (WHOLE, other)), WARM), heard.take)
    assert heard.replies[0].statistics.n_prompt_evaluated == 1
    assert heard.replies[1].statistics.n_prompt_evaluated == heard.replies[1].statistics.n_prompt
    assert heard.replies[1].text == alone(paths, other, WARM).text


def test_stopping_stops_all_and_keeps_what_was_said(paths: tuple[str, ...]) -> None:
    heard = Heard(stops_at=7)
    session = Session(heard.should_stop, lambda: None)
    try:
        session.generate_together(GenerateTogether(plans(paths, (WHOLE, MERGED)), WARM), heard.take)
    finally:
        session.close()
    assert [reply.statistics.stop_reason for reply in heard.replies.values()] == ["cancelled"] * 2
    for at in (0, 1):
        assert heard.replies[at].text == "".join(heard.pieces[at])
        assert alone(paths, (WHOLE, MERGED)[at], WARM).text.startswith(heard.replies[at].text)


def test_a_prompt_that_is_too_long_is_said_and_the_session_goes_on(
    session: Session, paths: tuple[str, ...], heard: Heard
) -> None:
    long = Generate((), PROMPT * 200, 4, WARM.sampling)
    with pytest.raises(EngineError, match="the context holds 256"):
        session.generate_together(GenerateTogether(plans(paths, (WHOLE, MERGED)), long), heard.take)
    session.generate_together(GenerateTogether(plans(paths, (WHOLE, MERGED)), WARM), heard.take)
    assert set(heard.replies) == {0, 1}
