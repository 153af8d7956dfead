"""Sources put into another order or taken out: the plan borrows the weights that it borrowed."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from app.plan.document import MergeBlock, Plan, WeightBlock
from app.plan.reader import read_plan
from app.plan.source_order import borrowed_layers, borrowing, onto_layers, rearranged

N_LAYERS = (4, 2, 3)
NAMES = ("a.gguf", "b.gguf", "c.gguf")


def plan_of(text: str) -> Plan:
    plan = read_plan(f'#@ llama-blocks {{"sources": {json.dumps(NAMES)}}}\n{text}').plan
    assert plan is not None
    return plan


def weights(plan: Plan, names: tuple[str, ...]) -> list[list[tuple[str, int]]]:
    """The weights of each block by file and layer of it."""
    sizes = dict(zip(NAMES, N_LAYERS, strict=True))
    layers = [(name, n) for name in names for n in range(sizes[name])]
    runs = []
    for block in plan.blocks.values():
        if isinstance(block, WeightBlock):
            runs.append([layers[n] for n in range(block.weight_start, block.weight_end)])
    return runs


def test_blocks_follow_their_source() -> None:
    plan = plan_of("WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 7; 6; 0\nTotalLayers; 7\n")
    after = rearranged(plan, N_LAYERS, (2, 1, 0))
    assert after.sources == ("c.gguf", "b.gguf", "a.gguf")
    assert weights(after, after.sources) == weights(plan, plan.sources)
    assert [*after.blocks] == [*plan.blocks]


def test_a_block_over_two_sources_becomes_a_chain_where_they_part() -> None:
    plan = plan_of(
        "WeightBlock; 0; 4; 2; -1\nWeightBlock; 4; 5; 0; 0\nMergeBlock; 0; 0.5; 1; 0.5\n"
        "TotalLayers; 5\n"
    )
    after = rearranged(plan, N_LAYERS, (0, 2, 1))
    assert weights(after, after.sources) == [
        [("a.gguf", 2), ("a.gguf", 3)],
        [("b.gguf", 0), ("b.gguf", 1)],
        [("a.gguf", 0)],
    ]
    first, second, other, merge = after.blocks.values()
    assert isinstance(second, WeightBlock)
    assert isinstance(other, WeightBlock)
    assert isinstance(merge, MergeBlock)
    assert second.input == first.id
    assert other.input == second.id
    assert [i.block for i in merge.inputs] == [second.id, other.id]
    kept = rearranged(plan, N_LAYERS, (2, 0, 1))
    assert [*kept.blocks] == [*plan.blocks]
    assert weights(kept, kept.sources) == weights(plan, plan.sources)


def test_what_borrowed_from_a_source_that_is_gone_lies_behind_the_last_layer() -> None:
    plan = plan_of(
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 5; 5; 0\nWeightBlock; 5; 8; 6; 1\n"
        "TotalLayers; 8\n"
    )
    assert borrowing(plan, N_LAYERS, 1) == ("b1",)
    assert borrowing(plan, N_LAYERS, 0) == ("b0",)
    after = rearranged(plan, N_LAYERS, (0, 2))
    assert after.sources == ("a.gguf", "c.gguf")
    starts = [b.weight_start for b in after.blocks.values() if isinstance(b, WeightBlock)]
    assert starts == [0, 7 + 1, 4]


def test_what_lies_behind_all_sources_stays_there() -> None:
    plan = plan_of("WeightBlock; 0; 3; 8; -1\nTotalLayers; 3\n")
    after = rearranged(plan, N_LAYERS, (2, 0, 1))
    ranges = [
        (b.weight_start, b.n_layers) for b in after.blocks.values() if isinstance(b, WeightBlock)
    ]
    assert ranges == [(2, 1), (9, 2)]


@given(
    order=st.permutations(range(3)),
    ranges=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 9)), min_size=1, max_size=5),
)
def test_every_order_keeps_what_runs(order: list[int], ranges: list[tuple[int, int]]) -> None:
    lines, end = [], 0
    for n, (start, length) in enumerate(ranges):
        length = min(length, sum(N_LAYERS) - start)
        lines.append(f"WeightBlock; {end}; {end + length}; {start}; {n - 1}")
        end += length
    plan = plan_of("\n".join([*lines, f"TotalLayers; {end}"]) + "\n")
    after = rearranged(plan, N_LAYERS, order)
    flat = [layer for run in weights(plan, plan.sources) for layer in run]
    assert [layer for run in weights(after, after.sources) for layer in run] == flat


def test_a_plan_onto_a_file_of_the_layers_it_borrows() -> None:
    plan = plan_of(
        "WeightBlock; 0; 3; 1; -1\nWeightBlock; 3; 5; 7; 0\nMergeBlock; 0; 0.5; 1; 0.5\n"
        "TotalLayers; 5\n"
    )
    assert borrowed_layers(plan) == {1, 2, 3, 7, 8}
    in_order = onto_layers(plan, {n: new for new, n in enumerate((1, 2, 3, 7, 8))})
    blocks = [b for b in in_order.blocks.values() if isinstance(b, WeightBlock)]
    assert [(b.weight_start, b.n_layers) for b in blocks] == [(0, 3), (3, 2)]
    assert [*in_order.blocks] == [*plan.blocks]


def test_a_block_whose_layers_are_apart_in_that_file_becomes_a_chain() -> None:
    plan = plan_of("WeightBlock; 0; 3; 1; -1\nTotalLayers; 3\n")
    after = onto_layers(plan, {1: 4, 2: 5, 3: 0})
    blocks = [b for b in after.blocks.values() if isinstance(b, WeightBlock)]
    assert [(b.weight_start, b.n_layers) for b in blocks] == [(4, 2), (0, 1)]
    assert blocks[1].input == blocks[0].id
    assert after.output == blocks[1].id
