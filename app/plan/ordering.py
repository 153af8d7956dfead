"""The order in which a plan's blocks stand in its file, and what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from app.plan.document import TOKENS, Plan
from app.plan.kinds import kind_of, links_into


def file_order(plan: Plan) -> tuple[str, ...]:
    """The blocks that a file can say, in file order: inputs first, the output last.

    Among the blocks that could come next the one inserted first does, so the order read from a
    file is kept. Blocks that lack an input, that hang on such a block or come after the output
    are left out; without an output that can be said, so is everything.
    """
    ids = tuple(plan.blocks)
    number = {id_: n for n, id_ in enumerate(ids)}
    feeders: list[list[int]] = []
    dead_ends = set()
    for n, block in enumerate(plan.blocks.values()):
        kind = kind_of(block)
        links = kind.links(block)
        feeders.append([number[link] for link in links if link in number])
        n_linked = len(feeders[n]) + links.count(TOKENS)
        if n_linked < len(links) or not kind.can_be_written(block):
            dead_ends.add(n)
    output = number.get(plan.output or "")
    if output is None or output in dead_ends:
        return ()
    sequence = in_order(feeders, dead_ends | {output})
    if not set(feeders[output]) <= set(sequence):
        return ()
    return tuple([ids[n] for n in (*sequence, output)])


def in_order(feeders: Sequence[Collection[int]], dead_ends: Container[int] = ()) -> list[int]:
    """The places in `feeders`, each behind those it names and otherwise rising.

    Those on circles are left out, and so are dead ends, and what hangs on either.
    """
    if all(k < n for n, names in enumerate(feeders) for k in names):
        return _as_they_stand(feeders, dead_ends)
    sorter = TopologicalSorter(dict(enumerate(feeders)))
    with suppress(CycleError):  # raised once all is ready for those that lie on no circle
        sorter.prepare()
    sequence = []
    ready = sorted(sorter.get_ready())
    while ready:
        n = heappop(ready)
        if n in dead_ends:
            continue
        sequence.append(n)
        sorter.done(n)
        for following in sorter.get_ready():
            heappush(ready, following)
    return sequence


def _as_they_stand(feeders: Sequence[Collection[int]], dead_ends: Container[int]) -> list[int]:
    """As `in_order` where each is behind those it names already, as in a plan read from a file.

    With 10,000 blocks it takes a tenth of the time of a sort.
    """
    left_out: set[int] = set()
    sequence = []
    for n, names in enumerate(feeders):
        if n in dead_ends or not left_out.isdisjoint(names):
            left_out.add(n)
        else:
            sequence.append(n)
    return sequence


def order(plan: Plan) -> tuple[str, ...]:
    """All blocks: those of the file in file order, then the others as they were inserted."""
    sequence = file_order(plan)
    in_file = set(sequence)
    return (*sequence, *(id_ for id_ in plan.blocks if id_ not in in_file))


def live_blocks(plan: Plan) -> frozenset[str]:
    """The blocks that the output depends on, itself among them; none without an output."""
    if plan.output is None or plan.output not in plan.blocks:
        return frozenset()
    return _reach(plan.output, lambda id_: links_into(plan.blocks[id_]), plan) | {plan.output}


def descendants(plan: Plan, id_: str) -> frozenset[str]:
    """The blocks that depend on the block, directly or not."""
    users = _users(plan)
    return _reach(id_, lambda user: users.get(user, ()), plan)


def blocks_on_cycles(plan: Plan) -> tuple[str, ...]:
    """The blocks that lie on a circle of links or behind one, in order of insertion."""
    number = {id_: n for n, id_ in enumerate(plan.blocks)}
    feeders = [[number[k] for k in links_into(b) if k in number] for b in plan.blocks.values()]
    free = set(in_order(feeders))
    return tuple([id_ for id_, n in number.items() if n not in free])


def _users(plan: Plan) -> dict[str, list[str]]:
    """For each block the blocks it feeds, once for each link."""
    users: dict[str, list[str]] = {}
    for id_, block in plan.blocks.items():
        for link in links_into(block):
            if link is not None and link != TOKENS:
                users.setdefault(link, []).append(id_)
    return users


def _reach(start: str, steps: Callable[[str], Iterable[str | None]], plan: Plan) -> frozenset[str]:
    visited: set[str] = set()
    stack = [start]
    while stack:
        for step in steps(stack.pop()):
            if step is not None and step not in visited and step in plan.blocks:
                visited.add(step)
                stack.append(step)
    return frozenset(visited)
