"""The faders of a plan: the merge inputs that are heard, with what to call them."""

from __future__ import annotations

from dataclasses import dataclass

from app.plan.checks import block_name
from app.plan.document import MergeBlock, Plan
from app.plan.muting import heard
from app.plan.ordering import file_order, live_blocks


@dataclass(frozen=True, slots=True)
class Fader:
    """An input of a merge. `words` name it, such as "Block 3 (“Blend”), input 2"."""

    block_id: str
    port: int
    scale: float
    words: str


def faders_of(plan: Plan) -> tuple[Fader, ...]:
    """Those that the output depends on, in the order of the file."""
    plan = heard(plan)
    order, live = file_order(plan), live_blocks(plan)
    number = {id_: n for n, id_ in enumerate(order)}
    return tuple(
        Fader(id_, port, merge_input.scale, f"{block_name(plan, id_, number)}, input {port + 1}")
        for id_ in order
        if id_ in live and isinstance(block := plan.blocks[id_], MergeBlock)
        for port, merge_input in enumerate(block.inputs)
    )
