"""How a block is shaped: layers cut out and joined, a merge's scales and inputs, muted, collapsed.

Pure functions from a plan to a plan, as in `edits`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

from app.plan import edits
from app.plan.document import Block, Plan, WeightBlock, links_into
from app.plan.problem import PlanError, Problem


def set_muted(plan: Plan, ids: Collection[str], muted: bool) -> Plan:
    """The plan with these blocks passed by, or heard again."""
    return plan.with_blocks(*(replace(plan.blocks[i], muted=muted) for i in ids))


def set_collapsed(plan: Plan, ids: Collection[str], collapsed: bool) -> Plan:
    """The plan with these blocks drawn small, or whole again."""
    return plan.with_blocks(*(replace(plan.blocks[i], collapsed=collapsed) for i in ids))


def cut_layers(plan: Plan, id_: str, layers: Collection[int]) -> Plan:
    """The plan without these weight layers in a block, which splits into what remains.

    What remains in several pieces forms a chain, as `with_ranges`. A block that loses all its
    layers is removed, and its neighbours are linked.
    """
    block = edits.weight_block(plan, id_)
    runs = _runs(n for n in range(block.weight_start, block.weight_end) if n not in layers)
    if not runs:
        return edits.remove(plan, (id_,), heal=True)
    return with_ranges(plan, id_, [(run[0], len(run)) for run in runs])


def with_ranges(plan: Plan, id_: str, ranges: Sequence[tuple[int, int]]) -> Plan:
    """The plan with a block on these weight layers, each range as (start, how many).

    Of several ranges each gets a piece, and the pieces form a chain: the first keeps id, title and
    position, the others have no position yet, and the last feeds what the block fed.
    """
    block = edits.weight_block(plan, id_)
    pieces = [replace(block, weight_start=ranges[0][0], n_layers=ranges[0][1])]
    for (start, n_layers), new_id in zip(ranges[1:], edits.new_ids(plan), strict=False):
        piece = WeightBlock(
            new_id,
            *(start, n_layers, pieces[-1].id),
            muted=block.muted,
            collapsed=block.collapsed,
        )
        pieces.append(piece)
    last = pieces[-1].id
    blocks: dict[str, Block] = {}
    for other_id, other in plan.blocks.items():
        if other_id == id_:
            blocks |= {piece.id: piece for piece in pieces}
        else:
            blocks[other_id] = _fed_by(other, {id_: last})
    output = last if plan.output == id_ else plan.output
    return replace(plan, blocks=MappingProxyType(blocks), output=output)


def joinable(plan: Plan, ids: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The chains among these blocks in which each goes on where the one before it ends.

    A block continues another when that one feeds nothing else and neither is muted.
    """
    among = set(ids)
    n_fed = Counter(link for block in plan.blocks.values() for link in links_into(block))
    n_fed[plan.output] += 1
    following: dict[str, str] = {}
    for id_, block in plan.blocks.items():
        before = plan.blocks.get(block.input or "") if isinstance(block, WeightBlock) else None
        if (
            isinstance(block, WeightBlock)
            and isinstance(before, WeightBlock)
            and {id_, before.id} <= among
            and n_fed[before.id] == 1
            and before.weight_end == block.weight_start
            and not (before.muted or block.muted)
        ):
            following[before.id] = id_
    chains = []
    for id_ in sorted(following.keys() - {*following.values()}, key=[*plan.blocks].index):
        chain = [id_]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(tuple(chain))
    return tuple(chains)


def join(plan: Plan, ids: Collection[str]) -> Plan:
    """The plan with each of the chains of `joinable` as one block, which keeps the first's id.

    The plan itself when there is none.
    """
    chains = joinable(plan, ids)
    if not chains:
        return plan
    blocks = dict(plan.blocks)
    taken_by = {chain[-1]: chain[0] for chain in chains}
    for first, *others in chains:
        n_layers = sum(edits.weight_block(plan, i).n_layers for i in (first, *others))
        blocks[first] = replace(edits.weight_block(plan, first), n_layers=n_layers)
        for id_ in others:
            del blocks[id_]
    fed = {id_: _fed_by(block, taken_by) for id_, block in blocks.items()}
    output = plan.output and taken_by.get(plan.output, plan.output)
    return replace(plan, blocks=MappingProxyType(fed), output=output)


def set_scale(plan: Plan, id_: str, port: int, scale: float) -> Plan:
    """The plan with another scale at input `port` of a merge. Raises PlanError unless finite.

    Where the merge keeps its sum at 1, the other scales share the change in proportion to their
    size, or equally when all of them are 0. Then a scale so large that no sum with it comes out as
    1 is refused, too.
    """
    after = edits.set_scale(plan, id_, port, scale)
    merge = edits.merge_block(after, id_)
    if not merge.sums_to_one:
        return after
    merge = edits.with_scales(merge, _shared([i.scale for i in merge.inputs], port))
    if not edits.has_sum_of_one(merge):
        said = f"With a scale of {scale:g} here, the others cannot bring the sum to 1."
        fix = "Choose a smaller number, or turn off “Keep the sum at 1” first."
        raise PlanError([Problem("scale-too-large", said, fix, block_id=id_)])
    return after.with_blocks(merge)


def _shared(scales: Sequence[float], port: int) -> list[float]:
    """The scales with a sum of 1, the one at `port` as it is."""
    missing = 1.0 - sum(scales)
    sizes = [0.0 if n == port else abs(s) for n, s in enumerate(scales)]
    if not any(sizes):
        sizes = [0.0 if n == port else 1.0 for n in range(len(scales))]
    total = sum(sizes)
    shared = [s + missing * size / total for s, size in zip(scales, sizes, strict=True)]
    return edits.summing_to_one(shared, but=port)


def set_sums_to_one(plan: Plan, id_: str, on: bool) -> Plan:
    """The plan with a merge that keeps its sum at 1, or no longer; turned on it is made so."""
    merge = edits.merge_block(plan, id_)
    if on:
        merge = edits.with_scales(merge, edits.normalised([i.scale for i in merge.inputs]))
    return plan.with_blocks(replace(merge, sums_to_one=on))


def swap_inputs(plan: Plan, id_: str, port: int, other: int) -> Plan:
    """The plan with the links into two inputs of a merge exchanged; the scales stay."""
    merge = edits.merge_block(plan, id_)
    for n in (port, other):
        edits.require_port(id_, n, len(merge.inputs))
    inputs = list(merge.inputs)
    inputs[port] = replace(merge.inputs[port], block=merge.inputs[other].block)
    inputs[other] = replace(merge.inputs[other], block=merge.inputs[port].block)
    return plan.with_blocks(replace(merge, inputs=tuple(inputs)))


def equalise(plan: Plan, id_: str) -> Plan:
    """The plan with the same scale at every input of a merge, with a sum of 1."""
    merge = edits.merge_block(plan, id_)
    share = 1.0 / len(merge.inputs)
    return plan.with_blocks(edits.with_scales(merge, [share] * len(merge.inputs)))


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Rising numbers in runs without a gap."""
    ordered = list(numbers)
    if not ordered:
        return []
    runs = [ordered[:1]]
    for before, n in pairwise(ordered):
        if n == before + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return runs


def _fed_by(block: Block, other: dict[str, str]) -> Block:
    """The block with its links led from other blocks, where `other` names one instead."""
    links = [None if k is None else other.get(k, k) for k in links_into(block)]
    return edits.with_links(block, links)
