"""The text itself: lines with a margin, marks of what is chosen and wrong, keys and tool tips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QEvent, QMimeData, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontDatabase,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTextBlock,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QToolTip, QWidget

from app.plan.problem import Problem, Severity
from app.ui.state.editor import PlanEditor
from app.ui.views.text_view.highlighter import Highlighter
from app.ui.views.text_view.tokens import weight_start
from app.ui.widgets import icons
from app.ui.widgets import theme as themes

MOST_PASTED = 2_000_000
MOST_LINES = 100_000
LONGEST_LINE = 20_000
"""What is larger is no plan, and Qt would take seconds to lay it out."""

_PAD, _ICON, _BAR = 6, 14, 4
_KEEP_FOCUS = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of the lines, counted from 0: block numbers, problems, lines to be marked."""

    numbers: Mapping[int, int] = field(default_factory=dict)
    problems: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)
    chosen: frozenset[int] = frozenset()

    def of(self, line: int) -> tuple[int | None, tuple[Problem, ...], bool]:
        """All that is known of one line."""
        return self.numbers.get(line), self.problems.get(line, ()), line in self.chosen

    def severity(self, line: int) -> Severity | None:
        """The worst of what is wrong with a line."""
        severities = {p.severity for p in self.problems.get(line, ())}
        return "error" if "error" in severities else "note" if severities else None


