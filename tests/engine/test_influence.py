"""Influence on every architecture that plans run on: all layers are seen, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.engine.measuring.influence import PassedStates, chain
from app.engine.native import Base, Context, View
from app.memory.context_settings import ContextSettings
from tests.engine.logits import N_THREADS
from tests.model_files.tiny import TinyModel, write_tiny
from tests.model_files.tiny_architectures import ARCHITECTURES

N_LAYERS = 6
TOKENS = [5, 80, 33, 7, 12, 12, 90, 41, 3, 200]


def influence(base: Base, layers: Sequence[int], n_embd: int) -> list[float]:
    passed = PassedStates(len(layers), n_embd)
    view = View([base], chain(layers))
    context = Context(
        view.model,
        ContextSettings(256, N_THREADS, n_batch=64),
        n_logits=1,
        on_tensor=passed.on_tensor,
    )
    context.decode(TOKENS, 0, n_logits=0)
    context.close()
    view.close()
    assert passed.n_tokens == len(TOKENS)
    return passed.influence()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_layer_is_seen(tmp_path: Path, architecture: str) -> None:
    model = TinyModel(n_layers=N_LAYERS, architecture=architecture)
    base = Base(str(write_tiny(tmp_path / "m.gguf", model)))
    whole = influence(base, range(N_LAYERS), model.n_embd)
    assert all(0 < value < 2 for value in whole)
    assert len(set(whole)) == N_LAYERS
    # what passes the first layers does not depend on those behind them
    assert influence(base, range(3), model.n_embd) == pytest.approx(whole[:3], rel=1e-5)
    assert influence(base, [0, 2], model.n_embd)[1] != pytest.approx(whole[1], rel=1e-3)
    base.close()
