"""Muted, collapsed and locked blocks, frames and notes in the file, and back again."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from app.plan import shaping
from app.plan.document import (
    TOKENS,
    Annotation,
    MergeBlock,
    MergeInput,
    Plan,
    WeightBlock,
)
from app.plan.kinds import links_into
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles
from app.plan.reader import read_plan
from app.plan.writer import write_document, write_strict


@pytest.fixture
def plan() -> Plan:
    return Plan(output="m").with_blocks(
        WeightBlock("trunk", 0, 20, TOKENS),
        WeightBlock("left", 20, 8, "trunk"),
        WeightBlock("right", 28, 8, "left"),
        MergeBlock("m", (MergeInput("left", 0.5), MergeInput("right", 0.5))),
    )


def shape(plan: Plan) -> set[object]:
    """What a plan says, whatever its blocks' ids: each block by its title."""
    name = {i: b.title for i, b in plan.blocks.items()} | {TOKENS: TOKENS, None: None}
    said: set[object] = {("output", name[plan.output])}
    for b in plan.blocks.values():
        rest = b.weight_start if isinstance(b, WeightBlock) else tuple(i.scale for i in b.inputs)
        lock = getattr(b, "sums_to_one", None)
        links = tuple(name[k] for k in links_into(b))
        said.add((b.title, links, rest, lock, b.muted, b.collapsed))
    return said


def titled(plan: Plan) -> Plan:

    return plan.with_blocks(*(replace(b, title=i) for i, b in plan.blocks.items()))


@pytest.mark.parametrize(
    "muted",
    [
        *(("left",), ("m",), ("trunk",), ("right", "m"), ("left", "right")),
        *(("trunk", "left", "right"), ("trunk", "left", "right", "m")),
    ],
)
def test_muted_blocks_are_read_back_as_they_were(plan, muted):
    plan = shaping.set_muted(titled(plan), muted, True)
    read = read_plan(write_document(plan))
    assert shape(read.plan) == shape(plan)
    assert write_document(read.plan) == write_document(plan)


def test_a_strict_reader_of_the_document_hears_what_is_heard(plan):
    plan = shaping.set_muted(plan, ("left",), True)
    text = "\n".join(line.split("#")[0].strip() for line in write_document(plan).splitlines())
    assert lower(read_plan(text).plan).recipe == lower(without_muted(plan)).recipe
    assert lower(plan).recipe == lower(without_muted(plan)).recipe
    assert "WeightBlock; 0; 20; 0; -1" in write_strict(plan)
    assert "; 20; 28; 20;" not in write_strict(plan)


def test_a_line_that_was_edited_by_hand_wins_over_what_passes_through(plan):
    plan = shaping.set_muted(plan, ("left",), True)
    text = write_document(plan).replace("WeightBlock; 20; 28; 28; 0", "WeightBlock; 20; 28; 28; -1")
    read = read_plan(text).plan
    right = next(b for b in read.blocks.values() if getattr(b, "weight_start", 0) == 28)
    assert right.input == TOKENS
    assert [(p.code, p.line) for p in read_plan(text).problems] == [("links-differ", 2)]


def test_collapsed_and_locked_blocks_are_read_back(plan):
    plan = shaping.set_collapsed(titled(plan), ("left", "m"), True)
    plan = shaping.set_sums_to_one(plan, "m", True)
    assert shape(read_plan(write_document(plan)).plan) == shape(plan)


def test_frames_and_notes_are_read_back(plan):

    frame = Annotation("a0", "frame", "Start # here", (-20.0, 1.5), (300.0, 200.0), 2)
    note = Annotation("a1", "note", "Two\nlines", (0.0, 0.0), (120.0, 80.0))
    plan = replace(plan, annotations=MappingProxyType({"a0": frame, "a1": note}))
    read = read_plan(write_document(plan))
    assert dict(read.plan.annotations) == {"a0": frame, "a1": note}
    assert read.problems == ()


