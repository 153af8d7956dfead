"""Upright faders side by side, each with its scale as a number above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from app.ui.canvas.numbers import scale_text
from app.ui.canvas.pens import CENTRE, Pens
from app.ui.canvas.shapes import Part
from app.ui.widgets.theme import Theme

COLUMN = 44.0
"""The width that each fader takes."""


class FaderFigures(NamedTuple):
    """What faders show. `sources` gives each one's colour, None for a neutral one."""

    scales: tuple[float, ...]
    sources: tuple[int | None, ...]


@dataclass(frozen=True)
class FadersSection:
    """`n_faders` from `left` on. `ports` are the inputs they scale, to each of which a way leads.

    Without ports they scale something else, and no ways are drawn.
    """

    left: float
    n_faders: int
    ports: tuple[QPointF, ...] = ()
    top: float = 32.0

    @property
    def bottom(self) -> float:
        """Where the tracks end."""
        return self.top + 84

    def number(self, index: int) -> QRectF:
        """Where a scale is written."""
        return QRectF(self.left + index * COLUMN, self.top, COLUMN, 16)

    def track(self, index: int) -> QRectF:
        """The groove of a fader."""
        return QRectF(self.left + index * COLUMN + COLUMN / 2 - 2, self.top + 20, 4, 64)

    def column_at(self, x: float) -> int | None:
        """The fader that stands at this x, None beside them all."""
        index = int((x - self.left) // COLUMN)
        return index if 0 <= index < self.n_faders else None

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        for index in range(self.n_faders):
            if self.number(index).contains(at):
                return Part("number", index)
            if self.track(index).adjusted(-12, -6, 12, 6).contains(at):
                return Part("fader", index)
        return None

    def key_parts(self) -> Sequence[Part]:
        return [Part("fader", i) for i in range(self.n_faders)]

    def area_of(self, part: Part) -> QRectF | None:
        if part.kind == "number":
            return self.number(part.index)
        if part.kind == "fader":
            return self.number(part.index) | self.track(part.index).adjusted(0, 0, 0, 6)
        return None

    def paint(
        self,
        painter: QPainter,
        pens: Pens,
        figures: FaderFigures,
        linked: Sequence[bool],
        scale: float,
    ) -> None:
        t = pens.theme
        for index, port in enumerate(self.ports):
            _paint_way(painter, t, port, self.track(index), linked[index])
        for index, (value, source) in enumerate(zip(*figures, strict=True)):
            colour = t.link if source is None else t.source(source)
            _paint_fader(painter, t, self.track(index), value, colour)
            box = self.number(index).adjusted(-3, 0, 3, 0)
            pens.write(painter, box, scale_text(value), pens.normal, t.text, CENTRE, scale)


def fader_range(scale: float) -> tuple[float, float]:
    """The values at the foot and the head of a fader that shows this scale."""
    return min(0.0, float(-ceil(-scale))), max(1.0, float(ceil(scale)))


def _paint_fader(painter: QPainter, t: Theme, track: QRectF, value: float, colour: QColor) -> None:
    low, high = fader_range(value)
    foot, head = track.bottom(), track.top()

    def y_of(scale: float) -> float:
        return foot + (head - foot) * (scale - low) / (high - low)

    zero, y = y_of(0.0), y_of(value)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(t.well)
    painter.drawRoundedRect(track, 2, 2)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(track.left(), min(y, zero), track.width(), abs(y - zero)), 2, 2)
    if low < 0:
        painter.setPen(QPen(t.quiet, 1.0))
        painter.drawLine(QLineF(track.left() - 4, zero, track.right() + 4, zero))
    painter.setPen(QPen(t.quiet, 1.0))
    painter.setBrush(t.block)
    knob = QRectF(track.center().x() - 10, round(y) - 4, 20, 8)
    painter.drawRoundedRect(knob.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.drawLine(
        QLineF(knob.left() + 5, knob.center().y(), knob.right() - 5, knob.center().y())
    )


def _paint_way(painter: QPainter, t: Theme, port: QPointF, track: QRectF, is_linked: bool) -> None:
    """The way from an input port to its fader's foot."""
    x = track.center().x()
    way = QPainterPath(port)
    way.lineTo(x - 6, port.y())
    way.quadTo(x, port.y(), x, port.y() - 6)
    way.lineTo(x, track.bottom())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(t.link if is_linked else t.edge, 1.0))
    painter.drawPath(way)
