"""Perplexity, plan differences and influence, against numpy and the unpatched library."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from app.engine import weights
from app.engine.errors import EngineError
from app.engine.measuring.scoring import windows
from app.engine.messages import (
    ComparePlans,
    EvaluatePerplexity,
    Generate,
    MeasureInfluence,
    Open,
    Progress,
    Sampling,
)
from app.engine.native import Aborted
from app.engine.session import Session
from app.engine.vocabulary import Vocabulary
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.engine.composed import write_composed, write_pack
from tests.engine.logits import N_THREADS
from tests.engine.reference import Reference
from tests.engine.unpatched import Unpatched
from tests.model_files.tiny import TinyModel, write_tiny

TEXT = "in the other one there is the note; on the other hand, thin ether. " * 6
SMALL = ContextSettings(n_ctx=64, n_threads=N_THREADS)
"""The text is several windows of that many tokens."""
WHOLE = Recipe.whole(4)
LEFT_OUT = Recipe((RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 3, 2, 0)))
MERGED = Recipe(
    (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeWeight(4, 5, 3, 0),
        RecipeMerge(((1, 0.75), (2, 0.25))),
    )
)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    model = TinyModel(n_layers=4, quantisation=GGMLQuantizationType.F32, seed=5)
    return write_tiny(tmp_path / "tiny.gguf", model)


@pytest.fixture
def stop() -> list[bool]:
    return [False]


@pytest.fixture
def session(stop: list[bool]) -> Iterator[Session]:
    session = Session(lambda: stop[0], lambda: None)
    yield session
    session.close()


def ignore(_event: object) -> None:
    pass


def tokens_of(session: Session, path: Path, text: str) -> list[int]:
    held = session._hold([str(path)], WHOLE, ignore)
    return Vocabulary(held.bases[0].model).tokenize(text, add_special=True)


def log_shares(logits: np.ndarray) -> np.ndarray:
    """float64 np (n_tokens, n_vocab): log probabilities."""
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=-1, keepdims=True)
    return exact - np.log(np.exp(exact).sum(axis=-1, keepdims=True))


def scored_rows(
    logits: Callable[[list[int]], np.ndarray], tokens: list[int], n_ctx: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities of the second halves of full windows, and what they should predict."""
    rows, targets = [], []
    for start in range(0, len(tokens) - n_ctx + 1, n_ctx):
        window = tokens[start : start + n_ctx]
        rows.append(log_shares(logits(window[:-1]))[n_ctx // 2 :])
        targets += window[n_ctx // 2 + 1 :]
    return np.concatenate(rows), np.array(targets)


def nll_of(rows: np.ndarray, targets: np.ndarray) -> float:
    return float(-rows[np.arange(len(targets)), targets].mean())


@pytest.mark.parametrize("recipe", [WHOLE, LEFT_OUT, MERGED], ids=["whole", "left out", "merged"])
def test_perplexity_is_that_of_the_reference(session: Session, tiny: Path, recipe: Recipe) -> None:
    reference = Reference(tiny)
    tokens = tokens_of(session, tiny, TEXT)
    rows, targets = scored_rows(lambda t: reference.logits(t, recipe), tokens, 64)
    result = session.perplexity(EvaluatePerplexity((str(tiny),), recipe, TEXT, SMALL), ignore)
    assert result.n_tokens == len(targets) > 90
    assert not result.is_short
    assert result.nll == pytest.approx(nll_of(rows, targets), abs=1e-3)
    assert result.perplexity == pytest.approx(math.exp(result.nll))


def test_perplexity_is_that_of_the_unpatched_library(
    session: Session, model_path: Path, unpatched_lib: Path, tmp_path: Path
) -> None:
    text = "The ferry had been late every day that week. " * 8
    tokens = tokens_of(session, model_path, text)[:-1]
    unpatched = Unpatched(unpatched_lib, tmp_path, N_THREADS)
    try:
        logits = unpatched.logits(model_path, [(tokens, len(tokens))])
    finally:
        unpatched.close()
    targets = np.array(tokens_of(session, model_path, text)[1:])
    request = EvaluatePerplexity((str(model_path),), Recipe.whole(30), text)
    result = session.perplexity(request, ignore)
    assert result.n_tokens == len(targets)
    assert result.is_short
    assert result.nll == pytest.approx(nll_of(log_shares(logits), targets), abs=2e-5)


def test_small_batches_and_whole_windows_score_what_they_say(session: Session, tiny: Path) -> None:
    paths = (str(tiny),)
    one = session.perplexity(EvaluatePerplexity(paths, MERGED, TEXT, SMALL), ignore)
    cut = ContextSettings(n_ctx=64, n_threads=N_THREADS, n_batch=13)
    many = session.perplexity(EvaluatePerplexity(paths, MERGED, TEXT, cut), ignore)
    assert many.n_tokens == one.n_tokens
    assert many.nll == pytest.approx(one.nll, abs=1e-4)
    request = EvaluatePerplexity(paths, MERGED, TEXT, SMALL, whole_windows=True)
    assert session.perplexity(request, ignore).n_tokens == one.n_tokens // 31 * 63


def test_how_a_text_is_cut() -> None:
    assert [(w.start, w.end, w.first_scored) for w in windows(9, 10)] == [(0, 9, 1)]
    assert [(w.start, w.end, w.first_scored) for w in windows(10, 10)] == [(0, 10, 1)]
    cut = windows(29, 10)
    assert [(w.start, w.end, w.first_scored) for w in cut] == [(0, 10, 6), (10, 20, 6)]
    assert [w.first_scored for w in windows(29, 10, whole=True)] == [1, 1]


def test_the_difference_of_two_plans_is_that_of_the_reference(session: Session, tiny: Path) -> None:
    reference = Reference(tiny)
    tokens = tokens_of(session, tiny, TEXT)
    rows, targets = scored_rows(lambda t: reference.logits(t, WHOLE), tokens, 64)
    others, _ = scored_rows(lambda t: reference.logits(t, LEFT_OUT), tokens, 64)
    request = ComparePlans((str(tiny),), WHOLE, LEFT_OUT, TEXT, SMALL)
    result = session.difference(request, ignore)
    kl = float((np.exp(rows) * (rows - others)).sum(axis=-1).mean())
    assert result.kl == pytest.approx(kl, rel=1e-2)
    assert kl > 0.01
    agreement = float((rows.argmax(axis=-1) == others.argmax(axis=-1)).mean())
    assert result.top1_agreement == pytest.approx(agreement, abs=0.03)
    assert result.perplexity == pytest.approx(math.exp(nll_of(rows, targets)), rel=1e-3)
    assert result.other_perplexity == pytest.approx(math.exp(nll_of(others, targets)), rel=1e-3)
    assert result.n_tokens == len(targets)


def test_a_plan_does_not_differ_from_itself(session: Session, tiny: Path) -> None:
    cut = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 4, 2, 0)))
    result = session.difference(ComparePlans((str(tiny),), WHOLE, cut, TEXT, SMALL), ignore)
    assert (result.kl, result.top1_agreement) == (pytest.approx(0, abs=1e-6), 1.0)
    assert result.perplexity == result.other_perplexity


