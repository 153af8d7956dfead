"""Several plans open at once, each in a slot of its own, over one copy of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.errors import EngineError
from app.engine.messages import ContextSettings, Generate, Open, Reply, Sampling, SetScales
from app.engine.session import Session
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny

SMALL = ContextSettings(n_ctx=256, n_threads=2)
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
    assert [reply.plan_hash for reply in first] == [WHOLE.hash, MERGED.hash]
    for slot, reply in enumerate(first):
        more = say(session, "the one and the other and the one", slot)
        assert more.n_prompt_evaluated == more.n_prompt - reply.n_prompt
    session.open(Open(paths, WHOLE, SMALL, 0), ignore)
    assert say(session, "the one and the other", 0).text == first[0].text


def test_scales_move_in_their_own_slot(session: Session, paths: tuple[str, ...]) -> None:
    for slot in (3, 7):
        session.open(Open(paths, MERGED, SMALL, slot), ignore)
    session.set_scales(SetScales(((3, 0, 0.9),), slot=7))
    hashes = [say(session, "the", slot).plan_hash for slot in (3, 7)]
    assert hashes == [MERGED.hash, MERGED.with_scale(3, 0, 0.9).hash]


def test_a_closed_plan_answers_no_more_and_others_do(
    session: Session, paths: tuple[str, ...]
) -> None:
    for slot in (0, 1):
        session.open(Open(paths, WHOLE, SMALL, slot), ignore)
    session.close_plan(0)
    assert say(session, "the", 1).n_generated
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
    assert say(session, "the", 1).n_generated
