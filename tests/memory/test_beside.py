"""What further open plans take: shared layers once, and as many of them as there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.memory.beside import beside_bytes, n_that_fit
from app.memory.estimate import weight_layer_bytes
from app.model_files.reader import read_model_file
from app.plan.recipe import Recipe, RecipeWeight
from tests.model_files.tiny import TinyModel, write_tiny


def test_layers_that_are_held_already_are_not_counted_again(tmp_path: Path) -> None:
    models = [read_model_file(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4)))]
    layers = weight_layer_bytes(models)
    first, last = Recipe((RecipeWeight(0, 2, 0, -1),)), Recipe((RecipeWeight(0, 2, 2, -1),))
    others = [(first, 10), (Recipe.whole(4), 20), (last, 30)]
    assert beside_bytes(models, first, others) == (10, 20 + layers[2] + layers[3], 30)


@pytest.mark.parametrize(("spare", "n"), [(-1, 0), (9, 0), (10, 1), (29, 1), (30, 2), (99, 2)])
def test_those_used_last_stay_as_long_as_there_is_room(spare: int, n: int) -> None:
    assert n_that_fit((10, 20), spare) == n