def influence_of(reference: Reference, tokens: list[int], n_ctx: int, n_layers: int) -> np.ndarray:
    """np (n_layers,): 1 - cosine of what enters and what leaves each layer."""
    turned = np.zeros(n_layers)
    n_tokens = 0
    for start in range(0, len(tokens) - n_ctx + 1, n_ctx):
        states = reference.hidden_states(tokens[start : start + n_ctx - 1], range(n_layers))
        for layer in range(n_layers):
            entering, leaving = states[layer], states[layer + 1]
            lengths = np.linalg.norm(entering, axis=1) * np.linalg.norm(leaving, axis=1)
            turned[layer] += (1 - (entering * leaving).sum(axis=1) / lengths).sum()
        n_tokens += n_ctx - 1
    return turned / n_tokens


def test_influence_is_that_of_the_reference(session: Session, tiny: Path) -> None:
    tokens = tokens_of(session, tiny, TEXT)
    expected = influence_of(Reference(tiny), tokens, 64, 4)
    result = session.influence(MeasureInfluence((str(tiny),), TEXT, SMALL), ignore)
    assert result.values == pytest.approx(expected, rel=1e-3)
    assert len(set(result.values)) == 4
    assert result.n_tokens == len(tokens) // 64 * 63


def test_the_layers_of_a_pack_are_measured_in_their_places(
    session: Session, tiny: Path, tmp_path: Path
) -> None:
    model = TinyModel(n_layers=4, quantisation=GGMLQuantizationType.F32, seed=6)
    tuned = write_tiny(tmp_path / "tuned.gguf", model)
    pack = write_pack(tuned, (1, 3), tmp_path / "pack.gguf")
    layers = [(tiny, 0), (tuned, 1), (tiny, 2), (tuned, 3)]
    composed = write_composed(layers, tmp_path / "composed.gguf")
    ask = [
        MeasureInfluence(paths, TEXT, SMALL)
        for paths in ((str(tiny), str(pack)), (str(composed),), (str(tiny),))
    ]
    both, mixed, first = (session.influence(request, ignore).values for request in ask)
    assert both == (*first, mixed[1], mixed[3])


