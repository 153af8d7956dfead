"""The layout reads from left to right, never lets blocks overlap, and is the same every time."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.plan import edits
from app.plan.clearing import way_clear
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.kinds import links_into
from app.plan.layout import DEFAULT_SIZE, arrange
from tests.plan.edited_plans import plans
from tests.plan.test_edits import fork


def sizes(plan: Plan) -> dict[str, tuple[float, float]]:
    """Blocks as wide as their layers ask, merges narrow and tall."""
    return {
        id_: (120.0 + 4 * min(b.n_layers, 60), 96.0)
        if isinstance(b, WeightBlock)
        else (80.0, 60.0 + 50 * len(b.inputs))
        for id_, b in plan.blocks.items()
    }


@given(plans)
def test_links_lead_right_and_nothing_overlaps(plan: Plan) -> None:
    size = sizes(plan)
    places = arrange(plan, size)
    assert list(places) == list(plan.blocks)
    assert all(x >= 0 for x, _ in places.values())
    for id_, block in plan.blocks.items():
        for source in links_into(block):
            if source is not None and source != TOKENS:
                assert places[source][0] + size[source][0] < places[id_][0]
    for a, b in combinations(plan.blocks, 2):
        (ax, ay), (bx, by) = places[a], places[b]
        beside = ax + size[a][0] <= bx or bx + size[b][0] <= ax
        assert beside or ay + size[a][1] <= by or by + size[b][1] <= ay
    assert arrange(plan, size) == places


def test_a_chain_is_a_straight_line_from_the_token_input() -> None:
    plan = edits.whole_model(3)
    for n in range(1, 6):
        plan = edits.add_block(plan, WeightBlock(f"b{n}", n, 1, f"b{n - 1}"))
    places = arrange(edits.connect_output(plan, "b5"), {})
    assert {y for _, y in places.values()} == {-DEFAULT_SIZE[1] / 2}
    assert [x for x, _ in places.values()] == sorted(x for x, _ in places.values())


def test_a_fork_lies_evenly_about_its_axis() -> None:
    places = arrange(fork(), {})
    middle = {id_: y + DEFAULT_SIZE[1] / 2 for id_, (_, y) in places.items()}
    assert middle["b0"] == middle["b3"] == 0
    assert middle["b1"] == -middle["b2"] != 0
    assert places["b1"][0] == places["b2"][0]


def test_branches_do_not_cross() -> None:
    """Four branches whose merges were inserted in the opposite order."""
    plan = edits.whole_model(2)
    for n in range(1, 5):
        plan = edits.add_block(plan, WeightBlock(f"b{n}", n, 1, "b0"))
    for n in range(5, 9):
        plan = edits.add_block(plan, WeightBlock(f"b{n}", n, 1, f"b{9 - n}"))
    last = MergeBlock("m", tuple(MergeInput(f"b{n}", 0.25) for n in range(5, 9)))
    plan = edits.connect_output(edits.add_block(plan, last), "m")
    y = {id_: place[1] for id_, place in arrange(plan, {}).items()}
    branches = sorted(range(1, 5), key=lambda n: y[f"b{n}"])
    ends = sorted(range(5, 9), key=lambda n: y[f"b{n}"])
    assert [9 - n for n in ends] == branches


def test_loose_blocks_stand_below_the_plan() -> None:
    plan = edits.add_block(fork(), WeightBlock("loose", 0, 1, None))
    places = arrange(plan, {})
    assert places["loose"][0] == 0
    assert places["loose"][1] > max(y + 96 for i, (_, y) in places.items() if i != "loose")
    assert {i: p for i, p in places.items() if i != "loose"} == arrange(fork(), {})


def test_a_long_plan_with_far_links_is_laid_out() -> None:
    plan = edits.whole_model(1)
    for n in range(1, 300):
        merge = MergeBlock(f"b{n}", (MergeInput(f"b{n - 1}", 0.5), MergeInput("b0", 0.5)))
        plan = edits.add_block(plan, merge)
    places = arrange(plan, {})
    assert len({x for x, _ in places.values()}) == 300


def test_some_blocks_are_laid_out_from_the_corner_of_where_they_stood() -> None:
    size = sizes(fork())
    plan = edits.move(fork(), {"b1": (900.0, -50.0), "b2": (-340.0, 710.0), "b3": (20.0, 30.0)})
    places = arrange(plan, size, only=("b1", "b2", "b3"))
    assert list(places) == ["b1", "b2", "b3"]
    assert max(places["b1"][0], places["b2"][0]) < places["b3"][0]
    assert (min(x for x, _ in places.values()), min(y for _, y in places.values())) == (-340, -50)


@given(plans, st.integers(1, 2**16))
def test_some_blocks_are_laid_out_beside_the_others(plan: Plan, chosen: int) -> None:
    size = sizes(plan)
    everywhere = arrange(plan, size)
    plan = edits.move(plan, {i: (x / 9, y / 9) for i, (x, y) in everywhere.items()})
    only = [i for n, i in enumerate(plan.blocks) if chosen >> n & 1]
    places = arrange(plan, size, only=only)
    assert list(places) == only
    for i, (left, top) in places.items():
        for other, block in plan.blocks.items():
            if other not in places and block.position is not None:
                x, y = block.position
                across = max(x - left - size[i][0], left - x - size[other][0])
                down = max(y - top - size[i][1], top - y - size[other][1])
                assert max(across, down) > -1e-6


def test_very_many_blocks_move_clear_as_one() -> None:
    row = [(200.0 * n, 0.0, 200.0 * n + 100.0, 90.0) for n in range(2000)]
    between = [(left + 120.0, top, left + 180.0, bottom) for left, top, _, bottom in row]
    assert way_clear(row[:10], between[:10], 10.0) == (0.0, 0.0)
    assert way_clear(row, between, 10.0) == (0.0, 100.0)


def test_the_shortest_way_clear_is_taken() -> None:
    at, wall = [(0.0, 0.0, 100.0, 100.0)], (90.0, -500.0, 95.0, 500.0)
    assert way_clear(at, [], 20.0) == (0.0, 0.0)
    assert way_clear(at, [(120.0, 0.0, 200.0, 90.0)], 20.0) == (0.0, 0.0)
    assert way_clear(at, [wall], 20.0) == (-30.0, 0.0)
    assert way_clear(at, [wall, (-95.0, 0.0, -25.0, 10.0)], 20.0) == (115.0, 0.0)


def test_blocks_that_nobody_placed_are_laid_out_from_the_token_input() -> None:
    assert min(x for x, _ in arrange(fork(), {}, only=("b1", "b3")).values()) == 0


def test_an_empty_plan_has_no_places() -> None:
    assert arrange(Plan(), {}) == {}


def test_the_plan_package_is_imported_without_networkx() -> None:
    """It takes longer to import than the window may take to its first paint."""
    modules = ["change", "checks", "edits", "files", "layout", "lowering", "reader", "writer"]
    imports = "; ".join(f"import app.plan.{name}" for name in modules)
    script = f"import sys; {imports}; print('networkx' in sys.modules)"
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
