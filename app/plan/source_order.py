"""A plan whose sources are put into another order, or taken out, and that still means the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from app.plan.document import Plan
from app.plan.kinds import kind_of
from app.plan.shaping import on_layers


def rearranged(plan: Plan, n_layers: Sequence[int], order: Sequence[int]) -> Plan:
    """The plan over its sources in another order, its blocks on the weights they had.

    `n_layers` are the layers of each source, `order` the old places of those that stay. A block
    that borrows from two sources which no longer follow each other becomes a chain. What borrows
    from a source that is taken out goes on the numbers behind the last weight layer there is.
    """
    begins = list(accumulate(n_layers, initial=0))
    starts = _new_starts(n_layers, order)

    def moved(layer: int) -> int:
        source = bisect_right(begins, layer) - 1
        return layer if source >= len(starts) else starts[source] + layer - begins[source]

    after = _onto(plan, moved)
    return replace(after, sources=tuple(plan.sources[n] for n in order))


def borrowing(plan: Plan, n_layers: Sequence[int], source: int) -> tuple[str, ...]:
    """The blocks that borrow layers of a source."""
    start = sum(n_layers[:source])
    of_source = range(start, start + n_layers[source])
    return tuple(
        id_
        for id_, block in plan.blocks.items()
        if any(layer in of_source for layer in kind_of(block).layers(block))
    )


def borrowed_layers(plan: Plan) -> frozenset[int]:
    """The weight layers that blocks of the plan borrow, muted ones included."""
    blocks = plan.blocks.values()
    return frozenset(layer for block in blocks for layer in kind_of(block).layers(block))


def onto_layers(plan: Plan, numbers: Mapping[int, int]) -> Plan:
    """The plan over a file in which each layer it borrows has another number.

    A block whose layers no longer follow each other becomes a chain.
    """
    return _onto(plan, numbers.__getitem__)


def _onto(plan: Plan, moved: Callable[[int], int]) -> Plan:
    after = plan
    for id_, block in plan.blocks.items():
        before = [*kind_of(block).layers(block)]
        layers = [moved(layer) for layer in before]
        if layers != before:
            after = on_layers(after, id_, layers)
    return after


def _new_starts(n_layers: Sequence[int], order: Sequence[int]) -> list[int]:
    """Where each source's layers begin now; those taken out stand behind all others."""
    taken_out = [n for n in range(len(n_layers)) if n not in order]
    all_in_order = [*order, *taken_out]
    begins = accumulate((n_layers[n] for n in all_in_order), initial=0)
    start_of = dict(zip(all_in_order, begins, strict=False))
    return [start_of[n] for n in range(len(n_layers))]
