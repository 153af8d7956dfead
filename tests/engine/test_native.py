"""The native layer's own rules: what it refuses, what it shares, what it counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType

from app.engine.native import Aborted, Base, Context, NativeError, View, is_supported
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight
from tests.engine.logits import logits_of, read_logits
from tests.model_files.tiny import TinyModel, write_tiny

WHOLE = Recipe.whole(4)


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return str(write_tiny(tmp_path / "tiny.gguf", TinyModel(n_layers=4)))


def new_context(view: View, should_stop: Callable[[], bool] = lambda: False) -> Context:
    return Context(
        view.model, ContextSettings(256, 1, n_batch=64), n_logits=64, should_stop=should_stop
    )


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (Recipe(()), "no blocks"),
        (Recipe.whole(5), "weight layer 4 is not loaded"),
        (Recipe.whole(513), "more than 512 layers"),
        (Recipe((RecipeWeight(0, 4, 0, 0),)), "neither an earlier block nor -1"),
        (Recipe((RecipeWeight(0, 4, 0, -2),)), "neither an earlier block nor -1"),
        (Recipe((RecipeWeight(0, 0, 0, -1),)), "not a range"),
        (Recipe((RecipeMerge(((-1, 1.0), (-1, 1.0))),)), "no weight block"),
        (Recipe((RecipeWeight(0, 4, 0, -1), RecipeMerge(((0, 1.0),)))), "at least two"),
        (Recipe((RecipeWeight(0, 4, 0, -1), RecipeMerge(((0, 1.0), (0, math.nan))))), "finite"),
        (Recipe((RecipeWeight(0, 4, 0, -1), RecipeMerge(((0, 1.0), (0, 1e300))))), "finite"),
    ],
)
def test_a_plan_that_cannot_run_is_refused_with_the_reason(
    tiny: str, recipe: Recipe, reason: str
) -> None:
    base = Base(tiny)
    with pytest.raises(NativeError, match=reason):
        View([base], recipe)
    base.close()


def test_layers_that_are_not_wanted_are_not_loaded(tiny: str) -> None:
    base = Base(tiny, [0, 3])
    with pytest.raises(NativeError, match="weight layer 1 is not loaded"):
        View([base], WHOLE)
    view = View([base], Recipe((RecipeWeight(0, 1, 3, -1),)))
    view.close()
    base.close()


@pytest.mark.parametrize("wanted", [[], [1, 1], [2, 1], [-1, 2], [3, 4]])
def test_a_senseless_selection_is_refused(tiny: str, wanted: list[int]) -> None:
    with pytest.raises(NativeError):
        Base(tiny, wanted)


def test_a_freed_base_carries_no_view(tiny: str) -> None:
    base = Base(tiny)
    base.close()
    with pytest.raises(NativeError, match="was freed"):
        View([base], WHOLE)


def test_a_view_outlives_its_base(tiny: str) -> None:
    base = Base(tiny)
    view = View([base], WHOLE)
    base.close()
    context = new_context(view)
    context.decode([5, 6, 7], 0, n_logits=1)
    context.close()
    view.close()


def test_contexts_of_several_views_take_turns(tiny: str) -> None:
    base = Base(tiny)
    views = [View([base], Recipe((RecipeWeight(0, n, 0, -1),))) for n in (1, 2, 3, 4)]
    contexts = [new_context(view) for view in views]
    for position in range(8):
        for context in contexts:
            context.decode([position], position, n_logits=1)
    for context, view in zip(reversed(contexts), views, strict=True):
        context.close()
        assert view.model
    for view in views:
        view.close()
    base.close()


def test_a_scale_that_is_not_there_is_refused(tiny: str) -> None:
    base = Base(tiny)
    blocks = (RecipeWeight(0, 4, 0, -1), RecipeMerge(((0, 0.5), (0, 0.5))))
    view = View([base], Recipe(blocks))
    for block, input, scale in ((0, 0, 1.0), (1, 2, 1.0), (2, 0, 1.0), (-1, 0, 1.0)):
        with pytest.raises(NativeError):
            view.set_scale(block, input, scale)
    with pytest.raises(NativeError, match="finite"):
        view.set_scale(1, 0, math.inf)
    view.close()
    base.close()


def test_many_merges_and_512_layers_fit_the_graph(tiny: str) -> None:
    base = Base(tiny)
    blocks: list[RecipeWeight | RecipeMerge] = []
    for layer in range(512):
        blocks.append(RecipeWeight(layer, layer + 1, layer % 4, len(blocks) - 1))
        here = len(blocks) - 1
        blocks.append(RecipeMerge(((here, 0.25),) * 4))
    view = View([base], Recipe(tuple(blocks)))
    context = new_context(view)
    context.decode(list(range(32)), 0, n_logits=32)
    context.close()
    view.close()
    base.close()


def test_the_dry_run_counts_what_the_real_one_takes(tiny: str) -> None:
    recipe = Recipe((RecipeWeight(0, 2, 0, -1), RecipeWeight(2, 6, 0, 0)))
    figures = []
    for dry in (True, False):
        base = Base(tiny, dry=dry)
        view = View([base], recipe)
        context = new_context(view)
        figures.append(context.memory())
        context.close()
        view.close()
        base.close()
    assert figures[0] == figures[1]


def test_memory_given_at_once_changes_no_number(tiny: str) -> None:
    base = Base(tiny)
    logits = []
    for commits in (False, True):
        view = View([base], WHOLE)
        context = new_context(view)
        if commits:
            context.commit()
            context.commit()
        context.decode([5, 6, 7], 0, n_logits=3)
        logits.append(read_logits(context, 3))
        context.close()
        view.close()
    base.close()
    assert np.array_equal(*logits)


def test_more_layers_keep_larger_graphs(tiny: str) -> None:
    base = Base(tiny, dry=True)
    unheld = []
    for n_layers in (4, 40, 400):
        starts = range(0, n_layers, 4)
        blocks = tuple(RecipeWeight(at, at + 4, 0, i - 1) for i, at in enumerate(starts))
        view = View([base], Recipe(blocks))
        context = new_context(view)
        context.commit()  # there is nothing to give
        unheld.append(context.unheld_bytes())
        context.close()
        view.close()
    base.close()
    assert unheld[0] < unheld[1] < unheld[2]


@pytest.mark.parametrize("kind", ["F16", "Q4_0"])
@pytest.mark.parametrize("layers", [None, [0, 2, 3]])
def test_weights_are_the_same_in_a_mapped_file_and_out_of_it(
    tmp_path: Path, kind: str, layers: list[int] | None
) -> None:
    model = TinyModel(n_layers=4, n_embd=256, n_ff=512, quantisation=GGMLQuantizationType[kind])
    path = str(write_tiny(tmp_path / "tiny.gguf", model))
    recipe = Recipe((RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 3, 2, 0)))

    def logits(use_mmap: bool) -> np.ndarray:
        told: list[float] = []
        base = Base(path, layers, use_mmap=use_mmap, on_progress=lambda at: told.append(at) or True)
        try:
            return logits_of(base, recipe, [5, 6, 7])
        finally:
            base.close()
            assert told == sorted(told)
            assert (told[0], round(told[-1], 6)) == (0.0, 1.0)

    assert np.array_equal(logits(True), logits(False))


@pytest.mark.parametrize("stop_at", [0.0, 0.5])
def test_loading_can_be_stopped(tmp_path: Path, stop_at: float) -> None:
    model = TinyModel(n_layers=8, n_embd=256, n_ff=2048)
    path = write_tiny(tmp_path / "tiny.gguf", model)
    told: list[float] = []
    with pytest.raises(Aborted):
        Base(str(path), on_progress=lambda at: told.append(at) or at < stop_at)
    assert told[-1] < 1


def test_a_decode_can_be_stopped_and_the_cache_taken_back(tiny: str) -> None:
    base = Base(tiny)
    view = View([base], WHOLE)
    stop = False
    context = Context(
        view.model, ContextSettings(256, 1, n_batch=64), n_logits=64, should_stop=lambda: stop
    )
    context.decode([1, 2, 3], 0, n_logits=1)
    stop = True
    with pytest.raises(Aborted):
        context.decode([4, 5, 6], 3, n_logits=1)
    stop = False
    assert context.forget_from(3) == 3
    context.decode([4, 5, 6], 3, n_logits=1)
    context.close()
    view.close()
    base.close()


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, tiny: str) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(Path(tiny).read_bytes()[:-5000])
    with pytest.raises(NativeError, match="corrupted or incomplete"):
        Base(str(short))
    with pytest.raises(NativeError, match="could not be loaded"):
        Base(str(tmp_path / "absent.gguf"))


def test_supported_architectures() -> None:
    assert is_supported("llama")
    assert not is_supported("mamba")
