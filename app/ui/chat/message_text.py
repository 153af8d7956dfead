"""The text of a message: plain while it streams, Markdown once it is whole, code in colours."""

from __future__ import annotations

import re
from math import ceil

from PySide6.QtCore import QEvent, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from app.ui.chat.code_colours import CodeColours, CodeRun, fixed_font_format, markdown_code

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")
_PAD = 8
"""Around code, in pixels; half of it above and below belongs to its ground."""


class MessageText(QTextBrowser):
    """Read-only text as high as its content; the transcript scrolls, not the message."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenExternalLinks(True)
        self.setTabChangesFocus(True)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.setFixedHeight(self.fontMetrics().lineSpacing())
        self._colours = CodeColours(self.document())
        self._code: list[CodeRun] = []
        self._begin()

    def show_plain(self, text: str) -> None:
        """Show the text as it is."""
        self._begin()
        self.setPlainText(text)

    def append(self, piece: str) -> None:
        """Add streamed text; a block of code has its colours once it is closed."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(piece)
        if "\n" in piece:
            self._read_fences()

    def show_markdown(self, text: str) -> None:
        """Lay the whole text out."""
        self._begin()
        features = QTextDocument.MarkdownFeature
        self.document().setMarkdown(
            _keep_line_breaks(text),
            features.MarkdownDialectGitHub | features.MarkdownNoHTML,
        )
        for run in list(markdown_code(self.document())):
            self._add_code(run)
        self._next_line = self.document().blockCount() - 1

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for run in self._code:
                self._colours.colour(run)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._code:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.palette().alternateBase())
            for run in self._code:
                painter.drawRoundedRect(self._ground(run), 4, 4)
            painter.end()
        super().paintEvent(event)

    def _begin(self) -> None:
        self._colours.forget()
        self._code.clear()
        self._next_line = 0
        self._fence, self._language = "", ""
        self._open: list[QTextBlock] = []

    def _add_code(self, run: CodeRun) -> None:
        for line in run.lines:
            _set_code_format(line, is_first=line == run.lines[0], is_last=line == run.lines[-1])
        self._code.append(run)
        self._colours.colour(run)

    def _read_fences(self) -> None:
        """Look at the lines that are whole since last time."""
        document = self.document()
        while self._next_line < document.blockCount() - 1:
            line = document.findBlockByNumber(self._next_line)
            self._next_line += 1
            found = _FENCE.match(line.text())
            if self._fence and found and found[1].startswith(self._fence) and not found[2]:
                if self._open:
                    self._set_fixed(self._open)
                    self._add_code(CodeRun(self._open, self._language))
                self._fence, self._open = "", []
            elif self._fence:
                self._open.append(line)
            elif found:
                self._fence, self._language = found[1], found[2]

    def _set_fixed(self, lines: list[QTextBlock]) -> None:
        cursor = QTextCursor(lines[0])
        end = lines[-1].position() + lines[-1].length() - 1
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(fixed_font_format())

    def _ground(self, run: CodeRun) -> QRectF:
        """What lies behind lines of code, in the viewport."""
        layout = self.document().documentLayout()
        top = max(0, layout.blockBoundingRect(run.lines[0]).top() - _PAD / 2)
        bottom = layout.blockBoundingRect(run.lines[-1]).bottom() + _PAD / 2
        return QRectF(0, top, self.viewport().width(), bottom - top)

    def _fit(self, size: QSizeF) -> None:
        height = max(ceil(size.height()), self.fontMetrics().lineSpacing())
        if height != self.height():
            self.setFixedHeight(height)


def _set_code_format(line: QTextBlock, *, is_first: bool, is_last: bool) -> None:
    """Break a long line of code, as a message has no scroll bar of its own; leave room for its
    ground."""
    form = line.blockFormat()
    form.setNonBreakableLines(False)
    form.setLeftMargin(form.leftMargin() + _PAD)
    form.setRightMargin(_PAD)
    form.setTopMargin(_PAD if is_first else 0)
    form.setBottomMargin(_PAD if is_last else 0)
    QTextCursor(line).setBlockFormat(form)


def _keep_line_breaks(text: str) -> str:
    """The text with a hard break at each line's end, except inside code fences.

    Models break lines where they mean it; Markdown alone would join them.
    """
    lines, in_code = [], False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
            lines.append(line)
        else:
            lines.append(line if in_code or not line.strip() else f"{line}  ")
    return "\n".join(lines)
