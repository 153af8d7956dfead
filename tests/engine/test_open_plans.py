"""Several plans open at once, each in a slot of its own, over one copy of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.client import EngineClient
from app.engine.errors import EngineError
from app.engine.messages import (
    ChatMessage,
    Generate,
    Open,
    OpenedPlan,
    Reply,
    Sampling,
    ScalesMoved,
    SetScales,
    TextPiece,
)
from app.engine.session import Session
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

SMALL = ContextSettings(n_ctx=256)
WHOLE = Recipe.whole(4)
MERGED = Recipe(
    (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeWeight(4, 6, 0, 0),
        RecipeMerge(((1, 0.5), (2, 0.5))),
    )
)


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(lambda: False, lambda: None)
    yield made
    made.close()


@pytest.fixture
def paths(tmp_path: Path) -> tuple[str, ...]:
    return (str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4))),)


def ignore(_event: object) -> None:
    pass


def say(session: Session, prompt: str, slot: int) -> Reply:
    greedy = Sampling(temperature=0)
    return session.generate(Generate((), prompt, 6, greedy, slot=slot), ignore)


def test_each_plan_keeps_its_own_conversation(session: Session, paths: tuple[str, ...]) -> None:
    for slot, recipe in enumerate((WHOLE, MERGED)):
        session.open(Open(paths, recipe, SMALL, slot), ignore)
    first = [say(session, "the one and the other", slot) for slot in (0, 1)]
    assert [reply.statistics.plan_hash for reply in first] == [WHOLE.hash, MERGED.hash]
    for slot, reply in enumerate(first):
        more = say(session, "the one and the other and the one", slot)
        assert (
            more.statistics.n_prompt_evaluated
            == more.statistics.n_prompt - reply.statistics.n_prompt
        )
    session.open(Open(paths, WHOLE, SMALL, 0), ignore)
    assert say(session, "the one and the other", 0).text == first[0].text


def test_scales_move_in_their_own_slot(session: Session, paths: tuple[str, ...]) -> None:
    for slot in (3, 7):
        session.open(Open(paths, MERGED, SMALL, slot), ignore)
    session.set_scales(SetScales(((3, 0, 0.9),), slot=7))
    hashes = [say(session, "the", slot).statistics.plan_hash for slot in (3, 7)]
    assert hashes == [MERGED.hash, MERGED.with_scale(3, 0, 0.9).hash]


def test_a_closed_plan_answers_no_more_and_others_do(
    session: Session, paths: tuple[str, ...]
) -> None:
    for slot in (0, 1):
        session.open(Open(paths, WHOLE, SMALL, slot), ignore)
    session.close_plan(0)
    assert say(session, "the", 1).statistics.n_generated
    with pytest.raises(EngineError, match="No plan is open"):
        say(session, "the", 0)


def test_other_weights_close_the_plans_over_those_before(
    session: Session, paths: tuple[str, ...], tmp_path: Path
) -> None:
    session.open(Open(paths, WHOLE, SMALL, 0), ignore)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(Path(paths[0]).read_bytes())
    session.open(Open((str(copy),), WHOLE, SMALL, 1), ignore)
    with pytest.raises(EngineError, match="No plan is open"):
        say(session, "the", 0)
    assert say(session, "the", 1).statistics.n_generated


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_plans_over_one_model_and_over_more_of_it_are_open_together(
    session: Session, paths: tuple[str, ...], tmp_path: Path, order: tuple[int, int]
) -> None:
    """A second file's layers come after those of the first, whose numbers stay."""
    other = write_tiny(tmp_path / "other.gguf", TinyModel(n_layers=4, seed=5))
    two = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 4, 6, 0)))
    asked = Open(paths, WHOLE, SMALL, 0), Open((*paths, str(other)), two, SMALL, 1)
    alone = [say_alone(of.model_paths, of.recipe) for of in asked]
    for at in order:
        opened = session.open(asked[at], ignore)
    assert sorted(opened.open_slots) == [0, 1]
    assert [say(session, "the one", slot).text for slot in (0, 1)] == alone
    session.close_plan(1)
    assert say(session, "the other", 0).statistics.n_generated


def test_a_conversation_goes_to_another_plan_and_back(session: Session, model_path: Path) -> None:
    """Each plan evaluates what it has not read, and nothing else."""
    repeated = Recipe((RecipeWeight(0, 20, 0, -1), RecipeWeight(20, 31, 19, 0)))
    for slot, recipe in enumerate((Recipe.whole(30), repeated)):
        session.open(Open((str(model_path),), recipe, SMALL, slot), ignore)
    messages = [ChatMessage("system", ""), ChatMessage("user", "What is the capital of France?")]
    replies = []
    for slot in (0, 1, 0):
        request = Generate(tuple(messages), None, 24, Sampling(temperature=0), slot=slot)
        replies.append(session.generate(request, ignore))
        messages += [ChatMessage("assistant", replies[-1].text), ChatMessage("user", "Sure?")]
    first, second, third = replies
    assert "Paris" in first.text
    assert (
        second.statistics.n_prompt_evaluated
        == second.statistics.n_prompt
        > first.statistics.n_ctx_used
    )
    assert (
        third.statistics.n_prompt_evaluated <= third.statistics.n_prompt - first.statistics.n_prompt
    )
    assert first.statistics.plan_hash == third.statistics.plan_hash != second.statistics.plan_hash