def test_the_open_plan_and_its_conversation_stay(session: Session, tiny: Path) -> None:
    paths = (str(tiny),)
    ask = Generate((), "the other", 5, Sampling(temperature=0))
    session.open(Open(paths, LEFT_OUT, SMALL), ignore)
    alone = session.generate(ask, ignore)
    session.perplexity(EvaluatePerplexity(paths, WHOLE, TEXT, SMALL), ignore)
    session.difference(ComparePlans(paths, MERGED, WHOLE, TEXT, SMALL), ignore)
    session.influence(MeasureInfluence(paths, TEXT, SMALL), ignore)
    longer = session.generate(Generate((), "the other", 9, Sampling(temperature=0)), ignore)
    assert longer.text.startswith(alone.text)
    # What was said before is still in the KV cache.
    assert longer.statistics.n_prompt_evaluated == 1


def test_no_weight_is_read_twice(
    session: Session, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Sequence[int]] = []

    class Counted(weights.Base):
        def __init__(self, path: str, layers: Sequence[int], **rest: Any) -> None:
            loaded.append(layers)
            super().__init__(path, layers, **rest)

    monkeypatch.setattr(weights, "Base", Counted)
    for recipe in (WHOLE, LEFT_OUT, MERGED, Recipe((RecipeWeight(0, 1, 3, -1),)), WHOLE):
        session.perplexity(EvaluatePerplexity((str(tiny),), recipe, TEXT, SMALL), ignore)
    session.influence(MeasureInfluence((str(tiny),), TEXT, SMALL), ignore)
    assert loaded == [[0, 1, 2, 3]]


def test_all_stop_when_asked_and_tell_how_far_they_are(
    session: Session, tiny: Path, stop: list[bool]
) -> None:
    paths = (str(tiny),)
    for do, request in (
        (session.perplexity, EvaluatePerplexity(paths, WHOLE, TEXT, SMALL)),
        (session.difference, ComparePlans(paths, WHOLE, LEFT_OUT, TEXT, SMALL)),
        (session.influence, MeasureInfluence(paths, TEXT, SMALL)),
    ):
        told: list[Progress] = []

        def tell(event: Progress, told: list[Progress] = told) -> None:
            told.append(event)
            stop[0] = sum(1 for one in told if one.tokens_per_s) == 2

        with pytest.raises(Aborted):
            do(request, tell)
        stop[0] = False
        read = [event for event in told if event.tokens_per_s]
        assert [event.seconds_left is not None and event.seconds_left > 0 for event in read] == [
            True,
            True,
        ]
        assert 0 < read[0].fraction < read[1].fraction < 1
        do(request, told.append)
        assert told[-1].fraction == 1.0
        assert told[-1].seconds_left == 0.0


@pytest.mark.parametrize(
    ("text", "n_ctx", "said"),
    [
        ("t", 64, "too short: there is nothing"),
        ("", 64, "too short: there is nothing"),
        (TEXT, 7, "context of 7"),
    ],
)
def test_what_cannot_be_scored_is_said(
    session: Session, tiny: Path, text: str, n_ctx: int, said: str
) -> None:
    paths, settings = (str(tiny),), ContextSettings(n_ctx=n_ctx, n_threads=N_THREADS)
    with pytest.raises(EngineError, match=said):
        session.perplexity(EvaluatePerplexity(paths, WHOLE, text, settings), ignore)
    with pytest.raises(EngineError, match=said):
        session.difference(ComparePlans(paths, WHOLE, LEFT_OUT, text, settings), ignore)
    with pytest.raises(EngineError, match=said):
        session.influence(MeasureInfluence(paths, text, settings), ignore)


def test_a_model_that_memory_cannot_hold_is_measured_from_its_file(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = TinyModel(n_layers=4, n_embd=256, quantisation=GGMLQuantizationType.Q4_0)
    paths = (str(write_tiny(tmp_path / "repacked.gguf", shape)),)
    repacked: list[bool] = []

    class Noted(weights.Base):
        def __init__(self, path: str, layers: Sequence[int], **rest: Any) -> None:
            repacked.append(rest["repacked"])
            super().__init__(path, layers, **rest)

    monkeypatch.setattr(weights, "Base", Noted)
    monkeypatch.setattr(weights, "available_bytes", lambda: 1000)
    request = EvaluatePerplexity(paths, WHOLE, TEXT, SMALL)
    spared = session.perplexity(request, ignore)
    session.influence(MeasureInfluence(paths, TEXT, SMALL), ignore)
    assert repacked == [False]
    session.open(Open(paths, LEFT_OUT, SMALL), ignore)  # what the user runs is not slowed by it
    assert repacked == [False, True]
    session.close()
    monkeypatch.setattr(weights, "available_bytes", lambda: 1 << 40)
    usual = session.perplexity(request, ignore)
    assert repacked == [False, True, True]
    assert usual.nll == pytest.approx(spared.nll, rel=0.02)
