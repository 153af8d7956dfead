"""What lies over the canvas while it shows an older plan than the text says."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui.widgets import theme as themes

WORDS = "The text does not parse yet. This is the last plan that did."
_PAD = 8


class StaleVeil(QWidget):
    """Greys its parent and says why; the mouse goes through it. Hidden at first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(WORDS)
        parent.installEventFilter(self)
        self.hide()

    def set_stale(self, stale: bool) -> None:
        """Cover the parent, or uncover it."""
        parent = self.parentWidget()
        if stale and parent is not None:
            self.setGeometry(parent.rect())
            self.raise_()
        self.setVisible(stale)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = themes.current()
        grey = QColor(theme.canvas)
        grey.setAlphaF(0.6)
        painter = QPainter(self)
        painter.fillRect(self.rect(), grey)
        font = themes.canvas_font(themes.NORMAL)
        metrics = QFontMetrics(font)
        width, height = metrics.horizontalAdvance(WORDS) + 4 * _PAD, metrics.height() + 2 * _PAD
        box = QRectF((self.width() - width) / 2, 3 * _PAD, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.note)
        painter.setBrush(theme.raised)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(theme.text)
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, WORDS)
