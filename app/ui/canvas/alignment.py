"""Blocks in line with each other: aligned, spread evenly, or drawn to each other's lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.plan.clearing import Box
from app.plan.layout import Places

Side = Literal["left", "centre", "right", "top", "middle", "bottom"]
Axis = Literal["across", "down"]


def aligned(boxes: Mapping[str, Box], side: Side) -> Places:
    """The top left corner of each box when all share a side, or the middle of them all."""
    left = min(box[0] for box in boxes.values())
    top = min(box[1] for box in boxes.values())
    right = max(box[2] for box in boxes.values())
    bottom = max(box[3] for box in boxes.values())
    place: dict[Side, Callable[[Box], tuple[float, float]]] = {
        "left": lambda box: (left, box[1]),
        "centre": lambda box: ((left + right - (box[2] - box[0])) / 2, box[1]),
        "right": lambda box: (right - (box[2] - box[0]), box[1]),
        "top": lambda box: (box[0], top),
        "middle": lambda box: (box[0], (top + bottom - (box[3] - box[1])) / 2),
        "bottom": lambda box: (box[0], bottom - (box[3] - box[1])),
    }
    return {id_: place[side](box) for id_, box in boxes.items()}


def distributed(boxes: Mapping[str, Box], axis: Axis) -> Places:
    """The top left corners when the gaps between the boxes are equal; the outermost two stay."""
    low = 0 if axis == "across" else 1
    ids = sorted(boxes, key=lambda id_: (boxes[id_][low] + boxes[id_][low + 2], boxes[id_]))
    sizes = [boxes[id_][low + 2] - boxes[id_][low] for id_ in ids]
    start, end = boxes[ids[0]][low], boxes[ids[-1]][low + 2]
    gap = (end - start - sum(sizes)) / max(1, len(ids) - 1)
    places: Places = {}
    for id_, size in zip(ids, sizes, strict=True):
        box = boxes[id_]
        places[id_] = (start, box[1]) if axis == "across" else (box[0], start)
        start += size + gap
    return places


@dataclass(frozen=True, slots=True)
class Aligning:
    """What a box is drawn to others by: its box and the heights of its ports."""

    box: Box
    port_ys: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """How far a box is drawn, on each axis None where nothing draws it, and the lines to show."""

    dx: float | None
    dy: float | None
    lines: tuple[Box, ...]


class Guides:
    """The lines along which the things that stand still draw one that is dragged.

    Edges draw edges, middles draw middles, and ports draw ports.
    """

    def __init__(self, neighbours: Iterable[Aligning]) -> None:
        things = list(neighbours)
        self._across = [_sorted_lines(things, axis=0, kind=kind) for kind in range(2)]
        self._down = [_sorted_lines(things, axis=1, kind=kind) for kind in range(3)]

    def draw(self, thing: Aligning, reach: float) -> Drawn:
        """What lies within `reach` of the dragged thing's own lines."""
        left, top, right, bottom = thing.box
        dx, x_line = _nearest(self._across, _lines_of(thing, 0), reach)
        dy, y_line = _nearest(self._down, _lines_of(thing, 1), reach)
        lines: list[Box] = []
        if x_line is not None:
            x, low, high = x_line
            lines.append((x, min(low, top + (dy or 0.0)), x, max(high, bottom + (dy or 0.0))))
        if y_line is not None:
            y, low, high = y_line
            lines.append((min(low, left + (dx or 0.0)), y, max(high, right + (dx or 0.0)), y))
        return Drawn(dx, dy, tuple(lines))


Line = tuple[float, float, float]
"""Where a line lies on one axis, and from where to where it reaches on the other."""


def _lines_of(thing: Aligning, axis: int) -> tuple[tuple[float, ...], ...]:
    """The places of a thing's edges, middle and ports on an axis."""
    low, high = thing.box[axis], thing.box[axis + 2]
    ports = thing.port_ys if axis == 1 else ()
    return (low, high), ((low + high) / 2,), ports


def _sorted_lines(things: Sequence[Aligning], axis: int, kind: int) -> list[Line]:
    other = 1 - axis
    return sorted(
        (at, thing.box[other], thing.box[other + 2])
        for thing in things
        for at in _lines_of(thing, axis)[kind]
    )


def _nearest(
    neighbours: Sequence[Sequence[Line]], thing: Sequence[Sequence[float]], reach: float
) -> tuple[float | None, Line | None]:
    """The shortest way from one of the dragged lines to one of the same kind, if within reach."""
    best: tuple[float, float, Line] | None = None
    for lines, places in zip(neighbours, thing, strict=False):
        for at in places:
            n = bisect_left(lines, (at, float("-inf"), float("-inf")))
            for line in lines[max(0, n - 1) : n + 1]:
                way = line[0] - at
                if abs(way) <= reach and (best is None or abs(way) < best[0]):
                    best = abs(way), way, line
    return (None, None) if best is None else best[1:]