def test_weights_are_held_once_for_two_plans(model_path: Path) -> None:
    settings = ContextSettings(n_ctx=256, n_batch=32, use_mmap=False)
    second = Recipe((RecipeWeight(0, 20, 0, -1), RecipeWeight(20, 40, 10, 0)))
    engine = EngineClient()
    try:
        opened = [
            engine.submit(Open((str(model_path),), recipe, settings, slot)).result(timeout=120)
            for slot, recipe in enumerate((Recipe.whole(30), second))
        ]
    finally:
        engine.close()
    one, two = opened
    assert isinstance(one, OpenedPlan)
    assert isinstance(two, OpenedPlan)
    assert (one.open_slots, two.open_slots) == ((0,), (0, 1))
    assert one.rss_bytes > model_path.stat().st_size
    assert two.rss_bytes - one.rss_bytes < two.context_bytes + (4 << 20)


def test_layers_are_given_up_with_the_last_plan_that_borrows_them(
    session: Session, paths: tuple[str, ...]
) -> None:
    halves = [Recipe((RecipeWeight(0, 2, start, -1),)) for start in (0, 2)]
    alone = say_alone(paths, halves[1])
    for slot, recipe in enumerate((halves[0], halves[1], halves[1])):
        session.open(Open(paths, recipe, SMALL, slot), ignore)
    assert n_bases(session, 2) == 2
    session.close_plan(1)
    assert say(session, "the one", 2).text == alone
    session.open(Open(paths, halves[0], SMALL, 1), ignore)
    assert n_bases(session, 1) == 2
    session.close_plan(2)
    session.open(Open(paths, halves[0], SMALL, 1), ignore)
    assert n_bases(session, 1) == 1


def n_bases(session: Session, slot: int) -> int:
    """How many bases there were when the plan of this slot was opened."""
    return len(session._open[slot].weights.bases)


def say_alone(paths: tuple[str, ...], recipe: Recipe) -> str:
    other = Session(lambda: False, lambda: None)
    try:
        other.open(Open(paths, recipe, SMALL, 0), ignore)
        return say(other, "the one", 0).text
    finally:
        other.close()


def test_a_moved_scale_is_told_between_the_tokens(paths: tuple[str, ...]) -> None:
    """What comes before is said at the old scale, what comes after by a cache read at that one."""
    told: list[object] = []
    pauses: list[int] = []

    def pause() -> None:
        pauses.append(len(told))
        if len(pauses) == 5:  # once before the prompt, then before each token but the last
            session.set_scales(SetScales(((3, 0, -2.0), (3, 1, 3.0))))

    request = Generate((), "the one", 24, Sampling(temperature=0))
    session = Session(lambda: False, pause)
    try:
        session.open(Open(paths, MERGED, SMALL), ignore)
        moved = session.generate(request, told.append)
        at = told.index(ScalesMoved(((3, 0, 0.5, -2.0), (3, 1, 0.5, 3.0))))
        assert at == pauses[4]
        session.open(Open(paths, MERGED, SMALL), ignore)
        unmoved = session.generate(request, ignore)
    finally:
        session.close()
    before = "".join(event.text for event in told[:at] if isinstance(event, TextPiece))
    assert before
    assert unmoved.text.startswith(before)
    assert unmoved.text != moved.text
    assert moved.statistics.plan_hash == MERGED.with_scale(3, 0, -2.0).with_scale(3, 1, 3.0).hash


def test_after_a_moved_scale_the_conversation_is_read_anew_or_stays_as_heard(
    session: Session, paths: tuple[str, ...]
) -> None:
    greedy = Sampling(temperature=0)

    def ask(prompt: str, *, reread: bool) -> Reply:
        return session.generate(Generate((), prompt, 4, greedy, reread=reread), ignore)

    session.open(Open(paths, MERGED, SMALL), ignore)
    first = ask("the one", reread=False)
    assert first.earlier == "as_now"
    session.set_scales(SetScales(((3, 0, 0.9), (3, 1, 0.1))))
    heard = ask("the one and the other", reread=False)
    assert heard.earlier == "as_heard"
    assert (
        heard.statistics.n_prompt_evaluated == heard.statistics.n_prompt - first.statistics.n_prompt
    )
    anew = ask("the one and the other", reread=True)
    assert (anew.earlier, anew.statistics.n_prompt_evaluated) == (
        "read_anew",
        anew.statistics.n_prompt,
    )
    again = ask("the one and the other", reread=True)
    assert (again.earlier, again.statistics.n_prompt_evaluated) == ("as_now", 1)
    assert again.text == anew.text
