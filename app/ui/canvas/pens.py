"""What blocks are drawn with: the colours of a theme, the canvas's fonts, and how words fit in."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter

from app.ui.widgets import theme as themes
from app.ui.widgets.theme import NORMAL, SMALL, TITLE, Theme

LEAST_TEXT_PIXELS = 5.5
"""Words that would be smaller than this on the screen are drawn as bars."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


class Pens:
    """A theme, with the fonts that the system has now."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.title = themes.canvas_font(TITLE, strong=True)
        self.normal = themes.canvas_font(NORMAL)
        self.small = themes.canvas_font(SMALL)
        self.badge = themes.canvas_font(NORMAL, strong=True)
        self._metrics = {id(f): QFontMetricsF(f) for f in (self.title, self.normal, self.small)}

    def write(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        font: QFont,
        colour: QColor,
        align: Qt.AlignmentFlag,
        scale: float,
    ) -> float:
        """Write a line, cut with an ellipsis where it does not fit. Returns its width."""
        metrics = self._metrics[id(font)]
        width = metrics.horizontalAdvance(text)
        if width > area.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            width = area.width()
        if font.pixelSize() * scale >= LEAST_TEXT_PIXELS:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(area, align, text)
        else:
            bar = QRectF(area.left(), area.center().y() - 2, width, 4)
            if align & Qt.AlignmentFlag.AlignRight:
                bar.moveRight(area.right())
            elif align & Qt.AlignmentFlag.AlignHCenter:
                bar.moveCenter(area.center())
            painter.fillRect(bar, QBrush(themes.mixed(colour, self.theme.block, 0.75)))
        return width
