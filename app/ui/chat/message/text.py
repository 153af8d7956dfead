"""The text of a message: Markdown laid out as it comes, code in colours and with a Copy button."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolButton, QWidget

from app.ui.chat.message.code_colours import CodeColours, CodeRun, fixed_font_format, markdown_code
from app.ui.chat.message.head import small
from app.ui.chat.message.markdown_blocks import Block, MarkdownBlocks
from app.ui.chat.message.markdown_copy import add_markdown, start_block

_PAD = 8
"""Around code, in pixels; half of it above and below belongs to its ground."""


class _Code(NamedTuple):
    """Code that is shown, and the button that copies it."""

    run: CodeRun
    copy: QToolButton


class MessageText(QTextBrowser):
    """Read-only text as high as its content; the transcript scrolls, not the message.

    Finished blocks of Markdown are laid out once, and only the open one anew as it grows. Nothing
    that a message names is loaded: an image is shown as a link, and only a click opens one, in
    the browser.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.anchorClicked.connect(_open_link)
        self.highlighted.connect(lambda url: self.viewport().setToolTip(url.toString()))
        self.setTabChangesFocus(True)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.setFixedHeight(self.fontMetrics().lineSpacing())
        self._colours = CodeColours(self.document())
        self._code: list[_Code] = []
        self._text, self._definitions = "", ""
        self._begin()

    def show_plain(self, text: str) -> None:
        """Show the text as it is."""
        self._begin()
        self.setPlainText(text)
        self._is_whole = True

    def append_plain(self, piece: str) -> None:
        """Add text as it is."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(piece)

    def show_markdown(self, text: str, *, is_whole: bool = True) -> None:
        """Lay the text out; what is laid out of it already stays."""
        if self._is_whole or not text.startswith(self._text):
            self._begin()
        blocks = self._blocks.add(text[len(self._text) :])
        if is_whole and self._blocks.definitions and not self._definitions:
            # They may be used before them.
            definitions = "\n".join(self._blocks.definitions)
            self._begin()
            self._definitions = f"\n\n{definitions}"
            blocks = self._blocks.add(text)
        self._text, self._is_whole = text, is_whole
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for block in [*blocks, self._blocks.last] if is_whole else blocks:
            self._lay_out(cursor, block)
            self._settle(cursor, block)
        if not is_whole:
            self._lay_out(cursor, self._blocks.open)
        cursor.endEditBlock()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for code in self._code:
                self._colours.colour(code.run)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._code:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(small(self))
            for code in self._code:
                self._paint_ground(painter, code.run)
            painter.end()
        super().paintEvent(event)

    # --- laying out ------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Show nothing yet."""
        self._colours.forget()
        for code in self._code:
            code.copy.deleteLater()
            code.copy.hide()
        self._code.clear()
        self.document().clear()
        self.document().setUndoRedoEnabled(False)
        self._blocks = MarkdownBlocks()
        self._text = ""
        self._definitions = ""
        self._is_whole = False
        self._open_code: CodeRun | None = None
        self._n_code_shown = 0
        self._settled = 0
        """Where the open block begins, behind what stays."""
        self._settled_format = QTextBlockFormat()
        self._is_fresh = self._was_fresh = True

    def _lay_out(self, cursor: QTextCursor, block: Block) -> None:
        """Show the open block as it is now."""
        if block.language is not None:
            self._lay_out_code(cursor, block.text, block.language)
            return
        self._take_out_open(cursor)
        if block.text.strip():
            text = block.text + self._definitions
            self._is_fresh = add_markdown(cursor, text, is_fresh=self._was_fresh)

    def _lay_out_code(self, cursor: QTextCursor, text: str, language: str) -> None:
        form = QTextBlockFormat()
        form.setLeftMargin(_PAD)
        form.setRightMargin(_PAD)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self._open_code is None:
            self._take_out_open(cursor)
            form.setTopMargin(self._head_height)
            frame = self.document().rootFrame().frameFormat()
            frame.setBottomMargin(_PAD / 2)  # the first and the last block's own do not count
            frame.setTopMargin(frame.topMargin() if self._settled else self._head_height)
            self.document().rootFrame().setFrameFormat(frame)
            start_block(cursor, form, is_fresh=self._was_fresh)
            self._is_fresh = False
            self._open_code = CodeRun([cursor.block()], language)
            self._add_code(self._open_code)
            form.setTopMargin(0)
        for n, line in enumerate(text[self._n_code_shown :].split("\n")):
            if n:
                cursor.insertBlock(form, QTextCharFormat())
                self._open_code.lines.append(cursor.block())
            cursor.insertText(line, fixed_font_format())
        self._n_code_shown = len(text)

    def _settle(self, cursor: QTextCursor, block: Block) -> None:
        """Let what is laid out stay."""
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self._open_code is not None:
            form = cursor.blockFormat()
            form.setBottomMargin(_PAD)
            cursor.setBlockFormat(form)
            self._colours.colour(self._open_code)
            self._open_code, self._n_code_shown = None, 0
        elif "`" in block.text or "~" in block.text or "    " in block.text:
            first = self.document().findBlock(self._settled)
            for run in list(markdown_code(first if self._was_fresh else first.next())):
                self._set_code_format(run)
                self._add_code(run)
                self._colours.colour(run)
        self._settled = cursor.position()
        self._settled_format = cursor.blockFormat()
        self._was_fresh = self._is_fresh

    def _take_out_open(self, cursor: QTextCursor) -> None:
        cursor.setPosition(self._settled)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        if cursor.hasSelection():
            cursor.removeSelectedText()
            cursor.setBlockFormat(self._settled_format)
        self._is_fresh = self._was_fresh

    # --- code ------------------------------------------------------------------------------------

    @property
    def _head_height(self) -> int:
        """The line above code, with its language and button."""
        return self.fontMetrics().lineSpacing() + _PAD

    def _add_code(self, run: CodeRun) -> None:
        button = QToolButton(self.viewport())
        button.setText("Copy")
        button.setAccessibleName(f"Copy this {run.language} code".replace("  ", " "))
        button.setAutoRaise(True)
        button.setFont(small(button))
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.clicked.connect(lambda _checked=False: _copy(run))
        button.show()
        self._code.append(_Code(run, button))

    def _set_code_format(self, run: CodeRun) -> None:
        """Break a long line of code, as a message has no scroll bar of its own; leave room for
        the ground."""
        for line in run.lines:
            form = line.blockFormat()
            form.setNonBreakableLines(False)
            form.setLeftMargin(form.leftMargin() + _PAD)
            form.setRightMargin(_PAD)
            form.setTopMargin(self._head_height if line == run.lines[0] else 0)
            form.setBottomMargin(_PAD if line == run.lines[-1] else 0)
            QTextCursor(line).setBlockFormat(form)

    def _ground(self, run: CodeRun) -> QRectF:
        """What lies behind lines of code and above them, in the viewport."""
        layout = self.document().documentLayout()
        first = layout.blockBoundingRect(run.lines[0])
        top = first.top() - self._head_height + _PAD / 2
        bottom = layout.blockBoundingRect(run.lines[-1]).bottom() + _PAD / 2
        return QRectF(0, top, self.viewport().width(), bottom - top)

    def _paint_ground(self, painter: QPainter, run: CodeRun) -> None:
        ground = self._ground(run)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().alternateBase())
        painter.drawRoundedRect(ground, 4, 4)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        head = QRectF(_PAD, ground.top(), ground.width(), self._head_height - _PAD / 2)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, run.language)

    def _place_buttons(self) -> None:
        for run, button in self._code:
            ground = self._ground(run).toRect()
            button.resize(button.sizeHint().width(), self._head_height - _PAD)
            button.move(ground.right() - button.width() - 2, ground.top() + 2)

    def _fit(self, size: QSizeF) -> None:
        height = max(ceil(size.height()), self.fontMetrics().lineSpacing())
        if height != self.height():
            self.setFixedHeight(height)
        self._place_buttons()


def _copy(run: CodeRun) -> None:
    QGuiApplication.clipboard().setText("\n".join(line.text() for line in run.lines))


def _open_link(url: QUrl) -> None:
    if url.scheme() in ("http", "https"):
        QDesktopServices.openUrl(url)
