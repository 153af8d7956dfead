"""The text beside the canvas says the plan, and an edit of it keeps what it does not say."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from app.plan import edits
from app.plan.document import TOKENS, Annotation, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles
from app.plan.reader import read_plan
from app.plan.text_match import matched
from app.plan.text_view import muted_line, write_text_view
from tests.plan.edited_plans import plans

NOTE = Annotation("a0", "note", "Mind this", (0.0, 0.0), (200.0, 80.0))


def example() -> Plan:
    return Plan(output="m", sources=("a.gguf",), comments=("# mine",)).with_blocks(
        WeightBlock("trunk", 0, 20, TOKENS, title="Trunk", position=(0.0, 60.0)),
        WeightBlock("left", 20, 8, "trunk", position=(400.0, 0.0), collapsed=True),
        WeightBlock("right", 28, 8, "trunk", position=(400.0, 160.0)),
        MergeBlock("m", (MergeInput("left", 0.5), MergeInput("right", 0.5)), sums_to_one=True),
        WeightBlock("loose", 3, 2, None, title="Loose", position=(0.0, 300.0)),
    )


def edited(plan: Plan, before: str, after: str) -> Plan:
    """The plan after a change of its text."""
    text = write_text_view(plan).text
    assert text.count(before) == 1
    read = read_plan(text.replace(before, after))
    assert read.plan is not None
    return matched(read.plan, plan).plan


def test_it_says_no_places_and_titles_in_plain_words():
    view = write_text_view(example())
    assert view.text.splitlines() == [
        "# mine",
        "WeightBlock; 0; 20; 0; -1  # Trunk",
        "WeightBlock; 20; 28; 20; 0",
        "WeightBlock; 28; 36; 28; 0",
        "MergeBlock; 1; 0.5; 2; 0.5",
        "TotalLayers; 36",
        '#@ draft {"weights": [3, 5], "title": "Loose"}',
    ]
    assert view.lines == {"trunk": 2, "left": 3, "right": 4, "m": 5, "loose": 7}


@given(plans, st.data())
def test_the_text_as_it_is_leaves_the_plan_as_it_is(plan: Plan, data: st.DataObject):
    muted = data.draw(st.sets(st.sampled_from(sorted(plan.blocks) or [""]), max_size=3))
    plan = plan.with_blocks(*(replace(plan.blocks[i], muted=True) for i in muted if i))
    plan = replace(plan, annotations=MappingProxyType({"a0": NOTE}))
    read = read_plan(write_text_view(plan).text)
    if read.plan is None:
        assert not without_muted(plan).blocks
    elif without_muted(plan).blocks:
        assert matched(read.plan, plan).plan is plan


@given(plans, plans, st.data())
def test_any_text_gives_a_sound_plan_with_the_ids_of_the_one_before(
    plan: Plan, other: Plan, data: st.DataObject
):
    muted = data.draw(st.sets(st.sampled_from(sorted(plan.blocks) or [""]), max_size=3)) - {""}
    plan = plan.with_blocks(*(replace(plan.blocks[i], muted=True) for i in muted))
    said = [muted_line(plan.blocks[i]) for i in muted]
    stay = data.draw(st.lists(st.sampled_from(said), unique=True)) if said else []
    read = read_plan(write_text_view(without_muted(other)).text + "\n".join(stay))
    if read.plan is None:
        return
    after = matched(read.plan, plan).plan
    assert not blocks_on_cycles(after)
    muted = {id_ for id_, block in after.blocks.items() if block.muted}
    assert sorted(muted_line(after.blocks[i]) for i in muted) == sorted(stay)
    assert len(after.blocks) == len(read.plan.blocks) + len(muted)
    assert all(id_ == block.id for id_, block in after.blocks.items())
    assert write_text_view(replace(without_muted(after), comments=())).text == (
        write_text_view(replace(read.plan, comments=())).text
    )


def test_a_changed_line_keeps_the_rest_of_its_block():
    plan = example()
    after = edited(plan, "28; 36; 28; 0", "28; 36; 30; 0")
    assert after == edits.set_weights(plan, "right", 30, 8)
    assert after.blocks["trunk"] is plan.blocks["trunk"]


def test_lines_in_another_order_are_a_plan_in_that_order():
    plan = example()
    text = write_text_view(plan).text
    swapped = text.replace(
        "WeightBlock; 20; 28; 20; 0\nWeightBlock; 28; 36; 28; 0\nMergeBlock; 1; 0.5; 2; 0.5",
        "WeightBlock; 20; 28; 28; 0\nWeightBlock; 28; 36; 20; 0\nMergeBlock; 2; 0.5; 1; 0.5",
    )
    assert swapped != text
    read = read_plan(swapped)
    assert read.plan is not None
    after = matched(read.plan, plan).plan
    assert after.blocks == plan.blocks
    assert write_text_view(after).text == swapped


def test_a_new_line_between_gets_an_id_of_its_own():
    plan = example()
    after = edited(
        plan,
        "WeightBlock; 28; 36; 28; 0\nMergeBlock; 1; 0.5; 2; 0.5",
        "WeightBlock; 28; 30; 3; 0\nWeightBlock; 30; 38; 28; 0\nMergeBlock; 1; 0.5; 3; 0.5",
    )
    (new,) = after.blocks.keys() - plan.blocks.keys()
    assert after.blocks[new] == WeightBlock(new, 3, 2, "trunk")
    assert after.blocks["right"] == plan.blocks["right"]
    assert after.blocks["m"].inputs == plan.blocks["m"].inputs


def test_lines_that_change_places_keep_their_ids():
    plan = example()
    after = edited(
        plan,
        "WeightBlock; 20; 28; 20; 0\nWeightBlock; 28; 36; 28; 0\nMergeBlock; 1; 0.5; 2; 0.5",
        "WeightBlock; 20; 28; 28; 0\nWeightBlock; 28; 36; 20; 0\nMergeBlock; 2; 0.5; 1; 0.5",
    )
    assert after == plan


def test_a_line_taken_out_takes_its_block_out():
    plan = example()
    after = edited(plan, '#@ draft {"weights": [3, 5], "title": "Loose"}\n', "")
    assert after == edits.remove(plan, ["loose"])


def test_muted_blocks_stay_where_they_are():
    plan = example()
    plan = plan.with_blocks(replace(plan.blocks["left"], muted=True))
    text = write_text_view(plan).text
    assert "MergeBlock; 0; 0.5; 1; 0.5" in text
    assert "# muted: weight layers 20 to 27" in text
    after = edited(plan, "MergeBlock; 0; 0.5; 1; 0.5", "MergeBlock; 0; 0.25; 1; 0.75")
    assert after == edits.set_scale(edits.set_scale(plan, "m", 0, 0.25), "m", 1, 0.75)


def test_a_muted_line_taken_out_takes_its_block_out():
    plan = example()
    plan = plan.with_blocks(*(replace(plan.blocks[i], muted=True) for i in ("left", "loose")))
    after = edited(plan, "# muted: weight layers 20 to 27\n", "")
    assert after == edits.remove(plan, ["left"], heal=True)


def test_a_muted_line_that_was_changed_still_stands_for_its_block():
    plan = example()
    plan = plan.with_blocks(*(replace(plan.blocks[i], muted=True) for i in ("left", "loose")))
    assert edited(plan, "# muted: weight layers 20 to 27", "# muted: later") is plan


def test_a_remark_that_only_looks_like_a_muted_line_stays():
    plan = replace(example(), comments=("# muted: the drums",))
    after = edited(plan, "28; 36; 28; 0", "28; 36; 30; 0")
    assert after.comments == plan.comments


def test_scales_that_no_longer_sum_to_one_are_no_longer_held_to_it():
    after = edited(example(), "1; 0.5; 2; 0.5", "1; 0.25; 2; 0.5")
    assert not after.blocks["m"].sums_to_one


def test_ten_thousand_changed_lines_are_matched_soon_enough():
    blocks = [WeightBlock(f"b{n}", n % 7, 1, f"b{n - 1}" if n else TOKENS) for n in range(10_000)]
    plan = Plan(output="b9999").with_blocks(*blocks)
    other = Plan(output="b9999").with_blocks(
        *(replace(b, weight_start=b.weight_start + 1) for b in blocks)
    )
    read = read_plan(write_text_view(other).text)
    assert read.plan is not None
    assert matched(read.plan, plan).plan.blocks.keys() == plan.blocks.keys()
