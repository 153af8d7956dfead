"""The plan as layerBlocks text for reading and editing beside the canvas: no places, no sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.plan.document import TOKENS, Block, Plan
from app.plan.extra_data import block_comment, draft_comment
from app.plan.kinds import kind_of
from app.plan.lines import shown
from app.plan.muting import without_muted
from app.plan.ordering import file_order
from app.plan.recipe import total_line
from app.plan.writer import statements_of

MUTED = "# muted:"
"""How the line of a muted block begins. Taking the line out takes the block out."""


@dataclass(frozen=True, slots=True)
class TextView:
    """The text, and the line of each block in it, from 1."""

    text: str
    lines: Mapping[str, int]


def write_text_view(plan: Plan, in_file: Sequence[str] | None = None) -> TextView:
    """What the plan says, titles behind `#`; what a strict file cannot say follows below.

    `in_file` are the blocks that the file can say, in its order, where they are known already.
    """
    active = without_muted(plan)
    if in_file is None:
        in_file = file_order(active)
    statements, n_layers = statements_of(active, in_file)
    id_set = set(in_file)
    drafts = [id_ for id_ in active.blocks if id_ not in id_set]
    lines = list(plan.comments)
    at: dict[str, int] = {}
    for id_, statement in zip(in_file, statements, strict=True):
        lines.append(statement + _title(active.blocks[id_]))
        at[id_] = len(lines)
    if in_file:
        lines.append(total_line(n_layers))
    number: dict[str | None, int] = {i: n for n, i in enumerate((*in_file, *drafts))}
    number[TOKENS] = -1
    for id_ in drafts:
        lines.append(draft_comment(_bare(active.blocks[id_]), number, id_ == active.output))
        at[id_] = len(lines)
    for id_, block in plan.blocks.items():
        if block.muted:
            lines.append(muted_line(block))
            at[id_] = len(lines)
    return TextView("\n".join(lines) + "\n", at)


def muted_line(block: Block) -> str:
    """The line of a muted block."""
    return f"{MUTED} {_words(block)}"


def _title(block: Block) -> str:
    """What stands behind a block's line; as JSON where a plain remark would be read otherwise."""
    if not block.title:
        return ""
    title = block.title
    if "#" in title or title != title.strip() or not title.isprintable():
        return f"  {block_comment(_bare(block))}"
    return f"  # {block.title}"


def _bare(block: Block) -> Block:
    """The block without what the text does not say."""
    bare: Block = kind_of(block).as_stated(replace(block, position=None, collapsed=False))
    return bare


def _words(block: Block) -> str:
    title = f"{shown(block.title)} " if block.title else ""
    return f"{title}{kind_of(block).words(block)}"