@pytest.mark.parametrize(
    "line",
    [
        '#@ frame {"text": 3, "at": [0, 0], "size": [1, 1]}',
        '#@ note {"text": "a", "at": [0, 0], "size": [0, -4]}',
        '#@ note {"text": "a", "at": [1e99, 0], "size": [1, 1]}',
        '#@ frame {"text": "a", "at": [0, 0], "size": [1, 1], "colour": true}',
        "#@ frame",
    ],
)
def test_a_broken_frame_is_noted_and_kept_as_a_comment(plan, line):
    read = read_plan(write_document(plan) + line + "\n")
    assert read.plan.annotations == {}
    assert line in write_document(read.plan)
    (note,) = read.problems
    assert (note.code, note.severity) == ("bad-annotation", "note")
    assert note.line == len(write_document(plan).splitlines()) + 1


@pytest.mark.parametrize("links", ["[99]", "[3]", '["a"]', "[0, 0]", "7", "[2]"])
def test_senseless_links_leave_the_line_as_it_is(links):
    text = (
        "WeightBlock; 0; 4; 0; -1\n"
        f'WeightBlock; 4; 8; 4; 0  #@ {{"links": {links}}}\n'
        "TotalLayers; 8\n"
        '#@ draft {"weights": [0, 1], "input": 1, "muted": true}\n'
    )
    read = read_plan(text)
    assert read.plan.blocks["b1"].input == "b0"
    assert read.plan.output == "b1"
    assert ("links-differ", 2) in {(p.code, p.line) for p in read.problems}


def test_one_line_that_was_edited_leaves_the_links_of_the_others():
    plan = Plan(output="c").with_blocks(
        WeightBlock("a", 0, 2, TOKENS),
        WeightBlock("m", 2, 2, "a", muted=True),
        WeightBlock("b", 4, 2, "m"),
        WeightBlock("c", 6, 2, "m"),
    )
    text = write_document(plan)
    assert text.count('{"links": [3]}') == 2
    read = read_plan(text.replace("WeightBlock; 4; 6; 6; 0", "WeightBlock; 4; 6; 6; -1"))
    assert [read.plan.blocks[i].input for i in ("b1", "b2")] == ["b3", TOKENS]
    assert [p.line for p in read.problems if p.code == "links-differ"] == [3]


def test_a_circle_through_a_muted_merge_made_by_hand_is_opened_with_a_note():
    read = read_plan(
        "WeightBlock; 0; 2; 0; -1\n"
        'WeightBlock; 2; 4; 2; 0  #@ {"links": [3]}\n'
        "WeightBlock; 4; 6; 4; 1\n"
        "TotalLayers; 6\n"
        '#@ draft {"merge": [[0, 0.5], [2, 0.5]], "muted": true}\n'
    )
    assert read.plan.blocks["b1"].input == "b0"
    assert links_into(read.plan.blocks["b3"]) == ("b0", "b2")
    assert not blocks_on_cycles(read.plan)
    assert "links-differ" in {p.code for p in read.problems}


def test_muted_blocks_in_a_circle_made_by_hand_are_unlinked_with_a_note():
    read = read_plan(
        'WeightBlock; 0; 2; 0; -1  #@ {"links": [1]}\n'
        "TotalLayers; 2\n"
        '#@ draft {"weights": [2, 3], "input": 2, "muted": true}\n'
        '#@ draft {"weights": [3, 4], "input": 1, "muted": true}\n'
    )
    assert read.plan.blocks["b0"].input == TOKENS
    assert [read.plan.blocks[i].input for i in ("b1", "b2")] == [None, None]
    assert [p.code for p in read.problems].count("bad-draft") == 2


def test_a_draft_that_asks_for_the_output_of_the_lines_is_noted():
    read = read_plan(
        "WeightBlock; 0; 2; 0; -1\n"
        "TotalLayers; 2\n"
        '#@ draft {"weights": [2, 3], "input": 0, "output": true}\n'
    )
    assert read.plan.output == "b0"
    assert ("bad-draft", 3) in {(p.code, p.line) for p in read.problems}


def test_a_merge_whose_scales_were_changed_by_hand_keeps_no_sum(plan):
    text = write_document(shaping.set_sums_to_one(plan, "m", True))
    read = read_plan(text.replace("1; 0.5; 2; 0.5", "1; 0.5; 2; 0.6"))
    merge = read.plan.blocks["b3"]
    assert [i.scale for i in merge.inputs] == [0.5, 0.6]
    assert not merge.sums_to_one
    assert ("sum-not-kept", 4) in {(p.code, p.line) for p in read.problems}
