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
    links_into,
)
from app.plan.lowering import lower
from app.plan.muting import heard
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
    assert lower(read_plan(text).plan).recipe == lower(heard(plan)).recipe
    assert lower(plan).recipe == lower(heard(plan)).recipe
    assert "WeightBlock; 0; 20; 0; -1" in write_strict(plan)
    assert "; 20; 28; 20;" not in write_strict(plan)


def test_a_line_that_was_edited_by_hand_wins_over_what_passes_through(plan):
    plan = shaping.set_muted(plan, ("left",), True)
    text = write_document(plan).replace("WeightBlock; 20; 28; 28; 0", "WeightBlock; 20; 28; 28; -1")
    read = read_plan(text).plan
    right = next(b for b in read.blocks.values() if getattr(b, "weight_start", 0) == 28)
    assert right.input == TOKENS


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
def test_a_broken_frame_is_kept_as_a_comment(plan, line):
    read = read_plan(write_document(plan) + line + "\n")
    assert read.plan.annotations == {}
    assert line in write_document(read.plan)


@pytest.mark.parametrize("links", ["[99]", "[3]", '["a"]', "[0, 0]", "7", "[2]"])
def test_senseless_links_leave_the_line_as_it_is(links):
    text = (
        "WeightBlock; 0; 4; 0; -1\n"
        f'WeightBlock; 4; 8; 4; 0  #@ {{"links": {links}}}\n'
        "TotalLayers; 8\n"
        '#@ draft {"weights": [0, 1], "input": 1, "muted": true}\n'
    )
    read = read_plan(text).plan
    assert read.blocks["b1"].input == "b0"
    assert read.output == "b1"
