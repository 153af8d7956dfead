"""Finds the blocks of a plan again in its edited text, so that ids and places outlive the edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType
from typing import NamedTuple

from app.plan.document import TOKENS, Block, Plan
from app.plan.edits import new_ids, remove
from app.plan.kinds import kind_of, links_into, with_links
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles, file_order
from app.plan.text_view import MUTED, muted_line

_MOST_COMPARED = 400
"""Longer stretches of changed lines are matched by order and kind alone."""


class Matched(NamedTuple):
    """A plan read, with the ids of the one before; `ids` are those by what it was read under."""

    plan: Plan
    ids: Mapping[str, str]


def matched(read: Plan, before: Plan) -> Matched:
    """The plan read from the edited text of `before`, with what the text does not say.

    Blocks that correspond to one of `before` have its id, place and state, and are the same object
    where nothing changed. Muted blocks stay where they were, if their lines are still there.
    """
    active = without_muted(before)
    dropped, comments = _without_muted_lines(read.comments, before)
    ids = _ids(read, active, before)
    blocks = {ids[i]: _renamed(block, ids, active) for i, block in read.blocks.items()}
    output = None if read.output is None else ids[read.output]
    plan = replace(
        before,
        blocks=MappingProxyType(blocks),
        output=output,
        sources=read.sources or before.sources,
        marks=MappingProxyType({**before.marks, **read.marks}),
        comments=comments,
    )
    plan = _with_muted(plan, active, remove(before, dropped, heal=True) if dropped else before)
    is_same = plan == before and file_order(without_muted(plan)) == file_order(active)
    return Matched(before if is_same else plan, ids)


def _ids(read: Plan, active: Plan, before: Plan) -> dict[str, str]:
    """The id that each block read shall have."""
    in_file = file_order(active)
    id_set = set(in_file)
    old = [*in_file, *(i for i in active.blocks if i not in id_set)]
    new = list(read.blocks)
    old_looks = [_look(active.blocks[i]) for i in old]
    new_looks = [_look(read.blocks[i]) for i in new]
    ids = {}
    for n_old, n_new in pairs_of(old_looks, new_looks):
        ids[new[n_new]] = old[n_old]
    fresh = new_ids(before)
    return {id_: ids[id_] if id_ in ids else next(fresh) for id_ in new}


def _look(block: Block) -> tuple[object, ...]:
    """What a block is told by, apart from its links, which change with every number."""
    kind = kind_of(block)
    return kind.name, block.title, *kind.content(block)


def pairs_of(
    old: Sequence[tuple[object, ...]], new: Sequence[tuple[object, ...]]
) -> list[tuple[int, int]]:
    """Which of the old stands where among the new: alike at both ends, then the best between.

    Each is told by a tuple, of which the first part is its kind.
    """
    shorter = min(len(old), len(new))
    head = sum(1 for _ in takewhile(bool, (a == b for a, b in zip(old, new, strict=False))))
    ends = zip(reversed(old), reversed(new), strict=False)
    tail = min(sum(1 for _ in takewhile(bool, (a == b for a, b in ends))), shorter - head)
    pairs = [(n, n) for n in range(head)]
    pairs += [(len(old) - n, len(new) - n) for n in range(1, tail + 1)]
    old_between, new_between = range(head, len(old) - tail), range(head, len(new) - tail)
    if max(len(old_between), len(new_between)) > _MOST_COMPARED:
        return pairs + _by_kind(old, new, old_between, new_between)
    import difflib

    matcher = difflib.SequenceMatcher(
        None, [old[n] for n in old_between], [new[n] for n in new_between], autojunk=False
    )
    for same, i, i_end, j, j_end in matcher.get_opcodes():
        olds, news = old_between[i:i_end], new_between[j:j_end]
        if same == "equal":
            pairs += zip(olds, news, strict=True)
    return _with_moved(pairs, old, new, old_between, new_between)


def _with_moved(
    pairs: list[tuple[int, int]],
    old: Sequence[tuple[object, ...]],
    new: Sequence[tuple[object, ...]],
    old_between: range,
    new_between: range,
) -> list[tuple[int, int]]:
    """The pairs, with those that are alike in other places, and then those of one kind."""
    paired_old, paired_new = {a for a, _ in pairs}, {b for _, b in pairs}
    free: dict[tuple[object, ...], list[int]] = {}
    for n in reversed(old_between):
        if n not in paired_old:
            free.setdefault(old[n], []).append(n)
    for n in new_between:
        if n not in paired_new and free.get(new[n]):
            pairs.append((free[new[n]].pop(), n))
            paired_old.add(pairs[-1][0])
            paired_new.add(n)
    olds = [n for n in old_between if n not in paired_old]
    news = [n for n in new_between if n not in paired_new]
    return pairs + _by_kind(old, new, olds, news)


def _by_kind(
    old: Sequence[tuple[object, ...]],
    new: Sequence[tuple[object, ...]],
    olds: Sequence[int],
    news: Sequence[int],
) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for kind in dict.fromkeys(new[n][0] for n in news):
        of_old = [n for n in olds if old[n][0] == kind]
        of_new = [n for n in news if new[n][0] == kind]
        pairs += zip(of_old, of_new, strict=False)
    return pairs


def _renamed(block: Block, ids: dict[str, str], active: Plan) -> Block:
    """The block under its id, with the place and state of the one of `active`."""
    id_ = ids[block.id]
    old = active.blocks.get(id_)
    links = [None if link is None else ids.get(link, link) for link in links_into(block)]
    block = with_links(replace(block, id=id_), links)
    kind = kind_of(block)
    if old is None:
        fresh: Block = kind.as_stated(replace(block, position=None))
        return fresh
    block = replace(block, position=old.position, collapsed=old.collapsed)
    block = kind.with_state_of(block, old)
    return old if block == old else block


def _without_muted_lines(
    comments: Sequence[str], before: Plan
) -> tuple[list[str], tuple[str, ...]]:
    """The muted blocks whose lines are no longer there, and the comments that stand for none.

    A line stands for the block whose words it says; one that was changed for the next left over.
    """
    lines = Counter(c for c in comments if c.startswith(MUTED))
    dropped = []
    for id_, block in before.blocks.items():
        if block.muted and lines[muted_line(block)]:
            lines[muted_line(block)] -= 1
        elif block.muted:
            dropped.append(id_)
    new_lines = list(lines.elements())
    remarks = Counter(new_lines[len(dropped) :])
    rest = []
    for comment in comments:
        if not comment.startswith(MUTED) or remarks[comment]:
            remarks[comment] -= 1
            rest.append(comment)
    return dropped[len(new_lines) :], tuple(rest)


def _with_muted(plan: Plan, active: Plan, before: Plan) -> Plan:
    """The plan with the muted blocks of `before`, wired as they were where the text left it so."""
    silent = {i: b for i, b in before.blocks.items() if b.muted}
    if not silent:
        return plan
    everything = {*plan.blocks, *silent}
    blocks = dict(plan.blocks)
    for id_, block in plan.blocks.items():
        old, heard_old = before.blocks.get(id_), active.blocks.get(id_)
        if old is not None and heard_old is not None and links_into(block) == links_into(heard_old):
            blocks[id_] = with_links(block, links_into(old))
    for id_, block in silent.items():
        links = tuple(k if k in everything or k == TOKENS else None for k in links_into(block))
        blocks[id_] = with_links(block, links)
    output = before.output if plan.output == active.output else plan.output
    whole = replace(plan, blocks=MappingProxyType(blocks), output=output)
    if not blocks_on_cycles(whole) and _is_heard(whole, plan):
        return whole
    loose = {i: with_links(b, (None,) * len(links_into(b))) for i, b in silent.items()}
    return plan.with_blocks(*loose.values())


def _is_heard(whole: Plan, plan: Plan) -> bool:
    """Whether what is heard of the one is the other."""
    active = without_muted(whole)
    return (active.blocks, active.output) == (plan.blocks, plan.output)
