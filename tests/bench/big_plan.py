"""The large plan of the canvas's figures: 1,000 blocks and 1,500 links, the same in every run."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from types import MappingProxyType

from app.plan import edits, layout
from app.plan.document import TOKENS, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.ui.canvas.shapes import shape_of

N_BLOCKS = 1000
N_LINKS = 1500
N_WEIGHT_LAYERS = 40
N_HUB_LINKS = 20
HUB = "b500"
"""The block with 20 links, in the midst of the others."""

_N_ROWS = 25


def big_plan() -> Plan:
    """Columns of 25 blocks, weights and merges by turns, each fed by the column before it.

    It has 500 plan layers, so it could run. Nobody has placed its blocks.
    """
    random = Random(4)
    blocks: list[Block] = []
    for n in range(N_BLOCKS):
        row = n % _N_ROWS
        before = [f"b{i}" for i in range(n - row - _N_ROWS, n - row)] if n >= _N_ROWS else [TOKENS]
        if n % 2 == 0:
            start = random.randrange(N_WEIGHT_LAYERS)
            blocks.append(WeightBlock(f"b{n}", start, 1, before[row % len(before)]))
        else:
            scale = 0.4 if n % 50 == 1 else 0.5
            inputs = [MergeInput(before[row % len(before)], scale)]
            inputs.append(MergeInput(random.choice(before), 0.5))
            blocks.append(MergeBlock(f"b{n}", tuple(inputs)))
    plan = Plan(output=f"b{N_BLOCKS - 1}").with_blocks(*blocks)
    return _with_hub(plan)


def placed_plan() -> Plan:
    """The large plan, laid out."""
    plan = big_plan()
    sizes = {i: (shape_of(b).width, shape_of(b).height) for i, b in plan.blocks.items()}
    return edits.move(plan, layout.arrange(plan, sizes))


def _with_hub(plan: Plan) -> Plan:
    """The plan with second inputs of the column after the hub's, and the next ones, led to it."""
    n_out = sum(HUB in _sources(b) for b in plan.blocks.values())
    blocks = dict(plan.blocks)
    for id_, block in plan.blocks.items():
        behind = int(id_[1:]) // _N_ROWS > int(HUB[1:]) // _N_ROWS
        if n_out == N_HUB_LINKS - 1:
            break
        if behind and isinstance(block, MergeBlock) and HUB not in _sources(block):
            inputs = (block.inputs[0], MergeInput(HUB, block.inputs[1].scale))
            blocks[id_] = replace(block, inputs=inputs)
            n_out += 1
    return replace(plan, blocks=MappingProxyType(blocks))


def _sources(block: Block) -> list[str | None]:
    if isinstance(block, MergeBlock):
        return [i.block for i in block.inputs]
    return [block.input]
