"""A reply token by token, each on the colour of its change in probability."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLine,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from app.engine.measuring.results import PredictedToken
from app.ui.tools.other_plan.shades import shade
from app.ui.tools.other_plan.spans import Span, laid_out, spans_of
from app.ui.widgets import theme as themes

_Key = Qt.Key
_LINE_PERCENT = 135
_ON_CHARACTER = QTextLine.CursorPosition.CursorOnCharacter


def differs(token: PredictedToken) -> bool:
    """Whether the plans found different tokens likeliest."""
    return token.by_plan.top[0].token != token.by_other.top[0].token


def change(token: PredictedToken) -> float:
    """How much likelier the token is to the other plan, as a power of ten."""
    return _power(token.by_other.probability) - _power(token.by_plan.probability)


class ReplyView(QTextEdit):
    """Arrow keys go from token to token, with Ctrl to where the plans differ."""

    looked_at = Signal(int)
    """The number of the token under the pointer; without one, of the current token."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Reply, token by token")
        self.setReadOnly(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTabChangesFocus(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        self.document().setDocumentMargin(8)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.setFont(font)
        self._tokens: Sequence[PredictedToken] = ()
        self._spans: list[Span] = []
        self._starts: list[int] = []
        """Where each span begins in the document; at the end, where the last one ends."""
        self.current = 0

    def show_text(self, text: str) -> None:
        """A reply of which nothing is known yet."""
        self._tokens, self._spans, self._starts = (), [], []
        self.setPlainText(text)

    def show_tokens(self, tokens: Sequence[PredictedToken]) -> None:
        """The reply as both plans predicted it; the first token where they differ is current."""
        self._tokens = tokens
        self._spans = list(spans_of([token.piece for token in tokens]))
        self._write()
        self.go_to(next((n for n, token in enumerate(tokens) if differs(token)), 0))

    def go_to(self, token: int) -> None:
        """Make a token the current one, and show it."""
        self.current = token
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._starts[self._span_of(token)])
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self.viewport().update()
        self.looked_at.emit(token)

    def neighbour_that_differs(self, step: int) -> int | None:
        """The nearest token after (1) or before (-1) the current one where the plans differ."""
        end = len(self._tokens) if step > 0 else -1
        places = range(self.current + step, end, step)
        return next((n for n in places if differs(self._tokens[n])), None)

    def whole(self, token: int) -> str:
        """The text that a token makes together with others, '' where it stands alone."""
        span = self._spans[self._span_of(token)]
        return span.text if span.end - span.first > 1 else ""

    def describe(self, words: str) -> None:
        """Tell screen readers of the current token."""
        self.setAccessibleDescription(words)
        if self.hasFocus() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        to = self._reached(event) if self._tokens else None
        if to is None:
            super().keyPressEvent(event)
        else:
            self.go_to(to)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        token = self._token_at(event.position().toPoint())
        if token is not None:
            self.go_to(token)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        token = self._token_at(event.position().toPoint())
        if self._tokens:
            self.looked_at.emit(self.current if token is None else token)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._tokens:
            self.looked_at.emit(self.current)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._tokens:
            self._write()
            self.go_to(self.current)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._tokens:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(themes.current().text, 1.5))
        painter.translate(-self._scrolled())
        for place in self._places(self._span_of(self.current)):
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _write(self) -> None:
        theme = themes.current()
        self._starts = []
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        lines = cursor.blockFormat()
        lines.setLineHeight(
            _LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        cursor.setBlockFormat(lines)
        for span in self._spans:
            tokens = self._tokens[span.first : span.end]
            form = QTextCharFormat()
            form.setForeground(theme.text)
            form.setBackground(shade(sum(map(change, tokens)), theme))
            form.setFontUnderline(any(map(differs, tokens)))
            self._starts.append(cursor.position())
            cursor.insertText(laid_out(span.text), form)
        self._starts.append(cursor.position())
        cursor.endEditBlock()

    def _reached(self, event: QKeyEvent) -> int | None:
        """Where a key leads from the current token; None for keys that lead nowhere."""
        steps = {_Key.Key_Left: -1, _Key.Key_Right: 1}
        key, last = _Key(event.key()), len(self._tokens) - 1
        if key in steps and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            found = self.neighbour_that_differs(steps[key])
            return self.current if found is None else found
        if key in steps:
            return min(max(self.current + steps[key], 0), last)
        if key in (_Key.Key_Up, _Key.Key_Down):
            return self._beside(-1 if key == _Key.Key_Up else 1)
        return {_Key.Key_Home: 0, _Key.Key_End: last}.get(key)

    def _beside(self, step: int) -> int:
        """The token in the line above (-1) or below (1) the current one."""
        at = self._starts[self._span_of(self.current)]
        block = self.document().findBlock(at)
        line = block.layout().lineForTextPosition(at - block.position())
        x = _x(line, at - block.position())
        number = line.lineNumber() + step
        if not 0 <= number < block.layout().lineCount():
            block = block.next() if step > 0 else block.previous()
            if not block.isValid():
                return self.current
            number = 0 if step > 0 else block.layout().lineCount() - 1
        line = block.layout().lineAt(number)
        return self._token_from(block.position() + line.xToCursor(x, _ON_CHARACTER))

    def _token_at(self, point: QPoint) -> int | None:
        """The first token of what is under a point of the viewport."""
        if not self._tokens:
            return None
        place = QPointF(point) + self._scrolled()
        near = self.document().documentLayout().hitTest(place, Qt.HitTestAccuracy.FuzzyHit)
        block = self.document().findBlock(near)
        inside = place - block.layout().position()
        for number in range(block.layout().lineCount()):
            line = block.layout().lineAt(number)
            if inside.y() < line.rect().bottom():  # what is between two lines belongs to the next
                if not 0 <= inside.x() < line.naturalTextWidth():
                    return None
                return self._token_from(
                    block.position() + line.xToCursor(inside.x(), _ON_CHARACTER)
                )
        return None

    def _token_from(self, position: int) -> int:
        span = bisect_right(self._starts, position, hi=len(self._spans)) - 1
        return self._spans[max(0, span)].first

    def _span_of(self, token: int) -> int:
        return bisect_right(self._spans, token, key=lambda span: span.first) - 1

    def _places(self, span: int) -> Iterator[QRectF]:
        """Where a span stands in the document, a rectangle a line."""
        start, end = self._starts[span], self._starts[span + 1]
        block = self.document().findBlock(start)
        while block.isValid() and block.position() < max(end, start + 1):
            layout = block.layout()
            for number in range(layout.lineCount()):
                line = layout.lineAt(number)
                first = block.position() + line.textStart()
                left, right = max(start, first), min(end, first + line.textLength())
                if left < right:
                    place = line.rect().translated(layout.position())
                    place.setLeft(layout.position().x() + _x(line, left - block.position()))
                    place.setRight(layout.position().x() + _x(line, right - block.position()))
                    yield place
            block = block.next()

    def _scrolled(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())


def _x(line: QTextLine, position: int) -> float:
    found: object = line.cursorToX(position)  # a pair, against its stub
    assert isinstance(found, tuple)
    return float(found[0])


def _power(probability: float) -> float:
    return math.log10(max(probability, 1e-30))
