"""A kind of block made known from outside runs as the blocks that it stands for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.messages import Generate, Open, Sampling
from app.engine.native import Base, View
from app.engine.session import Session
from app.memory.context_settings import ContextSettings
from app.plan.edits import set_scale
from app.plan.lowering import lower
from app.plan.reader import read_plan
from app.plan.recipe import changed_scales
from app.plan.writer import write_document
from tests.engine.logits import logits_of, logits_of_view
from tests.plan.damped_repeat import known, with_a_damped_repeat, written_by_hand

TOKENS = [504, 3575, 282, 4649, 314, 260]


@pytest.fixture(scope="module")
def base(model_path: Path) -> Base:
    return Base(str(model_path))


def test_its_logits_are_those_of_a_weight_and_a_merge_block(base: Base):
    with known():
        saved = write_document(with_a_damped_repeat())
        recipe = lower(read_plan(saved).plan).recipe
    by_hand = lower(written_by_hand()).recipe
    logits = logits_of(base, recipe, TOKENS)
    assert np.array_equal(logits, logits_of(base, by_hand, TOKENS))
    assert not np.array_equal(logits, logits_of(base, lower(written_by_hand(0.5)).recipe, TOKENS))


def test_its_scale_moves_while_it_runs(base: Base):
    with known():
        before, after = (lower(with_a_damped_repeat(scale)).recipe for scale in (0.25, 0.5))
        assert lower(set_scale(with_a_damped_repeat(), "again", 0, 0.5)).recipe == after
    view = View([base], before)
    for block, input, scale in changed_scales(before, after) or ():
        view.set_scale(block, input, scale)
    assert np.array_equal(logits_of_view(view, TOKENS), logits_of(base, after, TOKENS))


def test_it_says_what_the_plan_by_hand_says(model_path: Path):
    with known():
        recipes = lower(with_a_damped_repeat()).recipe, lower(written_by_hand()).recipe
    replies = []
    for recipe in recipes:
        session = Session(lambda: False, lambda: None)
        session.open(Open((str(model_path),), recipe, ContextSettings(128, 2)), ignore)
        request = Generate((), "The capital of France is", 12, Sampling(temperature=0))
        replies.append(session.generate(request, ignore).text)
        session.close()
    assert replies[0] == replies[1]
    assert replies[0]


def ignore(_event: object) -> None:
    pass
