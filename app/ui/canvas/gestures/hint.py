"""Words beside the pointer while something is dragged: what it becomes, or why it may not be."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.ui.canvas.surface import GestureSurface
from app.ui.widgets import theme as themes

_MOST_WIDTH = 300.0


class Hint:
    """A small box of words at the pointer, kept inside the canvas."""

    def __init__(self, canvas: GestureSurface) -> None:
        self._canvas = canvas
        self._words = ""
        self._colour = QColor()
        self._box = QRectF()

    def say(self, words: str | None, at: QPointF, *, refused: bool = False) -> None:
        """Show these words at a point of the viewport, or none."""
        theme = self._canvas.theme
        before = self._box
        self._words = words or ""
        self._colour = theme.error if refused else theme.edge
        self._box = self._box_at(at) if self._words else QRectF()
        for box in (before, self._box):
            self._canvas.viewport().update(box.toAlignedRect().adjusted(-1, -1, 1, 1))

    def paint(self, painter: QPainter) -> None:
        """Draw it on top of the canvas."""
        if not self._words:
            return
        theme = self._canvas.theme
        painter.save()
        painter.resetTransform()
        painter.setPen(QPen(self._colour, 1.0))
        painter.setBrush(theme.block)
        painter.drawRoundedRect(self._box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(themes.canvas_font(themes.NORMAL))
        painter.setPen(theme.text)
        flags = int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self._box.adjusted(12, 8, -12, -8), flags, self._words)
        painter.restore()

    def _box_at(self, at: QPointF) -> QRectF:
        viewport = self._canvas.viewport()
        metrics = QFontMetricsF(themes.canvas_font(themes.NORMAL))
        room = QRectF(0, 0, min(_MOST_WIDTH, viewport.width() - 32.0), 400)
        words = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._words)
        box = QRectF(0, 0, words.width() + 25, words.height() + 16)
        box.moveTopLeft(at + QPointF(16, 16))
        box.moveRight(min(box.right(), viewport.width() - 8.0))
        box.moveBottom(min(box.bottom(), viewport.height() - 8.0))
        return box
