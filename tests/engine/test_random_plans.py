"""Random plans: those without merges against the ordinary file, bit for bit; the others against
numpy."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.engine.native import Base, Context, View, llama
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight
from tests.engine.composed import write_baked
from tests.engine.logits import N_THREADS, new_context, read_logits
from tests.engine.reference import Reference
from tests.engine.unpatched import Batch, Unpatched
from tests.model_files.tiny import TinyModel, write_tiny

N_LAYERS = 6
EPSILON = 1e-5
"""Of the tiny model's norms."""
TOKENS = tuple(i * 37 % 260 for i in range(32))
SCALES = st.sampled_from((0.0, 1.0, 0.5, -1.0)) | st.floats(-2, 2, width=32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = TinyModel(n_layers=N_LAYERS, quantisation=GGMLQuantizationType.F32)
    return write_tiny(tmp_path_factory.mktemp("random") / "m.gguf", tiny)


@pytest.fixture(scope="module")
def base(model: Path) -> Iterator[Base]:
    base = Base(str(model))
    yield base
    base.close()


@pytest.fixture(scope="module")
def unpatched(unpatched_lib: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpatched]:
    process = Unpatched(unpatched_lib, tmp_path_factory.mktemp("unpatched"), N_THREADS)
    yield process
    process.close()


@pytest.fixture(scope="module")
def references(model: Path) -> tuple[Reference, Reference]:
    """In double precision, and in the engine's own, which tells how far apart the two may be."""
    return Reference(model), Reference(model, np.float32)


def exact_context(view: View) -> Context:
    """Keys and values kept as F32, and attention as it is written down."""
    settings = ContextSettings(256, N_THREADS, "f32", flash_attention=False, n_batch=256)
    return Context(view.model, settings, n_logits=256)


# --- what is drawn ------------------------------------------------------------------------------


@st.composite
def weight_blocks(draw: st.DrawFn, start: int, inputs: Sequence[int]) -> RecipeWeight:
    weight_start = draw(st.integers(0, N_LAYERS - 1))
    n = draw(st.integers(1, min(3, N_LAYERS - weight_start)))
    return RecipeWeight(start, start + n, weight_start, draw(st.sampled_from(inputs)))


@st.composite
def merge_blocks(draw: st.DrawFn, inputs: Sequence[int]) -> RecipeMerge:
    pairs = st.tuples(st.sampled_from(inputs), SCALES)
    n_inputs = draw(st.integers(2, 4) | st.integers(2, 16))
    return RecipeMerge(tuple(draw(pairs) for _ in range(n_inputs)))


@st.composite
def sequences(draw: st.DrawFn) -> Recipe:
    """No merge leads to the output; unused blocks lie about."""
    blocks: list[RecipeBlock] = []
    start, plain = 0, [-1]
    n_blocks = draw(st.integers(1, 7))
    for number in range(n_blocks):
        if number < n_blocks - 1 and draw(st.integers(0, 3)) == 0:
            blocks.append(draw(merge_blocks(range(-1, number))))
            continue
        blocks.append(draw(weight_blocks(start, plain[-3:])))
        start = blocks[-1].end
        plain.append(number)
    return Recipe(tuple(blocks))


@st.composite
def merges(draw: st.DrawFn) -> Recipe:
    """Merges lead to the output, and so does a weight block that the token input feeds directly."""
    blocks: list[RecipeBlock] = []
    start = 0
    n_blocks = draw(st.integers(1, 7))
    first = draw(st.integers(0, n_blocks - 1))
    for number in range(n_blocks):
        inputs = range(-1, number)
        if number != first and draw(st.booleans()):
            blocks.append(draw(merge_blocks(inputs)))
            continue
        blocks.append(draw(weight_blocks(start, [-1] if number == first else inputs)))
        start = blocks[-1].end
    live = Recipe(tuple(blocks)).live
    if first not in live or not any(isinstance(blocks[n], RecipeMerge) for n in live):
        pairs = ((n_blocks - 1, draw(SCALES)), (first, draw(SCALES)))
        blocks.append(RecipeMerge(draw(st.sampled_from((pairs, pairs[::-1])))))
    return Recipe(tuple(blocks))


@st.composite
def batches(draw: st.DrawFn) -> list[Batch]:
    """The tokens in one to three batches, some rows of logits wanted of each."""
    n = draw(st.integers(2, len(TOKENS)))
    cuts = sorted({0, n, *draw(st.lists(st.integers(1, n - 1), max_size=2))})
    parts = [TOKENS[a:b] for a, b in pairwise(cuts)]
    return [(part, draw(st.integers(1, len(part)))) for part in parts]


# --- what is compared ---------------------------------------------------------------------------


def decode(context: Context, parts: Sequence[Batch], position: int = 0) -> np.ndarray:
    """float32 np (n_logits, n_vocab), as `Unpatched.logits`."""
    rows = []
    for tokens, n_logits in parts:
        context.decode(tokens, position, n_logits)
        position += len(tokens)
        rows.append(read_logits(context, n_logits))
    return np.concatenate(rows)


def wanted_rows(parts: Sequence[Batch]) -> list[int]:
    """The positions of the tokens that give logits."""
    rows, position = [], 0
    for tokens, n_logits in parts:
        position += len(tokens)
        rows += range(position - n_logits, position)
    return rows


def layers_of(recipe: Recipe) -> list[int]:
    """The weight layers of a recipe without live merges, in the order they run."""
    layers: list[int] = []
    number = len(recipe.blocks) - 1
    while number >= 0:
        block = recipe.blocks[number]
        assert isinstance(block, RecipeWeight)
        layers = [*range(block.weight_start, block.weight_start + block.end - block.start), *layers]
        number = block.input
    return layers


def assert_close(
    actual: np.ndarray,
    references: tuple[Reference, Reference],
    tokens: Sequence[int],
    recipes: Recipe | Sequence[Recipe],
    rows: Sequence[int],
) -> None:
    """As close as single precision allows to the logits at those positions."""
    exact, single = (r.logits(tokens, recipes)[rows] for r in references)
    allowed = 2e-5 * max(1.0, np.abs(exact).max()) + 16 * np.abs(single - exact).max()
    if not exact.any(axis=-1).all():
        # Branches that are the same cancel out. What rounding leaves of them the last norm makes
        # larger by 1/sqrt(epsilon), and the references, which round alike, do not show it.
        allowed /= np.sqrt(EPSILON)
    assert np.abs(actual - exact).max() <= allowed


# --- the tests ----------------------------------------------------------------------------------


def test_the_reference_is_right_about_the_model_itself(
    base: Base, references: tuple[Reference, Reference]
) -> None:
    view = View([base], Recipe.whole(N_LAYERS))
    context = exact_context(view)
    parts = [(TOKENS, len(TOKENS))]
    logits = decode(context, parts)
    assert np.abs(logits).max() > 1
    assert np.allclose(logits, references[0].logits(TOKENS, Recipe.whole(N_LAYERS)), atol=2e-5)
    context.close()
    view.close()


@settings(max_examples=150)
@given(sequences(), batches(), st.booleans())
def test_without_merges_a_plan_is_the_file_with_its_layers(
    model: Path,
    base: Base,
    unpatched: Unpatched,
    tmp_path_factory: pytest.TempPathFactory,
    recipe: Recipe,
    parts: list[Batch],
    only_wanted: bool,
) -> None:
    baked = tmp_path_factory.getbasetemp() / "baked.gguf"
    write_baked(model, layers_of(recipe), baked)
    loaded = Base(str(model), recipe.weight_layers) if only_wanted else base
    view = View([loaded], recipe)
    context = new_context(view)
    assert np.array_equal(decode(context, parts), unpatched.logits(baked, parts))
    context.close()
    view.close()
    if only_wanted:
        loaded.close()


SIXTEEN = Recipe(
    (
        RecipeWeight(0, 1, 0, -1),
        *(RecipeWeight(1 + i, 2 + i, i % N_LAYERS, 0) for i in range(15)),
        RecipeMerge(tuple((i, (i - 7) / 8) for i in range(16))),
        RecipeWeight(16, 18, 3, 16),
        RecipeMerge((*((i - 1, (-1) ** i * 0.1) for i in range(15)), (17, 1.0))),
    )
)
SAME_BRANCHES_CANCEL_OUT = Recipe(
    (
        RecipeWeight(0, 1, 0, -1),
        RecipeWeight(1, 2, 0, -1),
        RecipeWeight(2, 3, 0, -1),
        RecipeWeight(3, 4, 0, -1),
        RecipeMerge(((3, 1.0), (1, -1.0))),
    )
)
LAST_LAYER_OFF_THE_PATH = Recipe(
    (
        RecipeWeight(0, 2, 0, -1),
        RecipeWeight(2, 4, 2, 0),
        RecipeMerge(((-1, 0.5), (0, 1.0), (1, 0.0))),
    )
)


@settings(max_examples=300)
@given(merges(), batches())
@example(SIXTEEN, [(TOKENS[:7], 3), (TOKENS[7:], 20)])
@example(LAST_LAYER_OFF_THE_PATH, [(TOKENS[:7], 3), (TOKENS[7:], 20)])
@example(LAST_LAYER_OFF_THE_PATH, [(TOKENS, len(TOKENS))])
@example(SAME_BRANCHES_CANCEL_OUT, [((0, 37), 1)])
def test_merges_add_up_what_they_say(
    base: Base,
    references: tuple[Reference, Reference],
    recipe: Recipe,
    parts: list[Batch],
) -> None:
    view = View([base], recipe)
    context = exact_context(view)
    tokens = [token for part, _ in parts for token in part]
    assert_close(decode(context, parts), references, tokens, recipe, wanted_rows(parts))
    context.close()
    view.close()


@st.composite
def scale_changes(draw: st.DrawFn) -> tuple[Recipe, Recipe]:
    """A recipe, and the same with some scales of its merges moved."""
    before = draw(merges())
    after = before
    for number, block in enumerate(before.blocks):
        if isinstance(block, RecipeMerge):
            for i in range(len(block.inputs)):
                if draw(st.booleans()):
                    after = after.with_scale(number, i, draw(SCALES))
    return before, after


def _branches(of_first: float, of_tokens: float, of_nothing: float) -> Recipe:
    """A merge of a layer, a merge that is all 0, and the token input, twice; then a layer."""
    inputs = ((0, of_first), (1, of_nothing), (-1, 1.0), (-1, of_tokens))
    nothing = RecipeMerge(((0, 0.0), (-1, 0.0)))
    first, last = RecipeWeight(0, 1, 0, -1), RecipeWeight(1, 2, 0, 2)
    return Recipe((first, nothing, RecipeMerge(inputs), last))


# One graph for the other's memory, if what is alive when depends on which scales are 0.
TURNED_OVER = _branches(1.0, 0.5, 0.0), _branches(0.0, 0.0, 0.5)


@settings(max_examples=120)
@given(scale_changes(), batches(), batches())
@example(TURNED_OVER, [((0, 37), 1)], [((0, 37), 1)])
def test_moved_scales_hold_from_the_next_token_on(
    base: Base,
    references: tuple[Reference, Reference],
    recipes: tuple[Recipe, Recipe],
    first: list[Batch],
    then: list[Batch],
) -> None:
    """Bit for bit what a fresh plan with those scales says over the same KV cache."""
    before, after = recipes
    n_before = sum(len(tokens) for tokens, _ in first)
    view, fresh = View([base], before), View([base], after)
    context, other = exact_context(view), exact_context(fresh)
    decode(context, first)
    copy_state(context, other)
    set_scales(view, before, after)
    logits = decode(context, then, n_before)
    assert np.array_equal(logits, decode(other, then, n_before))

    tokens = [token for part, _ in (*first, *then) for token in part]
    by_token = [before] * n_before + [after] * (len(tokens) - n_before)
    rows = [n_before + row for row in wanted_rows(then)]
    assert_close(logits, references, tokens, by_token, rows)
    other.close()
    fresh.close()
    context.close()
    view.close()


def set_scales(view: View, before: Recipe, after: Recipe) -> None:
    for number, (old, new) in enumerate(zip(before.blocks, after.blocks, strict=True)):
        if isinstance(old, RecipeMerge) and isinstance(new, RecipeMerge):
            for i, (_, scale) in enumerate(new.inputs):
                if scale != old.inputs[i][1]:
                    view.set_scale(number, i, scale)


def copy_state(source: Context, target: Context) -> None:
    """Gives the target the source's KV cache."""
    n = llama.llama_state_get_size(source.handle)
    state = (ctypes.c_uint8 * n)()
    n = llama.llama_state_get_data(source.handle, state, n)
    assert llama.llama_state_set_data(target.handle, state, n) == n
