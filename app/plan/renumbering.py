"""Puts the numbers of an edited layerBlocks text right, line by line, comments kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.plan.extra_data import (
    Json,
    draft_in,
    links_in,
    own_line,
    parse_object,
    relinked_comment,
    relinked_draft,
    split_own,
)
from app.plan.kinds import Kind
from app.plan.lines import Line, parse_int
from app.plan.ordering import in_order
from app.plan.statements import TOTAL, kinds_by_keyword, split_lines
from app.plan.text_match import pairs_of


@dataclass(slots=True)
class _Block:
    """A block's line: where it stands, its fields with what they stand for, and what feeds it.

    `passed` are the numbers behind the line of what feeds it past muted blocks, if they are said.
    """

    line: int
    keyword: str
    fields: list[str]
    roles: Sequence[str]
    comment: str
    inputs: list[int]
    passed: Sequence[int | None] | None


@dataclass(slots=True)
class _Draft:
    """A draft's line: where it stands, its data, and the numbers of what feeds it."""

    line: int
    data: Json
    inputs: Sequence[int | None]


def renumbered(text: str, before: str = "") -> str | None:
    """The text with START, END, inputs, order and TotalLayers right; None if that changes nothing.

    `before` is an older text whose numbers were right: lines that still stand as they did there
    mean the blocks they meant then, wherever those stand now. Blocks that name later ones move
    behind them. Drafts, numbered on behind the blocks, keep what feeds them. None also where a
    line cannot be understood, or where blocks feed each other in a circle.
    """
    raw = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    blocks: list[_Block] = []
    totals: list[Line] = []
    kinds = kinds_by_keyword()
    for line in split_lines(text):
        if line.keyword in kinds and not line.meant:
            block = _block(line, kinds[line.keyword])
            if block is None:
                return None
            blocks.append(block)
        elif line.keyword == TOTAL and not line.meant:
            totals.append(line)
        elif line.statement:
            return None
    drafts = _drafts(text)
    _follow(blocks, drafts, before)
    if any(not -1 <= n < len(blocks) for block in blocks for n in block.inputs):
        return None
    placed = in_order([[n for n in block.inputs if n >= 0] for block in blocks])
    if not blocks or len(placed) < len(blocks):
        return None
    number = {-1: -1} | {old: new for new, old in enumerate(placed)}
    n_layers = 0
    slots = [block.line for block in blocks]
    for slot, old in zip(slots, placed, strict=True):
        block = blocks[old]
        n_layers = _count_on(block, n_layers, number)
        statement = "; ".join((block.keyword, *block.fields))
        if block.passed is not None:
            block.comment = relinked_comment(block.comment, _renamed(block.passed, number))
        raw[slot - 1] = f"{statement}  {block.comment}" if block.comment else statement
    for draft in drafts:
        links = _renamed(draft.inputs, number)
        if links != _links_of(draft.data):
            raw[draft.line - 1] = relinked_draft(draft.data, links)
    for line in totals:
        raw[line.number - 1] = f"{TOTAL}; {n_layers}  {line.comment}".rstrip()
    for line in reversed(totals[1:]):
        del raw[line.number - 1]
    if not totals:
        raw.insert(max(slots), f"{TOTAL}; {n_layers}")
    after = "\n".join(raw)
    return None if _plain(after) == _plain(text) else after


def _drafts(text: str) -> list[_Draft]:
    """The drafts in their order; one that makes no sense has a number, but no inputs."""
    kinds = ((line, *own_line(line.comment)) for line in split_lines(text) if not line.statement)
    drafts_data = ((line.number, data or {}) for line, kind, data in kinds if kind == "draft")
    return [_Draft(line, data, _links_of(data)) for line, data in drafts_data]


def _links_of(draft: Json) -> tuple[int | None, ...]:
    """The numbers of what feeds a draft, None for an unlinked input; none where it has no sense."""
    block_and_links = draft_in(draft, "")
    return () if block_and_links is None else block_and_links[1]


