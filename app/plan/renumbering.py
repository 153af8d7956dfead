"""Puts the numbers of an edited layerBlocks text right, line by line, comments kept."""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.plan.extra_data import (
    Json,
    links_in,
    links_of_draft,
    own_line,
    parse_object,
    relinked_comment,
    relinked_draft,
    split_own,
)
from app.plan.lines import Line, parse_int, split_lines
from app.plan.text_match import pairs_of

_BLOCKS = ("WeightBlock", "MergeBlock")


@dataclass(slots=True)
class _Block:
    """A block's line: where it stands, its fields, and the numbers of what feeds it.

    `passed` are the numbers behind the line of what feeds it past muted blocks, if they are said.
    """

    line: int
    keyword: str
    fields: list[str]
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
    for line in split_lines(text):
        if line.keyword in _BLOCKS and not line.meant:
            block = _block(line)
            if block is None:
                return None
            blocks.append(block)
        elif line.keyword == "TotalLayers" and not line.meant:
            totals.append(line)
        elif line.statement:
            return None
    drafts = _drafts(text)
    _follow(blocks, drafts, before)
    placed = _in_order(blocks)
    if not blocks or placed is None:
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
        if links != links_of_draft(draft.data):
            raw[draft.line - 1] = relinked_draft(draft.data, links)
    for line in totals:
        raw[line.number - 1] = f"TotalLayers; {n_layers}  {line.comment}".rstrip()
    for line in reversed(totals[1:]):
        del raw[line.number - 1]
    if not totals:
        raw.insert(max(slots), f"TotalLayers; {n_layers}")
    after = "\n".join(raw)
    return None if _plain(after) == _plain(text) else after


def _drafts(text: str) -> list[_Draft]:
    """The drafts in their order; one that makes no sense has a number, but no inputs."""
    kinds = ((line, *own_line(line.comment)) for line in split_lines(text) if not line.statement)
    found = ((line.number, data or {}) for line, kind, data in kinds if kind == "draft")
    return [_Draft(line, data, links_of_draft(data)) for line, data in found]


def _follow(blocks: list[_Block], drafts: list[_Draft], before: str) -> None:
    """Let the lines that stand as before name the blocks of before by their numbers of now.

    In the place of a block that was taken out stands what led into it.
    """
    known = [_block(line) for line in split_lines(before) if line.keyword in _BLOCKS]
    before_blocks = [block for block in known if block is not None]
    if len(before_blocks) < len(known):
        return
    old, new = (
        [(block.keyword, *block.fields) for block in side] for side in (before_blocks, blocks)
    )
    moved = dict(pairs_of(old, new))
    for n, block in enumerate(before_blocks):
        if n not in moved:
            moved[n] = moved.get(block.inputs[0], -1)
    meant: dict[int, int | None] = {-1: -1, **moved}
    old_drafts = _drafts(before)
    kept = _same_drafts(old_drafts, drafts)
    for n, draft in enumerate(old_drafts, len(old)):
        fed_by = next((k for k in draft.inputs if k is not None), None)
        meant[n] = None if fed_by is None else meant.get(fed_by)
        if n - len(old) in kept:
            meant[n] = len(new) + kept[n - len(old)]
    for n_old, n_new in moved.items():
        if n_new >= 0 and old[n_old] == new[n_new]:
            block, said = blocks[n_new], before_blocks[n_old].passed
            block.inputs = [moved.get(n, n) for n in block.inputs]
            if block.passed is not None and block.passed == said:
                block.passed = _renamed(block.passed, meant)
    for n_new in kept.values():
        drafts[n_new].inputs = _renamed(drafts[n_new].inputs, meant)


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


def _block(line: Line) -> _Block | None:
    fields = list(line.fields)
    named = fields[3:] if line.keyword == "WeightBlock" else fields[::2]
    inputs = [parse_int(field) for field in named]
    if line.keyword == "WeightBlock":
        numbers = [parse_int(field) for field in fields]
        if len(fields) != 4 or None in numbers or int(fields[1]) <= int(fields[0]):
            return None
    elif len(fields) < 4 or len(fields) % 2:
        return None
    known = [n for n in inputs if n is not None]
    if len(known) < len(inputs):
        return None
    data = parse_object(split_own(line.comment)[1]) or {}
    passed = links_in(data, len(known))
    return _Block(line.number, line.keyword, fields, line.comment, known, passed)


def _in_order(blocks: list[_Block]) -> list[int] | None:
    """The blocks with each behind those that feed it, else as they stand; None for a circle."""
    if any(not -1 <= n < len(blocks) for block in blocks for n in block.inputs):
        return None
    users: dict[int, list[int]] = {}
    waiting = []
    for n, block in enumerate(blocks):
        sources = [k for k in block.inputs if k >= 0]
        waiting.append(len(sources))
        for source in sources:
            users.setdefault(source, []).append(n)
    ready = [n for n, n_sources in enumerate(waiting) if n_sources == 0]
    placed: list[int] = []
    while ready:
        placed.append(heapq.heappop(ready))
        for user in users.get(placed[-1], ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                heapq.heappush(ready, user)
    return placed if len(placed) == len(blocks) else None


def _count_on(block: _Block, start: int, number: dict[int, int]) -> int:
    """Give the block its numbers; where its plan layers end."""
    renamed = [str(number[n]) for n in block.inputs]
    if block.keyword == "MergeBlock":
        block.fields[::2] = renamed
        return start
    end = start + int(block.fields[1]) - int(block.fields[0])
    block.fields = [str(start), str(end), block.fields[2], *renamed]
    return end


def _plain(text: str) -> list[str]:
    return ["".join(line.split()).lower() for line in text.splitlines()]
