"""The palette in the sidebar: the kinds of block and the templates, to click, drag or search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.canvas import Canvas
from app.ui.canvas.canvas import KIND_MIME
from app.ui.palette.entries import fit
from app.ui.state.block_kinds import BlockKindUi, kind_uis
from app.ui.widgets import icons
from app.ui.widgets import theme as themes

if TYPE_CHECKING:
    from app.plan.templates import Template

_PAD, _ICON, _GAP = 8, 20, 8
_WRAP = int(Qt.TextFlag.TextWordWrap)
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class Palette(QWidget):
    """A card for each kind of block and each template, with a line to search them in.

    A click on a block's card adds one in the middle of what the canvas shows; one on a template
    asks for its numbers.
    """

    def __init__(
        self,
        canvas: Canvas,
        templates: Sequence[Template],
        ask_template: Callable[[Template], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search blocks and templates")
        self.search.setAccessibleName("Search blocks and templates")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._press_first)
        self.blocks = {kind.name: _block_card(kind, canvas) for kind in kind_uis()}
        self.templates = tuple(_template_card(t, partial(ask_template, t)) for t in templates)
        self._start_from = _heading("Start from")
        self.nothing = QLabel()
        self.nothing.setWordWrap(True)
        self.nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.nothing.hide()
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(4)
        for widget in (*self.blocks.values(), self._start_from, *self.templates, self.nothing):
            column.addWidget(widget)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(cards)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 8, 0, 0)
        whole.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addWidget(self.search)
        whole.addLayout(top)
        whole.addWidget(self._scroll)
        self._filter("")

    def sizeHint(self) -> QSize:
        return QSize(240, 260)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go from the search line through the cards, Escape back into it."""
        if event.key() == Qt.Key.Key_Escape:
            self.search.clear()
            self.search.setFocus()
        elif event.key() in _STEPS:
            self._step(_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _shown(self) -> list[Card]:
        return [card for card in (*self.blocks.values(), *self.templates) if not card.isHidden()]

    def _step(self, by: int) -> None:
        cards = self._shown()
        at = next((n for n, card in enumerate(cards) if card.hasFocus()), -1) + by
        if at < 0:
            self.search.setFocus()
        elif at < len(cards):
            cards[at].setFocus()
            self._scroll.ensureWidgetVisible(cards[at])

    def _filter(self, text: str) -> None:
        for card in (*self.blocks.values(), *self.templates):
            card.setVisible(card.fits(text))
        self._start_from.setVisible(any(not card.isHidden() for card in self.templates))
        self.nothing.setVisible(not self._shown())
        self.nothing.setText(f"Nothing matches “{text.strip()}”.")

    def _press_first(self) -> None:
        cards = self._shown()
        if self.search.text().strip() and cards:
            cards[0].click()


class Card(QAbstractButton):
    """A button with an icon, a name and a sentence."""

    def __init__(
        self, name: str, sentence: str, icon_name: str, also: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self._sentence = sentence
        self._icon_name = icon_name
        self._also = also
        self.setText(name)
        self.setAccessibleDescription(sentence)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def fits(self, text: str) -> bool:
        """Whether the card is meant by what is typed."""
        return any(fit(text, name) is not None for name in (self.text(), *self._also))

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
        end = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(self.text(), end, name.width())
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), words)
        painter.setFont(self.font())
        painter.setPen(theme.quiet)
        painter.drawText(self._sentence_box(self.width()), _WRAP, self._sentence)

    @property
    def _left(self) -> int:
        return _PAD + _ICON + _GAP

    def _sentence_box(self, width: int) -> QRect:
        metrics = self.fontMetrics()
        top = _PAD + metrics.height() + 4
        room = QRect(self._left, top, max(60, width - self._left - _PAD), 10_000)
        return metrics.boundingRect(room, _WRAP, self._sentence)


class BlockCard(Card):
    """The card of a kind of block, that can also be dragged onto the canvas."""

    def __init__(self, kind: BlockKindUi) -> None:
        super().__init__(kind.title, kind.sentence, kind.icon, kind.search_words)
        self._kind_name = kind.name
        self._pressed_at = QPoint()
        self.setAccessibleName(f"Add {kind.title.lower()}")
        self.setToolTip("Click to add it, or drag it onto the canvas")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        distance = (event.position() - QPointF(self._pressed_at)).manhattanLength()
        if (
            event.buttons() & Qt.MouseButton.LeftButton
            and distance >= QApplication.startDragDistance()
        ):
            self.setDown(False)
            drag = QDrag(self)
            data = QMimeData()
            data.setData(KIND_MIME, self._kind_name.encode())
            drag.setMimeData(data)
            drag.setPixmap(self.grab())
            drag.setHotSpot(self._pressed_at)
            drag.exec(Qt.DropAction.CopyAction)
        else:
            super().mouseMoveEvent(event)


def _block_card(kind: BlockKindUi, canvas: Canvas) -> BlockCard:
    card = BlockCard(kind)
    card.clicked.connect(lambda _checked=False: canvas.add_block(kind.name))
    return card


def _template_card(template: Template, ask: Callable[[], object]) -> Card:
    card = Card(template.title, template.sentence, "template", ("template",))
    card.setAccessibleName(f"Start from {template.title}")
    card.clicked.connect(lambda _checked=False: ask())
    return card


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setContentsMargins(0, 8, 0, 0)
    return label
