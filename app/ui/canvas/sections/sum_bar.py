"""The foot of a block with several inputs: a plus for one more, the sum of its scales, its lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app.ui.canvas.numbers import scale_text
from app.ui.canvas.pens import RIGHT, Pens
from app.ui.canvas.shapes import PAD, Part
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import Theme


class SumFigures(NamedTuple):
    """The sum of the scales, and whether it is kept at 1."""

    total: float
    is_kept: bool


@dataclass(frozen=True)
class SumBar:
    """The lowest line of a block of this width and height."""

    width: float
    height: float
    n_inputs: int
    can_grow: bool

    @property
    def add_input(self) -> QRectF | None:
        """The plus for one more input, None when there can be no more."""
        return QRectF(PAD - 4, self.height - 26, 18, 18) if self.can_grow else None

    @property
    def lock(self) -> QRectF:
        """The lock that keeps the sum at 1."""
        return QRectF(self.width - PAD - 14, self.height - 26, 18, 18)

    @property
    def sum(self) -> QRectF:
        """Where the sum of the scales is written."""
        return QRectF(PAD + 16, self.height - 25, self.width - 2 * PAD - 16 - 18, 16)

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        if self.add_input is not None and self.add_input.adjusted(-2, -2, 2, 2).contains(at):
            return Part("add-input", self.n_inputs)
        return Part("lock") if self.lock.adjusted(-2, -2, 2, 2).contains(at) else None

    def key_parts(self) -> Sequence[Part]:
        return ()

    def area_of(self, part: Part) -> QRectF | None:
        if part.kind == "add-input":
            return self.add_input
        return self.lock if part.kind == "lock" else None

    def paint(
        self,
        painter: QPainter,
        pens: Pens,
        figures: SumFigures,
        _linked: Sequence[bool],
        scale: float,
    ) -> None:
        t = pens.theme
        total = f"sum {scale_text(figures.total)}"
        pens.write(painter, self.sum, total, pens.small, t.quiet, RIGHT, scale)
        _paint_lock(painter, t, self.lock, closed=figures.is_kept)
        if self.add_input is not None:
            _paint_plus(painter, t, self.add_input)


def _paint_lock(painter: QPainter, t: Theme, area: QRectF, *, closed: bool) -> None:
    colour = t.accent if closed else themes.mixed(t.quiet, t.block, 0.35)
    middle = area.center()
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shackle = QRectF(middle.x() - 3, middle.y() - 6, 6, 8)
    if not closed:
        shackle.translate(3, 0)
    painter.drawArc(shackle, 0, 180 * 16)
    side = middle.y() - 2
    for x in (shackle.left(), shackle.right()) if closed else (shackle.left(),):
        painter.drawLine(QLineF(x, side, x, side + 2))
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(middle.x() - 4.5, middle.y(), 9, 6.5), 1.5, 1.5)


def _paint_plus(painter: QPainter, t: Theme, area: QRectF) -> None:
    at = area.center()
    painter.setPen(QPen(t.edge, 1.0))
    painter.setBrush(t.block)
    painter.drawEllipse(at, 7.0, 7.0)
    painter.setPen(QPen(t.quiet, 1.5))
    painter.drawLines([QLineF(at.x() - 3.5, at.y(), at.x() + 3.5, at.y())])
    painter.drawLines([QLineF(at.x(), at.y() - 3.5, at.x(), at.y() + 3.5)])
