"""A kind of block that is made known from outside is edited, checked, saved, read and lowered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.errors import UserError
from app.cli.inputs import read_plan as read_command_plan
from app.memory.context_settings import ContextSettings
from app.memory.estimate import block_memory
from app.model_files.exchange.exported import write_paths
from app.model_files.reader import read_model_file
from app.plan import edits, layout, shaping
from app.plan.chain import NoChain, chain_of
from app.plan.change import Change
from app.plan.checks import check_plan
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.faders import faders_of
from app.plan.fixes import fixes_for
from app.plan.kinds import kind_of, kinds, register
from app.plan.lowering import lower
from app.plan.problem import PlanError, errors
from app.plan.reader import read_plan
from app.plan.recipe import RecipeMerge, RecipeWeight, changed_scales
from app.plan.renumbering import renumbered
from app.plan.source_order import borrowing, onto_layers, rearranged
from app.plan.text_match import matched
from app.plan.text_view import write_text_view
from app.plan.writer import write_document, write_strict
from tests.model_files.tiny import write_tiny
from tests.plan.damped_repeat import (
    KIND,
    DampedRepeat,
    known,
    with_a_damped_repeat,
    written_by_hand,
)
from tests.plan.edited_plans import canonical, plans

N_LAYERS = 30
DOCUMENT = """\
WeightBlock; 0; 15; 0; -1
DampedRepeat; 15; 20; 10; 0; 0.25  #@ {"title": "Again", "at": [120, 40]}
WeightBlock; 20; 35; 15; 1
TotalLayers; 35
"""
STRICT = """\
WeightBlock; 0; 15; 0; -1
WeightBlock; 15; 20; 10; 0
MergeBlock; 0; 0.75; 1; 0.25
WeightBlock; 20; 35; 15; 2
TotalLayers; 35
"""


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    with known():
        yield


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in check_plan(plan, N_LAYERS)]


def again(plan: Plan) -> DampedRepeat:
    block = plan.blocks["again"]
    assert isinstance(block, DampedRepeat)
    return block


def test_it_is_known_beside_the_others_and_only_once():
    assert [k.name for k in kinds()] == ["weight", "merge", "damped-repeat"]
    assert kind_of(again(with_a_damped_repeat())) is KIND
    with pytest.raises(ValueError, match="Damped repeat"):
        register(KIND)


def test_it_is_added_linked_inserted_and_taken_out_again():
    plan = edits.whole_model(N_LAYERS)
    plan = edits.add_block(plan, DampedRepeat("again", 10, 5, None, 0.25))
    assert codes(plan) == ["unused"]
    plan = edits.insert_before_output(plan, "again")
    assert (again(plan).input, plan.output) == ("b0", "again")
    assert edits.why_not_connect(plan, "again", "b0") is not None
    assert not check_plan(plan, N_LAYERS)
    plan = edits.connect(plan, TOKENS, "again", 0)
    assert again(edits.disconnect(plan, "again", 0)).input is None
    assert edits.remove(edits.connect(plan, "b0", "again", 0), ("again",), heal=True).output == "b0"


@pytest.mark.parametrize(("n_layers", "scale"), [(0, 0.5), (5, float("nan")), (5, float("inf"))])
def test_what_no_plan_may_hold_is_refused(n_layers: int, scale: float):
    with pytest.raises(PlanError) as refused:
        edits.add_block(Plan(), DampedRepeat("again", 10, n_layers, None, scale))
    assert [(p.code, p.block_id) for p in refused.value.problems] == [("damped-repeat", "again")]


def test_its_problems_name_it_and_are_mended():
    plan = edits.put_block(
        with_a_damped_repeat(1.5), replace(again(with_a_damped_repeat(1.5)), n_layers=40)
    )
    range_, scale = check_plan(plan, N_LAYERS)
    assert (range_.code, range_.severity, range_.block) == ("repeat-range", "error", 1)
    assert range_.message == "Block 1 (“Again”) repeats weight layers 10-49."
    assert (scale.code, scale.severity, scale.block_id) == ("not-damped", "note", "again")
    shorten, remove = fixes_for(range_, plan, N_LAYERS)
    assert codes(shorten.after) == ["not-damped"]
    assert again(shorten.after).n_layers == 20
    assert remove.after.blocks["tail"].input == "trunk"
    (damp,) = fixes_for(scale, plan, N_LAYERS)
    assert codes(damp.after) == ["repeat-range"]
    unlinked = edits.disconnect(with_a_damped_repeat(), "again", 0)
    assert "missing-input" in codes(unlinked)


def test_a_scale_is_set_as_on_a_fader():
    plan = with_a_damped_repeat()
    (fader,) = faders_of(plan)
    assert (fader.words, fader.scale) == ("Block 1 (“Again”), damping", 0.25)
    after = edits.set_scale(plan, fader.block_id, fader.port, 0.5)
    assert again(after).scale == 0.5
    with pytest.raises(PlanError):
        edits.set_scale(plan, "again", 1, 0.5)
    with pytest.raises(PlanError):
        edits.set_scale(plan, "again", 0, float("inf"))
    live = changed_scales(lower(plan).recipe, lower(after).recipe)
    assert live == ((2, 0, 0.5), (2, 1, 0.5))


def test_a_step_with_it_is_undone():
    before = with_a_damped_repeat()
    after = edits.rename(edits.set_scale(before, "again", 0, 0.5), "again", "Once  more")
    assert again(after).title == "Once more"
    change = Change("Edit", before, after)
    assert change.changed == ("again",)
    assert change.inverse.after == before


def test_it_is_laid_out_like_any_block():
    places = layout.arrange(with_a_damped_repeat(), {})
    assert places["trunk"][0] < places["again"][0] < places["tail"][0]


def test_its_document_is_read_back():
    plan = with_a_damped_repeat()
    assert write_document(plan) == DOCUMENT
    read = read_plan(DOCUMENT, N_LAYERS)
    assert (read.problems, read.lines["b1"]) == ((), 2)
    assert canonical(read.plan) == canonical(plan)
    assert write_document(read.plan) == DOCUMENT


def test_unfinished_and_muted_it_is_read_back():
    for plan in (
        edits.disconnect(with_a_damped_repeat(), "again", 0),
        shaping.set_muted(with_a_damped_repeat(), ("again",), True),
        edits.connect_output(shaping.set_muted(with_a_damped_repeat(), ("again",), True), "again"),
    ):
        read = read_plan(write_document(plan))
        assert not [p for p in read.problems if p.code in ("bad-draft", "newer-format")]
        assert write_document(read.plan) == write_document(plan)
        assert canonical(read.plan) == canonical(plan)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("DampedRepeat; 15; 20; 10; 0", "field-count", "five fields, but this line has 4"),
        ("DampedRepeat; 16; 20; 10; 0; 1", "numbering", "Block 1 starts at plan layer 16"),
        ("DampedRepeat; 15; 15; 10; 0; 1", "empty-range", "Block 1 has no layers"),
        ("DampedRepeat; 15; 20; 10; 2; 1", "later-input", "block 2, which comes later"),
        ("DampedRepeat; 15; 20; 10; 0; nan", "scale-not-finite", "of damped repeat 1"),
        ("DampedRepeat 15 20 10 0 1", "unknown-statement", "is not a statement"),
        ("DampdRepeat 15 20 10 0 1", "unknown-statement", "is not a statement"),
    ],
)
def test_a_broken_line_is_told_of(line: str, code: str, words: str):
    text = DOCUMENT.replace(DOCUMENT.splitlines()[1], line)
    problem = next(p for p in read_plan(text).problems if p.code == code)
    assert (problem.line, words in problem.message) == (2, True)
    if code in ("field-count", "unknown-statement"):
        assert KIND.form in problem.fix


def test_the_strict_file_says_it_in_the_notes_words():
    assert write_strict(with_a_damped_repeat()) == STRICT
    assert canonical(read_plan(STRICT).plan) == canonical(written_by_hand())


def test_it_runs_as_two_blocks_and_what_follows_knows_the_last():
    lowered = lower(with_a_damped_repeat())
    assert lowered.recipe == lower(written_by_hand()).recipe
    assert lowered.recipe.blocks[1:] == (
        RecipeWeight(15, 20, 10, 0),
        RecipeMerge(((0, 0.75), (1, 0.25))),
        RecipeWeight(20, 35, 15, 2),
    )
    assert lowered.block_ids == ("trunk", "again", "tail")
    assert [lowered.recipe.file_number(n) for n in range(-1, 4)] == [-1, 0, 1, 1, 2]


def test_its_line_is_edited_beside_the_canvas():
    plan = edits.move(with_a_damped_repeat(), {"again": (7.0, 8.0)})
    text = write_text_view(plan).text
    assert "DampedRepeat; 15; 20; 10; 0; 0.25  # Again" in text
    after = matched(read_plan(text.replace("0.25", "0.5")).plan, plan).plan
    assert after == edits.set_scale(plan, "again", 0, 0.5)
    assert matched(read_plan(text).plan, plan).plan is plan
    muted = shaping.set_muted(plan, ("again",), True)
    assert "# muted: “Again” weight layers 10 to 14 again, damped" in write_text_view(muted).text


def test_its_numbers_are_put_right():
    wrong = DOCUMENT.replace("15; 20; 10", "3; 8; 10").replace("20; 35; 15", "9; 24; 15")
    assert renumbered(wrong) == DOCUMENT.rstrip("\n") + "\n"
    lines = DOCUMENT.splitlines()
    swapped = "\n".join((lines[0], lines[2], lines[1], lines[3])) + "\n"
    assert renumbered(swapped, DOCUMENT) == DOCUMENT
    longer = DOCUMENT.replace("0; 15; 0", "0; 12; 0")
    assert "DampedRepeat; 12; 17; 10; 0; 0.25" in (renumbered(longer) or "")


def test_its_layers_follow_their_model():
    plan = replace(with_a_damped_repeat(), sources=("a", "b"))
    moved = rearranged(plan, (30, 10), (1, 0))
    assert again(moved).weight_start == 20
    assert rearranged(moved, (10, 30), (1, 0)) == plan
    assert borrowing(plan, (30, 10), 0) == ("trunk", "again", "tail")
    assert borrowing(plan, (12, 28), 1) == ("trunk", "again", "tail")


def test_where_its_layers_part_it_becomes_blocks_that_do_the_same():
    numbers = {n: n if n < 12 else n + 1 for n in range(N_LAYERS)}
    apart = onto_layers(with_a_damped_repeat(), numbers)
    assert lower(apart).recipe.blocks[2:5] == (
        RecipeWeight(15, 17, 10, 1),
        RecipeWeight(17, 20, 13, 2),
        RecipeMerge(((1, 0.75), (3, 0.25))),
    )
    cut = shaping.cut_layers(with_a_damped_repeat(), "again", (10,))
    assert (again(cut).weight_start, again(cut).n_layers) == (11, 4)
    gone = shaping.cut_layers(with_a_damped_repeat(), "again", range(10, 15))
    assert gone.blocks["tail"] == WeightBlock("tail", 15, 15, "trunk")


def test_a_merge_beside_it_keeps_its_sum():
    merge = MergeBlock("m", (MergeInput("again", 0.5), MergeInput("trunk", 0.5)), sums_to_one=True)
    plan = edits.set_scale(edits.add_block(with_a_damped_repeat(), merge), "m", 0, 0.75)
    assert [i.scale for i in plan.blocks["m"].inputs] == [0.75, 0.25]


def test_what_is_counted_by_recipe_blocks_is_told_by_those_of_the_file(tmp_path: Path):
    blend = MergeBlock("blend", (MergeInput("again", 0.5), MergeInput("trunk", 0.5)))
    plan = Plan(output="blend").with_blocks(
        WeightBlock("trunk", 0, 4, TOKENS), DampedRepeat("again", 1, 2, "trunk", 0.25), blend
    )
    recipe = lower(plan).recipe
    tiny = read_model_file(write_tiny(tmp_path / "tiny.gguf"))
    trunk, again_, sum_ = block_memory([tiny], recipe, ContextSettings(256))
    assert (again_.weights_bytes, sum_.weights_bytes) == (2 * tiny.layer_bytes[0], 0)
    assert (again_.own_weights_bytes, again_.kv_bytes) == (0, trunk.kv_bytes // 2)
    with pytest.raises(NoChain, match=r"^Block 1 merges .* layers \(by block 0\)") as caught:
        chain_of(recipe)
    assert caught.value.block == 1
    with pytest.raises(PlanError, match=r"^Block 1 merges outputs"):
        write_paths(plan)


def test_a_command_sets_its_scale(tmp_path: Path):
    file = tmp_path / "plan.txt"
    file.write_text(DOCUMENT)
    problems, recipe = read_command_plan(str(file), N_LAYERS, ((1, 0, 0.5),))
    assert (problems, recipe) == ((), lower(with_a_damped_repeat(0.5)).recipe)
    for block, index, words in ((1, 1, "no input 2"), (0, 0, "no scales"), (3, 0, "no block 3")):
        with pytest.raises(UserError, match=words):
            read_command_plan(str(file), N_LAYERS, ((block, index, 0.5),))


def test_its_inputs_are_fixed():
    for change in (edits.add_input, lambda plan, id_: edits.remove_input(plan, id_, 0)):
        with pytest.raises(PlanError, match="A damped repeat has a fixed number of inputs"):
            change(with_a_damped_repeat(), "again")


@given(plans, st.sets(st.integers(0, 20)), st.sampled_from([0.0, 0.25, -1.5, 1e300]))
def test_any_plan_with_some_is_read_back(plan: Plan, chosen: set[int], scale: float):
    """Some weight blocks of a plan that anybody could have made become damped repeats."""
    for n, block in enumerate(plan.blocks.values()):
        if n in chosen and isinstance(block, WeightBlock):
            own = (block.weight_start, block.n_layers, block.input, scale)
            looks = (block.title, block.position, block.muted, block.collapsed)
            names = ("title", "position", "muted", "collapsed")
            again_ = DampedRepeat(block.id, *own, **dict(zip(names, looks, strict=True)))
            plan = plan.with_blocks(again_)
    text = write_document(plan)
    read = read_plan(text)
    assert read.plan == canonical(plan)
    assert write_document(read.plan) == text
    seen = read_plan(write_text_view(plan).text).plan
    assert seen is None or matched(seen, plan).plan is plan
    if not errors(check_plan(plan)):
        strict = read_plan(write_strict(plan))
        assert not errors(strict.problems)
        assert write_strict(strict.plan) == write_strict(plan)
        recipe = lower(plan).recipe
        assert sorted({*map(recipe.file_number, range(len(recipe.blocks)))}) == [
            *range(len(lower(plan).block_ids))
        ]
