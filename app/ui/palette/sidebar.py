"""The palette: the two kinds of block, to add by a click or to drag onto the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QDrag, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QVBoxLayout, QWidget

from app.ui import icons
from app.ui import theme as themes
from app.ui.canvas import Canvas
from app.ui.canvas.canvas import KIND_MIME
from app.ui.canvas.new_blocks import Kind

_PAD, _ICON, _GAP = 12, 20, 12
_WRAP = int(Qt.TextFlag.TextWordWrap)


class Palette(QWidget):
    """A card for each kind of block; a click adds one in the middle of what the canvas shows."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weight = BlockCard(
            "weight",
            "Weight block",
            "Runs a range of the model's layers, one after the other.",
            "weight-block",
        )
        self.merge = BlockCard(
            "merge",
            "Merge block",
            "Adds up what several blocks put out, each by a scale of its own.",
            "merge-block",
        )
        self.weight.clicked.connect(lambda _checked=False: canvas.add_block("weight"))
        self.merge.clicked.connect(lambda _checked=False: canvas.add_block("merge"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.weight)
        column.addWidget(self.merge)
        column.addStretch(1)


class BlockCard(QAbstractButton):
    """A button with an icon, a name and a sentence, that can also be dragged."""

    def __init__(self, kind: Kind, name: str, sentence: str, icon_name: str) -> None:
        super().__init__()
        self._kind = kind
        self._sentence = sentence
        self._icon_name = icon_name
        self._pressed_at = QPoint()
        self.setText(name)
        self.setAccessibleName(f"Add {name.lower()}")
        self.setAccessibleDescription(sentence)
        self.setToolTip("Click to add it, or drag it onto the canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(220))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._sentence_box(width).bottom() + _PAD

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_focus = self.hasFocus()
        edge = theme.accent if self.underMouse() or is_focus else theme.edge
        painter.setPen(QPen(edge, 2.0 if is_focus else 1.0))
        painter.setBrush(theme.well if self.isDown() else theme.block)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        metrics = self.fontMetrics()
        icon = QRectF(_PAD, _PAD + (metrics.height() - _ICON) / 2, _ICON, _ICON)
        icons.paint(painter, icon, self._icon_name, theme.text)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.text)
        name = QRect(self._left, _PAD, self.width() - self._left - _PAD, metrics.height())
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), self.text())
        painter.setFont(self.font())
        painter.setPen(theme.quiet)
        painter.drawText(self._sentence_box(self.width()), _WRAP, self._sentence)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved = (event.position() - QPointF(self._pressed_at)).manhattanLength()
        if (
            event.buttons() & Qt.MouseButton.LeftButton
            and moved >= QApplication.startDragDistance()
        ):
            self.setDown(False)
            drag = QDrag(self)
            data = QMimeData()
            data.setData(KIND_MIME, self._kind.encode())
            drag.setMimeData(data)
            drag.setPixmap(self.grab())
            drag.setHotSpot(self._pressed_at)
            drag.exec(Qt.DropAction.CopyAction)
        else:
            super().mouseMoveEvent(event)

    @property
    def _left(self) -> int:
        return _PAD + _ICON + _GAP

    def _sentence_box(self, width: int) -> QRect:
        metrics = self.fontMetrics()
        top = _PAD + metrics.height() + 4
        room = QRect(self._left, top, max(60, width - self._left - _PAD), 10_000)
        return metrics.boundingRect(room, _WRAP, self._sentence)
