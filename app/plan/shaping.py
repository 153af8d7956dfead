"""How a block is shaped: layers cut out and joined, a merge's inputs, muted, collapsed.

Pure functions from a plan to a plan, as in `edits`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from types import MappingProxyType

from app.plan import edits, scales
from app.plan.document import Block, MergeBlock, Plan
from app.plan.kinds import MERGE, kind_of, links_into, with_links
from app.plan.kinds.merge import with_scales
from app.plan.layer_ranges import runs
from app.plan.problem import PlanError, Problem


def set_muted(plan: Plan, ids: Collection[str], muted: bool) -> Plan:
    """The plan with these blocks passed by, or heard again."""
    return plan.with_blocks(*(replace(plan.blocks[i], muted=muted) for i in ids))


def set_collapsed(plan: Plan, ids: Collection[str], collapsed: bool) -> Plan:
    """The plan with these blocks drawn small, or whole again."""
    return plan.with_blocks(*(replace(plan.blocks[i], collapsed=collapsed) for i in ids))


def cut_layers(plan: Plan, id_: str, layers: Collection[int]) -> Plan:
    """The plan without these weight layers in a block, which splits into what remains.

    What remains in several pieces becomes a chain, as `on_layers`. A block that loses all its
    layers is removed, and its neighbours are linked. Raises PlanError for a block without layers.
    """
    left = [n for n in edits.layers_of(plan, id_) if n not in layers]
    return on_layers(plan, id_, left) if left else edits.remove(plan, (id_,), heal=True)


def on_layers(plan: Plan, id_: str, layers: Sequence[int]) -> Plan:
    """The plan with a block on these weight layers, one at least, in the order given.

    Where the block cannot run them as one, several stand in its place: the first keeps id, title
    and position, the others have no position yet, and the last feeds what the block fed.
    """
    block = edits.block_of(plan, id_)
    pieces = kind_of(block).on_layers(block, tuple(runs(layers)), edits.new_ids(plan))
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
        links = links_into(block)
        before = plan.blocks.get(links[0] or "") if len(links) == 1 else None
        if (
            before is not None
            and {id_, before.id} <= among
            and n_fed[before.id] == 1
            and not (before.muted or block.muted)
            and kind_of(before).joined(before, block) is not None
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
        for id_ in others:
            kind, following = kind_of(blocks[first]), blocks.pop(id_)
            blocks[first] = kind.joined(blocks[first], following) or blocks[first]
    relinked = {id_: _fed_by(block, taken_by) for id_, block in blocks.items()}
    output = plan.output and taken_by.get(plan.output, plan.output)
    return replace(plan, blocks=MappingProxyType(relinked), output=output)


def set_sums_to_one(plan: Plan, id_: str, on: bool) -> Plan:
    """The plan with a merge that keeps its sum at 1, or no longer; turned on it is made so."""
    merge = _merge(plan, id_)
    if on:
        merge = with_scales(merge, scales.normalised(MERGE.scales(merge)))
    return plan.with_blocks(replace(merge, sums_to_one=on))


def equalise(plan: Plan, id_: str) -> Plan:
    """The plan with the same scale at every input of a merge, with a sum of 1."""
    merge = _merge(plan, id_)
    share = 1.0 / len(merge.inputs)
    return plan.with_blocks(with_scales(merge, [share] * len(merge.inputs)))


def _merge(plan: Plan, id_: str) -> MergeBlock:
    """The merge block of this id. Raises PlanError where there is none."""
    block = edits.block_of(plan, id_)
    if not isinstance(block, MergeBlock):
        message = f"A {kind_of(block).title.lower()} is not a merge block."
        raise PlanError(
            [Problem("not-a-merge-block", message, "Choose a merge block.", block_id=id_)]
        )
    return block


def _fed_by(block: Block, other: dict[str, str]) -> Block:
    """The block with its links led from other blocks, where `other` names one instead."""
    links = [None if k is None else other.get(k, k) for k in links_into(block)]
    return with_links(block, links)
