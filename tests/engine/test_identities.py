"""The numbers a plan must give: bit-identical to the unpatched library on the bundled model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.native import Base, View
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.composed import write_baked
from tests.engine.logits import N_THREADS, logits_of, new_context, read_logits
from tests.engine.unpatched import unpatched_logits

TOKENS = [504, 3575, 282, 4649, 314, 260] * 9 + [338]


def weights(start: int, end: int, weight_start: int, input: int) -> RecipeWeight:
    return RecipeWeight(start, end, weight_start, input)


def merge(*inputs: tuple[int, float]) -> RecipeMerge:
    return RecipeMerge(inputs)


@pytest.fixture(scope="module")
def base(model_path: Path) -> Base:
    return Base(str(model_path))


@pytest.fixture(scope="module")
def plain(
    unpatched_lib: Path, model_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> np.ndarray:
    return unpatched_logits(
        unpatched_lib, model_path, TOKENS, tmp_path_factory.mktemp("plain"), N_THREADS
    )


SAME_AS_THE_MODEL: dict[str, tuple[RecipeBlock, ...]] = {
    "one block": (weights(0, 30, 0, -1),),
    "cut in three": (weights(0, 7, 0, -1), weights(7, 8, 7, 0), weights(8, 30, 8, 1)),
    "twins merged": (
        weights(0, 22, 0, -1),
        weights(22, 30, 22, 0),
        weights(30, 38, 22, 0),
        merge((1, 0.5), (2, 0.5)),
    ),
    "three merged in the middle": (
        weights(0, 10, 0, -1),
        weights(10, 20, 10, 0),
        weights(20, 30, 10, 0),
        weights(30, 40, 10, 0),
        merge((1, 0.25), (2, 0.25), (3, 0.5)),
        weights(40, 50, 20, 4),
    ),
    "one block merged with itself": (
        weights(0, 22, 0, -1),
        merge((0, 0.5), (0, 0.5)),
        weights(22, 30, 22, 1),
    ),
    "two towers": (weights(0, 30, 0, -1), weights(30, 60, 0, -1), merge((0, 0.5), (1, 0.5))),
    "other branch last, at scale 0": (
        weights(0, 22, 0, -1),
        weights(22, 30, 22, 0),
        weights(30, 34, 3, 0),
        merge((1, 1.0), (2, 0.0)),
    ),
    "other branch first, at scale 0": (
        weights(0, 22, 0, -1),
        weights(22, 26, 3, 0),
        weights(26, 34, 22, 0),
        merge((1, 0.0), (2, 1.0)),
    ),
    "early and late merged at scale 0": (weights(0, 30, 0, -1), merge((0, 1.0), (-1, 0.0))),
    "unused block between": (
        weights(0, 22, 0, -1),
        weights(22, 40, 2, 0),
        weights(40, 48, 22, 0),
    ),
    "merge before the first block that -1 feeds": (
        merge((-1, 0.5), (-1, 0.5)),
        weights(0, 30, 0, -1),
        weights(30, 31, 3, 0),
        merge((1, 1.0), (2, 0.0), (0, 0.0)),
    ),
}


@pytest.mark.parametrize("name", SAME_AS_THE_MODEL)
def test_a_plan_that_changes_nothing_gives_the_models_logits(
    base: Base, plain: np.ndarray, name: str
) -> None:
    assert np.array_equal(logits_of(base, Recipe(SAME_AS_THE_MODEL[name]), TOKENS), plain)


def test_a_plan_that_changes_something_gives_others(base: Base, plain: np.ndarray) -> None:
    assert not np.array_equal(logits_of(base, Recipe((weights(0, 29, 1, -1),)), TOKENS), plain)


SEQUENCES: dict[str, tuple[tuple[int, int], ...]] = {  # (weight_start, n_layers) of each block
    "layers left out": ((0, 11), (13, 17)),
    "a range repeated": ((0, 16), (8, 16), (17, 13)),
    "ranges reordered": ((0, 8), (16, 8), (8, 8), (24, 6)),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_is_the_file_with_the_same_layers(
    model_path: Path, unpatched_lib: Path, tmp_path: Path, name: str
) -> None:
    blocks, layers = [], []
    for number, (start, n) in enumerate(SEQUENCES[name]):
        blocks.append(weights(len(layers), len(layers) + n, start, number - 1))
        layers += range(start, start + n)
    recipe = Recipe(tuple(blocks))
    baked = write_baked(model_path, layers, tmp_path / "baked.gguf")
    expected = unpatched_logits(unpatched_lib, baked, TOKENS, tmp_path, N_THREADS)
    wanted_only = Base(str(model_path), recipe.weight_layers)
    assert np.array_equal(logits_of(wanted_only, recipe, TOKENS), expected)
    wanted_only.close()


def test_a_scale_is_heard_from_the_next_token(base: Base, plain: np.ndarray) -> None:
    blocks = (weights(0, 22, 0, -1), weights(22, 30, 22, 0), merge((1, 0.7), (0, 0.3)))
    view = View([base], Recipe(blocks))
    context = new_context(view)
    context.decode(TOKENS[:-1], 0, n_logits=1)
    blended = read_logits(context)
    assert not np.array_equal(blended[0], plain[0])
    view.set_scale(2, 0, 1.0)
    view.set_scale(2, 1, 0.0)
    context.decode(TOKENS[-1:], len(TOKENS) - 1, n_logits=1)
    assert np.array_equal(read_logits(context)[0], plain[1])
    context.close()
    view.close()


def test_a_merge_is_the_scaled_sum(base: Base) -> None:
    """A merge of one layer's outputs from two scales of the embeddings is linear in the scales."""
    both = logits_of(base, Recipe((weights(0, 30, 0, -1), merge((0, 0.75), (0, 0.25)))), TOKENS)
    double = logits_of(base, Recipe((weights(0, 30, 0, -1), merge((0, 1.5), (0, 0.5)))), TOKENS)
    # the output norm takes a common factor away, but for its epsilon
    assert np.allclose(both, double, rtol=1e-3, atol=1e-3)
    other = logits_of(base, Recipe((weights(0, 30, 0, -1), merge((0, -0.75), (0, -0.25)))), TOKENS)
    assert np.allclose(both, -other, rtol=1e-3, atol=1e-3)


def test_all_rows_are_right_where_only_some_branches_are_trimmed(base: Base) -> None:
    """The last plan layer keeps the output rows only; merged with an earlier block, both must."""
    recipe = Recipe((weights(0, 22, 0, -1), weights(22, 30, 22, 0), merge((1, 0.7), (0, 0.3))))
    view = View([base], recipe)
    context = new_context(view)
    context.decode(TOKENS, 0, n_logits=3)
    some = read_logits(context, 3)
    context.forget_from(0)
    context.decode(TOKENS, 0, n_logits=len(TOKENS))
    assert np.array_equal(some, read_logits(context, len(TOKENS))[-3:])
    context.close()
    view.close()
