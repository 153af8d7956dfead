"""The order in which a plan's blocks stand in its file, and what depends on what."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable

from app.plan.document import TOKENS, Block, Plan, WeightBlock, links_into


def file_order(plan: Plan) -> tuple[str, ...]:
    """The blocks that a file can say, in file order: inputs first, the output last.

    Among the blocks that could come next the one inserted first does, so the order read from a
    file is kept. Blocks that lack an input, that hang on such a block or come after the output
    are left out; without an output that can be said, so is everything.
    """
    ids = tuple(plan.blocks)
    insertion = {id_: n for n, id_ in enumerate(ids)}
    users: dict[str, list[str]] = {}
    waiting = {}
    ready = []
    for id_, block in plan.blocks.items():
        links = links_into(block)
        waiting[id_] = len(links) - links.count(TOKENS)
        for link in links:
            if link in insertion:
                users.setdefault(link, []).append(id_)
        if not _can_be_said(block):
            waiting[id_] = -1
        elif waiting[id_] == 0:
            ready.append(insertion[id_])
    heapq.heapify(ready)
    placed = []
    output_is_ready = False
    while ready:
        id_ = ids[heapq.heappop(ready)]
        if id_ == plan.output:
            output_is_ready = True
            continue
        placed.append(id_)
        for user in users.get(id_, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                heapq.heappush(ready, insertion[user])
    if plan.output is None or not output_is_ready:
        return ()
    return (*placed, plan.output)


def order(plan: Plan) -> tuple[str, ...]:
    """All blocks: those of the file in file order, then the others as they were inserted."""
    placed = file_order(plan)
    in_file = set(placed)
    return (*placed, *(id_ for id_ in plan.blocks if id_ not in in_file))


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
    users = _users(plan)
    waiting = {
        i: sum(link in plan.blocks for link in links_into(b)) for i, b in plan.blocks.items()
    }
    ready = [i for i, n in waiting.items() if n == 0]
    while ready:
        for user in users.get(ready.pop(), ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    return tuple(i for i, n in waiting.items() if n > 0)


def _users(plan: Plan) -> dict[str, list[str]]:
    """For each block the blocks it feeds, once for each link."""
    users: dict[str, list[str]] = {}
    for id_, block in plan.blocks.items():
        for link in links_into(block):
            if link is not None and link != TOKENS:
                users.setdefault(link, []).append(id_)
    return users


def _reach(start: str, steps: Callable[[str], Iterable[str | None]], plan: Plan) -> frozenset[str]:
    seen: set[str] = set()
    stack = [start]
    while stack:
        for step in steps(stack.pop()):
            if step is not None and step not in seen and step in plan.blocks:
                seen.add(step)
                stack.append(step)
    return frozenset(seen)


def _can_be_said(block: Block) -> bool:
    if isinstance(block, WeightBlock):
        return block.weight_start >= 0 and block.n_layers >= 1
    return len(block.inputs) >= 2 and all(math.isfinite(i.scale) for i in block.inputs)
