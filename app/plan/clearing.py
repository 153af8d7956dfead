"""How far a group of rectangles has to move, as a whole, to stand clear of the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import ceil
from operator import itemgetter

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a rectangle, in scene units."""

_MOST_PAIRS = 250_000
_Gaps = list[tuple[float, float]]


def way_clear(group: Sequence[Box], others: Sequence[Box], apart: float) -> tuple[float, float]:
    """The shortest way right, left, down or up on which the group comes to stand `apart` from all.

    (0.0, 0.0) where it does so already. Very many rectangles move as the one around them all.
    """
    if len(group) * len(others) > _MOST_PAIRS:
        lefts, tops, rights, bottoms = zip(*group, strict=True)
        group = [(min(lefts), min(tops), max(rights), max(bottoms))]
    down = _covered(group, others, apart)
    right = _covered(_turned(group), _turned(others), apart)
    ways = (
        (0.0, _first_free(down)),
        (_first_free(right), 0.0),
        (0.0, -_first_free(_backwards(down))),
        (-_first_free(_backwards(right)), 0.0),
    )
    return min(ways, key=lambda way: abs(way[0]) + abs(way[1]))


def way_down(box: Box, others: Sequence[Box], apart: float, step: float) -> float:
    """How many steps down, as a length, a rectangle comes to stand `apart` from all others."""
    return _first_free(_covered([box], others, apart), step)


def _covered(group: Sequence[Box], others: Sequence[Box], apart: float) -> _Gaps:
    """The ways down, open at both ends, after which some rectangle stands too near another."""
    by_left = sorted(others)
    lefts = [box[0] for box in by_left]
    widest = max((right - left for left, _, right, _ in others), default=0.0)
    spans = []
    for left, top, right, bottom in group:
        first = bisect_right(lefts, left - apart - widest)
        for other in by_left[first : bisect_left(lefts, right + apart)]:
            if other[2] + apart > left:
                spans.append((other[1] - apart - bottom, other[3] + apart - top))
    return spans


def _first_free(spans: _Gaps, step: float | None = None) -> float:
    """The shortest way forwards that none of these spans holds, in whole steps if one is given."""
    way = 0.0
    for start, end in sorted(spans, key=itemgetter(0)):
        if start < way < end:
            way = end if step is None else ceil(end / step) * step
        elif start >= way:
            break
    return way


def _turned(boxes: Sequence[Box]) -> list[Box]:
    return [(top, left, bottom, right) for left, top, right, bottom in boxes]


def _backwards(spans: _Gaps) -> _Gaps:
    return [(-end, -start) for start, end in spans]
