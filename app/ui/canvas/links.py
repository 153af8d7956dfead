"""A link as the canvas draws and hits it: a smooth curve from an output port to an input port."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

LinkKey = tuple[str, int]
"""A link is known by the port it runs into: the block's id and the port's index."""

_HIT_STEPS = 24


@dataclass(frozen=True)
class Link:
    """A drawn link. `scale` is the merge's scale at its end, None where nothing scales it.

    `ends` are the coordinates of start and end, `box` left, top, right and bottom of all painted.
    """

    key: LinkKey
    source: str
    scale: float | None
    path: QPainterPath
    line: QLineF
    bounds: QRectF
    ends: tuple[float, float, float, float]
    box: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        """The pen's width in scene pixels: thicker where more comes through."""
        return 2.0 if self.scale is None else 1.0 + 3.0 * min(abs(self.scale), 2.0)

    def distance_to(self, at: QPointF) -> float:
        """How far a point is from the curve, in scene pixels."""
        best = float("inf")
        last = self.path.pointAtPercent(0)
        for step in range(1, _HIT_STEPS + 1):
            here = self.path.pointAtPercent(step / _HIT_STEPS)
            best = min(best, _distance_to_segment(at, last, here))
            last = here
        return best

    def is_crossed_by(self, line: QLineF) -> bool:
        """Whether a straight line crosses the curve."""
        points = [self.path.pointAtPercent(step / _HIT_STEPS) for step in range(_HIT_STEPS + 1)]
        bounded = QLineF.IntersectionType.BoundedIntersection
        return any(line.intersects(QLineF(a, b))[0] == bounded for a, b in pairwise(points))

    def nearer_end_is_target(self, at: QPointF) -> bool:
        """Whether a point is nearer to where the link arrives than to where it leaves."""
        return QLineF(at, self.line.p2()).length() <= QLineF(at, self.line.p1()).length()


def make_link(
    key: LinkKey, source: str, scale: float | None, ends: tuple[float, float, float, float]
) -> Link:
    """The link between two ports; `ends` are the start's and the end's scene coordinates."""
    start, end = QPointF(*ends[:2]), QPointF(*ends[2:])
    path = curve(start, end)
    bounds = path.controlPointRect().adjusted(-5, -5, 5, 5)
    box = (bounds.left(), bounds.top(), bounds.right(), bounds.bottom())
    return Link(key, source, scale, path, QLineF(start, end), bounds, ends, box)


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """A curve that leaves to the right and arrives from the left."""
    dx = end.x() - start.x()
    if dx < 0:
        reach = min(24.0 - dx / 2, 160.0)
    else:  # straight where the ports are level, rounder the more they are not
        reach = min(dx / 2 + min(24.0, abs(end.y() - start.y()) / 2), 240.0)
    path = QPainterPath(start)
    path.cubicTo(QPointF(start.x() + reach, start.y()), QPointF(end.x() - reach, end.y()), end)
    return path


def _distance_to_segment(at: QPointF, a: QPointF, b: QPointF) -> float:
    dx, dy = b.x() - a.x(), b.y() - a.y()
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((at.x() - a.x()) * dx + (at.y() - a.y()) * dy) / length
    along = min(1.0, max(0.0, along))
    return QLineF(at, QPointF(a.x() + along * dx, a.y() + along * dy)).length()
