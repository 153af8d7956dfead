"""The faders of a plan: the scales of blocks that are heard, with what to call them."""

from __future__ import annotations

from dataclasses import dataclass

from app.plan.checks import block_name
from app.plan.document import Plan
from app.plan.kinds import kind_of
from app.plan.muting import without_muted
from app.plan.ordering import file_order, live_blocks


@dataclass(frozen=True, slots=True)
class Fader:
    """A scale of a block, numbered `port` there; that of a merge's input has the input's number.

    `words` name it, such as "Block 3 (“Blend”), input 2".
    """

    block_id: str
    port: int
    scale: float
    words: str


def faders_of(plan: Plan) -> tuple[Fader, ...]:
    """Those that the output depends on, in the order of the file."""
    plan = without_muted(plan)
    order, live = file_order(plan), live_blocks(plan)
    number = {id_: n for n, id_ in enumerate(order)}
    faders = []
    for id_ in order:
        block = plan.blocks[id_]
        kind = kind_of(block)
        for n, scale in enumerate(kind.scales(block) if id_ in live else ()):
            words = f"{block_name(plan, id_, number)}, {kind.scale_name(block, n)}"
            faders.append(Fader(id_, n, scale, words))
    return tuple(faders)