def _follow(blocks: list[_Block], drafts: list[_Draft], before: str) -> None:
    """Let the lines that stand as before name the blocks of before by their numbers of now.

    In the place of a block that was taken out stands what led into it.
    """
    kinds = kinds_by_keyword()
    lines = (line for line in split_lines(before) if line.keyword in kinds)
    old_blocks = [_block(line, kinds[line.keyword]) for line in lines]
    before_blocks = [block for block in old_blocks if block is not None]
    if len(before_blocks) < len(old_blocks):
        return
    old, new = (
        [(block.keyword, *block.fields) for block in side] for side in (before_blocks, blocks)
    )
    new_of = dict(pairs_of(old, new))
    for n, block in enumerate(before_blocks):
        if n not in new_of:
            new_of[n] = new_of.get(block.inputs[0], -1)
    new_number: dict[int, int | None] = {-1: -1, **new_of}
    old_drafts = _drafts(before)
    kept = _same_drafts(old_drafts, drafts)
    for n, draft in enumerate(old_drafts, len(old)):
        fed_by = next((k for k in draft.inputs if k is not None), None)
        new_number[n] = None if fed_by is None else new_number.get(fed_by)
        if n - len(old) in kept:
            new_number[n] = len(new) + kept[n - len(old)]
    for n_old, n_new in new_of.items():
        if n_new >= 0 and old[n_old] == new[n_new]:
            block, said = blocks[n_new], before_blocks[n_old].passed
            block.inputs = [new_of.get(n, n) for n in block.inputs]
            if block.passed is not None and block.passed == said:
                block.passed = _renamed(block.passed, new_number)
    for n_new in kept.values():
        drafts[n_new].inputs = _renamed(drafts[n_new].inputs, new_number)


def _same_drafts(old: Sequence[_Draft], new: Sequence[_Draft]) -> dict[int, int]:
    """Which of the old drafts stands where among the new, word for word."""
    kept = {}
    waiting = list(enumerate(new))
    for n_old, draft in enumerate(old):
        for place, (n_new, other) in enumerate(waiting):
            if other.data == draft.data:
                kept[n_old] = n_new
                del waiting[: place + 1]
                break
    return kept


def _renamed(
    numbers: Sequence[int | None], other: Mapping[int, int | None]
) -> tuple[int | None, ...]:
    """The numbers with those replaced for which there is another one."""
    return tuple([None if n is None else other.get(n, n) for n in numbers])


def _block(line: Line, kind: Kind[Any]) -> _Block | None:
    """The line's block; None where its numbers cannot be told."""
    if not kind.takes(len(line.fields)):
        return None
    form = (kind.field(at) for at in range(len(line.fields)))
    roles = ["" if field is None else field.role for field in form]
    numbers = {n: parse_int(line.fields[n]) for n, role in enumerate(roles) if role != "scale"}
    values = {n: number for n, number in numbers.items() if number is not None}
    if len(values) < len(numbers):
        return None
    if "start" in roles and values[roles.index("end")] <= values[roles.index("start")]:
        return None
    inputs = [values[n] for n, role in enumerate(roles) if role == "link"]
    data = parse_object(split_own(line.comment)[1]) or {}
    passed = links_in(data, len(inputs))
    return _Block(
        *(line.number, line.keyword, list(line.fields), roles, line.comment, inputs, passed)
    )


def _count_on(block: _Block, start: int, number: dict[int, int]) -> int:
    """Give the block its numbers; where its plan layers end."""
    end = start
    if "start" in block.roles:
        first, last = block.roles.index("start"), block.roles.index("end")
        end = start + int(block.fields[last]) - int(block.fields[first])
        block.fields[first], block.fields[last] = str(start), str(end)
    links = iter(block.inputs)
    for n, role in enumerate(block.roles):
        if role == "link":
            block.fields[n] = str(number[next(links)])
    return end


def _plain(text: str) -> list[str]:
    return ["".join(line.split()).lower() for line in text.splitlines()]
