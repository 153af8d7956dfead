"""What one click can do about a problem of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from app.plan import edits
from app.plan.document import TOKENS, Block, Plan
from app.plan.kinds import kind_of, links_into
from app.plan.muting import without_muted
from app.plan.ordering import live_blocks, order
from app.plan.problem import Problem


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to fix a problem: what the user is told it does, and what makes the plan after it."""

    label: str
    make: Callable[[], Plan]

    @property
    def after(self) -> Plan:
        """The fixed plan. It is made when asked for: most fixes are only ever offered."""
        return self.make()


def fixes_for(problem: Problem, plan: Plan, n_weight_layers: int | None) -> tuple[Fix, ...]:
    """The ways to fix a problem of this plan, best first; none where the user has to choose."""
    if problem.code == "no-output":
        return tuple(_with_output(plan))
    block = plan.blocks.get(problem.block_id or "")
    if block is None:
        return ()
    if problem.code == "unused":
        return tuple(_unused(plan, block.id))
    if problem.code == "missing-input":
        return tuple(_unlinked(plan, block.id))
    if problem.code == "unreachable":
        return tuple(_from_tokens(plan))
    fixes = kind_of(block).fixes(problem.code, block, n_weight_layers)
    return tuple([Fix(label, partial(_put, plan, block.id, after)) for label, after in fixes])


def _with_output(plan: Plan) -> Iterator[Fix]:
    active = without_muted(plan)
    sources = {link for block in active.blocks.values() for link in links_into(block)}
    last = [i for i in order(active) if i not in sources]
    if last:
        yield Fix(
            "Link the last block to the output", partial(edits.connect_output, plan, last[-1])
        )


def _unused(plan: Plan, id_: str) -> Iterator[Fix]:
    yield Fix("Remove", partial(edits.remove, plan, (id_,), heal=True))
    if plan.output != id_ and edits.why_not_output(plan, id_) is None:
        yield Fix("Link to the output", partial(edits.connect_output, plan, id_))


def _unlinked(plan: Plan, id_: str) -> Iterator[Fix]:
    links = links_into(without_muted(plan).blocks[id_])
    ports = [n for n, link in enumerate(links) if link is None]
    if ports:
        yield Fix("Link to the tokens", partial(_from_tokens_into, plan, id_, ports))
    yield Fix("Remove", partial(edits.remove, plan, (id_,), heal=True))


def _from_tokens_into(plan: Plan, id_: str, ports: Iterable[int]) -> Plan:
    for port in ports:
        plan = edits.connect(plan, TOKENS, id_, port)
    return plan


def _from_tokens(plan: Plan) -> Iterator[Fix]:
    """Link the open ends of the chain that leads to the output."""
    live = live_blocks(plan)
    open_ends = [
        (id_, port)
        for id_ in order(plan)
        if id_ in live
        for port, link in enumerate(links_into(plan.blocks[id_]))
        if link is None
    ]
    for id_, port in open_ends[:1]:
        yield Fix(
            "Link the first block to the tokens", partial(edits.connect, plan, TOKENS, id_, port)
        )


def _put(plan: Plan, id_: str, block: Block | None) -> Plan:
    """The plan with another block in the place of one, or without it."""
    return edits.remove(plan, (id_,), heal=True) if block is None else plan.with_blocks(block)
