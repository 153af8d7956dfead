"""The colour of a change in probability, and the legend that says what it means."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.widgets import theme as themes
from app.ui.widgets.theme import Theme

_FULL = 1.0
"""Ten times (as a power of ten) has the full colour, and what is more too."""
_LABELS = ("10 times less likely", "3", "as likely", "3", "10 times likelier")
_BAR, _GAP = 8, 4


def shade(change: float, theme: Theme) -> QColor:
    """The ground for text of which the probability has changed by this power of ten.

    Orange and blue are told apart by colour-blind eyes; text reads well on both.
    """
    if theme.dark:
        full = QColor("#9c4f00" if change < 0 else "#1b639f")
    else:
        full = QColor("#f0a238" if change < 0 else "#6bbcec")
    return themes.mixed(theme.base, full, min(1.0, abs(change) / _FULL))


class Legend(QWidget):
    """The scale of the colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend")
        self.setAccessibleDescription(
            "Orange: less likely for the other plan, at full colour ten times or more. Blue: "
            "likelier."
        )

    def sizeHint(self) -> QSize:
        return QSize(420, _BAR + _GAP + self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = themes.current()
        painter = QPainter(self)
        width = self.width()
        for x in range(width):
            change = _FULL * (2 * x / max(1, width - 1) - 1)
            painter.fillRect(QRectF(x, 0, 1, _BAR), shade(change, theme))
        painter.setPen(self.palette().color(self.foregroundRole()))
        below = QRectF(0, _BAR + _GAP, width, self.fontMetrics().height())
        for place, words in enumerate(_LABELS):
            share = place / (len(_LABELS) - 1)
            room = painter.boundingRect(below, Qt.AlignmentFlag.AlignLeft, words)
            room.moveLeft(min(max(0.0, share * width - room.width() / 2), width - room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, words)
