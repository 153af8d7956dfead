"""Which faders of a plan are heard, and what they are called."""

from __future__ import annotations

from app.plan import edits, shaping
from app.plan.document import Plan
from app.plan.faders import faders_of
from app.plan.reader import read_plan

TEXT = """WeightBlock; 0; 2; 0; -1
WeightBlock; 2; 4; 2; 0
WeightBlock; 4; 5; 3; 0
MergeBlock; 1; 0.25; 2; 0.75  #@ {"title": "Blend"}
MergeBlock; 3; 0.5; 0; 0.5
TotalLayers; 5
"""


def plan() -> Plan:
    read = read_plan(TEXT).plan
    assert read is not None
    return read


def words(plan: Plan) -> list[tuple[str, float]]:
    return [(fader.words, fader.scale) for fader in faders_of(plan)]


BOTH = [
    ("Block 3 (“Blend”), input 1", 0.25),
    ("Block 3 (“Blend”), input 2", 0.75),
    ("Block 4, input 1", 0.5),
    ("Block 4, input 2", 0.5),
]


def test_each_input_of_each_merge_has_one_in_the_order_of_the_file() -> None:
    assert words(plan()) == BOTH


def test_a_merge_that_feeds_nothing_has_none() -> None:
    ids = list(plan().blocks)
    assert words(edits.connect_output(plan(), ids[3])) == BOTH[:2]


def test_a_muted_merge_has_none() -> None:
    ids = list(plan().blocks)
    muted = shaping.set_muted(plan(), ids[3:4], True)
    assert words(muted) == [("Block 3, input 1", 0.5), ("Block 3, input 2", 0.5)]
