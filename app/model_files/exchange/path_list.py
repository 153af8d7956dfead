"""Lists of layers such as `0..14,12,13,14,15..39`: the path of a chain through a model, in and out.

Both ends of a range are included. Weight layers are counted on through several sources, as in
plans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.plan.checks import MAX_PLAN_LAYERS, check_plan
from app.plan.document import LAYER_LIMIT, TOKENS, Plan, WeightBlock
from app.plan.layer_ranges import ends_in, ranges_text
from app.plan.lines import shown
from app.plan.problem import Problem, errors
from app.plan.reader import MAX_PROBLEMS, ReadPlan

_TOKEN = re.compile(r"[^\s,;]+")
_SPACED_RANGE = re.compile(r"(?<![ \t])[ \t]*(\.\.|-)[ \t]*")
_LOOKS_LIKE_ONE = re.compile(r"[\d\s,;.\[\]-]*")
_BEGINS_LIKE_ONE = re.compile(r"[\s\[]*\d+\.\.\d+[\s,;]")


def is_path_list(text: str) -> bool:
    """Whether a text has nothing but numbers and what stands between them, comments apart, or at
    least begins with a range such as 0..14."""
    said = "\n".join(line for _, line in _lines(text))
    if _BEGINS_LIKE_ONE.match(said):
        return True
    return any(c.isdigit() for c in said) and _LOOKS_LIKE_ONE.fullmatch(said) is not None


def read_path_list(
    text: str, sources: tuple[str, ...] = (), n_weight_layers: int | None = None
) -> ReadPlan:
    """The chain of weight blocks that a list stands for, and all that is wrong with it.

    Numbers that follow each other make one block.
    """
    runs: list[tuple[int, int]] = []
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for number, item in _items(text):
        layers = _layers(item)
        if max(len(runs), len(problems)) > MAX_PLAN_LAYERS:
            break
        if layers is None:
            problems.append(_bad_item(number, item))
        elif runs and runs[-1][1] == layers.start:
            runs[-1] = (runs[-1][0], layers.stop)
        else:
            lines[f"b{len(runs)}"] = number
            runs.append((layers.start, layers.stop))
    if problems:
        return ReadPlan(None, tuple(problems[:MAX_PROBLEMS]))
    if len(runs) > MAX_PLAN_LAYERS:
        return ReadPlan(None, (_too_long(),))
    plan = replace(_chain(runs), sources=sources)
    broken = errors(check_plan(plan, n_weight_layers))
    problems += [replace(p, line=lines.get(p.block_id or "")) for p in broken]
    return ReadPlan(None if broken else plan, tuple(problems), lines)


def path_text(layers: Iterable[int]) -> str:
    """The list of weight layers that run one after the other."""
    return ranges_text(layers, "..", ",") + "\n"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines without comments, numbered from 1, and spaces taken out of ranges."""
    for number, line in enumerate(text.splitlines(), 1):
        yield number, _SPACED_RANGE.sub(r"\1", line.partition("#")[0])


def _items(text: str) -> Iterator[tuple[int, str]]:
    for number, line in _lines(text):
        for item in _TOKEN.findall(line):
            bare = item.strip("[]")
            if bare:
                yield number, bare


def _layers(item: str) -> range | None:
    ends = ends_in(item)
    if ends is None:
        return None
    first, last = ends
    return range(first, last + 1) if first <= last < LAYER_LIMIT else None


def _bad_item(line: int, item: str) -> Problem:
    ends = ends_in(item)
    fix = "Write a layer such as 12, or a range such as 0..14."
    if ends is None:
        message = f"{shown(item)} is neither a layer nor a range of layers."
    elif ends[0] > ends[1]:
        message = f"The range {shown(item)} runs backwards."
        fix = "Write its layers one by one, such as 14,13,12."
    else:
        message = f"No model has the layers {shown(item)}."
    return Problem("path-list", message, fix, line=line)


def _too_long() -> Problem:
    return Problem(
        "too-many-layers",
        f"The list is longer than a plan, which has {MAX_PLAN_LAYERS} layers at most.",
        "Use fewer layers.",
    )


def _chain(runs: Sequence[tuple[int, int]]) -> Plan:
    plan, before = Plan(), TOKENS
    for n, (first, end) in enumerate(runs):
        plan = plan.with_blocks(WeightBlock(f"b{n}", first, end - first, before))
        before = f"b{n}"
    return replace(plan, output=before)