class PlanTextEdit(QPlainTextEdit):
    """Emits what the user wants; what it says comes from elsewhere."""

    undo_wanted = Signal()
    redo_wanted = Signal()
    left = Signal()
    """The user went on to something else in the window."""
    command_coming = Signal()
    """A key that may be a command of the window: what was typed should be taken first."""
    menu_wanted = Signal(object)
    """A context menu at this global point."""
    refused = Signal(str)
    """Why something was not pasted."""

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.marks = Marks()
        self.setAccessibleName("Text of the plan")
        self.setAccessibleDescription("The plan in the layerBlocks format. It can be edited.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(4)
        self._highlighter = Highlighter(
            self.document(), editor.source_of, self.lines_in_sight, self
        )
        self._margin = _Margin(self)
        self.blockCountChanged.connect(self._fit_margin)
        self.updateRequest.connect(self._follow_update)
        self.cursorPositionChanged.connect(self.viewport().update)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))

    def show_marks(self, marks: Marks) -> None:
        """Show these block numbers, problems and marked lines."""
        before, self.marks = self.marks, marks
        wrong = {n: s for n in marks.problems if (s := marks.severity(n)) is not None}
        self._highlighter.underline(wrong)
        for block, area in self.blocks_in_sight():
            line = block.blockNumber()
            if before.of(line) != marks.of(line):
                top, height = math.floor(area.top()), math.ceil(area.height()) + 1
                self.viewport().update(0, top, self.viewport().width(), height)
                self._margin.update(0, top, self._margin.width(), height)

    def renew_colours(self) -> None:
        """Colour the lines anew: the sources or the theme have changed."""
        self._highlighter.renew()
        self._margin.update()

    def lines_in_sight(self) -> range:
        """The lines seen, counted from 0, and perhaps one or two around them."""
        first = self.firstVisibleBlock().blockNumber()
        height = max(1, self.fontMetrics().height())
        return range(first, first + self.viewport().height() // height + 2)

    def current_line(self) -> int:
        """The line of the text cursor, counted from 0."""
        return self.textCursor().blockNumber()

    def blocks_in_sight(self) -> Iterator[tuple[QTextBlock, QRectF]]:
        """The lines seen with their rectangles in the viewport."""
        block = self.firstVisibleBlock()
        area = self.blockBoundingGeometry(block).translated(self.contentOffset())
        while block.isValid() and area.top() <= self.viewport().height():
            yield block, area
            block = block.next()
            area.moveTop(area.bottom())
            area.setHeight(self.blockBoundingRect(block).height())

    # --- Qt --------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = themes.current()
        painter = QPainter(self.viewport())
        for block, area in self.blocks_in_sight():
            line = block.blockNumber()
            band = QRectF(0, area.top(), self.viewport().width(), area.height())
            if line in self.marks.chosen:
                painter.fillRect(band, themes.mixed(theme.base, theme.accent, 0.16))
            elif line == self.current_line() and self.hasFocus():
                painter.fillRect(band, themes.mixed(theme.base, theme.text, 0.05))
        painter.end()
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo_wanted.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            self._expect_command(event)
        return super().event(event)

    def _expect_command(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.command_coming.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            line = self.cursorForPosition(event.pos()).blockNumber()
            self._tell(event, line)
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
        if event.reason() in _KEEP_FOCUS:
            self.command_coming.emit()
        else:
            self.left.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            under = self.cursorForPosition(event.pos())
            if not self.textCursor().hasSelection():
                self.setTextCursor(under)
            self.menu_wanted.emit(event.globalPos())
        else:
            below = self.cursorRect().bottomLeft()
            self.menu_wanted.emit(self.viewport().mapToGlobal(below))

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        lengths = [len(line) for line in text.splitlines()] or [0]
        is_large = len(text) > MOST_PASTED or len(lengths) > MOST_LINES
        if "\0" in text or is_large or max(lengths) > LONGEST_LINE:
            self.refused.emit(
                f"What you pasted is not a plan: it has {len(text):,} characters in "
                f"{len(lengths):,} lines, the longest of {max(lengths):,}. The text is unchanged."
            )
        else:
            super().insertFromMimeData(source)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._margin.setGeometry(area.left(), area.top(), self.margin_width(), area.height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.renew_colours()
            self._fit_margin()

    # --- the margin ------------------------------------------------------------------------------

    def margin_width(self) -> int:
        """Room for a mark, the line's number, the block's number and the source's colour."""
        return _PAD + _ICON + 2 * (_PAD + self._digits_width()) + _PAD + _BAR

    def paint_margin(self, painter: QPainter, area: QRect) -> None:
        """Draw the margin's part beside the lines in sight."""
        theme = themes.current()
        painter.fillRect(area, theme.window)
        painter.setFont(self.font())
        digits = self._digits_width()
        right = self.margin_width() - _BAR
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for block, rect in self.blocks_in_sight():
            line, top, height = block.blockNumber(), rect.top(), self.fontMetrics().height()
            if top > area.bottom() or top + height < area.top():
                continue
            severity = self.marks.severity(line)
            if severity is not None:
                box = QRectF(_PAD / 2, top + (height - _ICON) / 2, _ICON, _ICON)
                colour = theme.error if severity == "error" else theme.note
                picture = _picture(severity, colour.name(), self.devicePixelRatioF())
                painter.drawPixmap(box.topLeft(), picture)
            painter.setPen(themes.mixed(theme.quiet, theme.window, 0.35))
            painter.drawText(QRectF(_PAD + _ICON, top, digits, height), flags, str(line + 1))
            number = self.marks.numbers.get(line)
            if number is not None:
                strong = line in self.marks.chosen
                painter.setPen(theme.accent if strong else theme.text)
                box = QRectF(right - _PAD - digits, top, digits, height)
                painter.drawText(box, flags, str(number))
            layer = weight_start(block.text())
            if layer is not None:
                colour = theme.source(self.editor.source_of(layer))
                painter.fillRect(QRectF(right, top, _BAR, height), colour)

    def tell_of_line(self, event: QHelpEvent) -> None:
        """Show the tool tip for a place in the margin."""
        at = self.viewport().mapFromGlobal(event.globalPos())
        at.setX(0)
        self._tell(event, self.cursorForPosition(at).blockNumber())

    def _tell(self, event: QHelpEvent, line: int) -> None:
        problems = self.marks.problems.get(line, ())
        words = "\n".join(f"{p.message} {p.fix}" for p in problems[:6])
        if line in self.marks.numbers and not words:
            words = f"Block {self.marks.numbers[line]}, line {line + 1}"
        QToolTip.showText(event.globalPos(), words, self)

    def _digits_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.blockCount())))

    def _fit_margin(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)
        area = self.contentsRect()
        self._margin.setGeometry(area.left(), area.top(), self.margin_width(), area.height())

    def _follow_update(self, area: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, area.top(), self._margin.width(), area.height())
        self._highlighter.colour_sight()


@cache
def _picture(severity: Severity, colour: str, ratio: float) -> QPixmap:
    return icons.pixmap(severity, _ICON, QColor(colour), ratio)


class _Margin(QWidget):
    """The strip left of the lines; the text edit draws it."""

    def __init__(self, text_edit: PlanTextEdit) -> None:
        super().__init__(text_edit)
        self._text_edit = text_edit

    def sizeHint(self) -> QSize:
        return QSize(self._text_edit.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._text_edit.paint_margin(painter, event.rect())
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._text_edit.tell_of_line(event)
            return True
        return super().event(event)
