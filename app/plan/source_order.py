"""A plan whose sources are put into another order, or taken out, and that still means the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from app.plan.document import Plan, WeightBlock
from app.plan.shaping import with_ranges

Range = tuple[int, int]
"""Weight layers as (start, how many)."""


def rearranged(plan: Plan, n_layers: Sequence[int], order: Sequence[int]) -> Plan:
    """The plan over its sources in another order, its blocks on the weights they had.

    `n_layers` are the layers of each source, `order` the old places of those that stay. A block
    that borrows from two sources which no longer follow each other becomes a chain. What borrows
    from a source that is taken out goes on the numbers behind the last weight layer there is.
    """
    starts = _new_starts(n_layers, order)
    after = plan
    for id_, block in plan.blocks.items():
        if isinstance(block, WeightBlock):
            ranges = _joined(_moved(block, n_layers, starts))
            if ranges != [(block.weight_start, block.n_layers)]:
                after = with_ranges(after, id_, ranges)
    return replace(after, sources=tuple(plan.sources[n] for n in order))


def borrowing(plan: Plan, n_layers: Sequence[int], source: int) -> tuple[str, ...]:
    """The blocks that borrow layers of a source."""
    start = sum(n_layers[:source])
    end = start + n_layers[source]
    return tuple(
        id_
        for id_, block in plan.blocks.items()
        if isinstance(block, WeightBlock) and block.weight_start < end and start < block.weight_end
    )


def borrowed_layers(plan: Plan) -> frozenset[int]:
    """The weight layers that blocks of the plan borrow, muted ones included."""
    return frozenset(
        layer
        for block in plan.blocks.values()
        if isinstance(block, WeightBlock)
        for layer in range(block.weight_start, block.weight_end)
    )


def onto_layers(plan: Plan, numbers: Mapping[int, int]) -> Plan:
    """The plan over a file in which each layer it borrows has another number.

    A block whose layers no longer follow each other becomes a chain.
    """
    after = plan
    for id_, block in plan.blocks.items():
        if isinstance(block, WeightBlock):
            moved = ((numbers[n], 1) for n in range(block.weight_start, block.weight_end))
            after = with_ranges(after, id_, _joined(moved))
    return after


def _new_starts(n_layers: Sequence[int], order: Sequence[int]) -> list[int]:
    """Where each source's layers begin now; those taken out stand behind all others."""
    taken_out = [n for n in range(len(n_layers)) if n not in order]
    all_in_order = [*order, *taken_out]
    begins = accumulate((n_layers[n] for n in all_in_order), initial=0)
    start_of = dict(zip(all_in_order, begins, strict=False))
    return [start_of[n] for n in range(len(n_layers))]


def _moved(block: WeightBlock, n_layers: Sequence[int], starts: Sequence[int]) -> Iterator[Range]:
    """The block's range, source by source, where it is now; what is behind all stays there."""
    begin = 0
    for n, start in zip(n_layers, starts, strict=True):
        first, end = max(begin, block.weight_start), min(begin + n, block.weight_end)
        if first < end:
            yield start + first - begin, end - first
        begin += n
    first = max(begin, block.weight_start)
    if first < block.weight_end:
        yield first, block.weight_end - first


def _joined(ranges: Iterator[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, n in ranges:
        if joined and sum(joined[-1]) == start:
            joined[-1] = (joined[-1][0], joined[-1][1] + n)
        else:
            joined.append((start, n))
    return joined
