"""Code in a message: where it stands, and its words in the colours of its language."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
    QTextLayout,
)

from app.ui.widgets import theme

LOOK_MS = 20
"""How often it is looked whether the colours of a block have been found."""
_STYLES = {False: "default", True: "github-dark"}
"""Of pygments, for a light and a dark window."""

Look = tuple[str, bool, bool]
"""A colour without "#" or '', bold, italic."""
_PLAIN: Look = "", False, False


class Span(NamedTuple):
    """A part of a line with one look."""

    start: int
    length: int
    """In UTF-16 units, as Qt counts."""
    look: Look


class CodeRun(NamedTuple):
    """Lines of code, and the language that they are said to be in."""

    lines: list[QTextBlock]
    language: str


class CodeColours(QObject):
    """Colours code in a document. Languages are read beside the UI thread: that takes a while."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._document = document
        self._asked: list[tuple[CodeRun, Future[list[list[Span]]]]] = []
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._take)

    def forget(self) -> None:
        """Give up what is under way: the document will be another."""
        self._asked.clear()
        self._timer.stop()

    def colour(self, run: CodeRun) -> None:
        """Colour these lines, soon."""
        if run.language:
            code = "\n".join(line.text() for line in run.lines)
            look = theme.current().dark
            self._asked.append((run, _readers().submit(spans_of, code, run.language, look)))
            self._timer.start()

    def _take(self) -> None:
        if self._asked and self._asked[0][1].done():  # one at a time, between other events
            run, spans = self._asked.pop(0)
            for line, parts in zip(run.lines, spans.result(), strict=False):
                line.layout().setFormats([_format_range(part) for part in parts])
            first, last = run.lines[0], run.lines[-1]
            length = last.position() + last.length() - first.position()
            self._document.markContentsDirty(first.position(), length)
        if not self._asked:
            self._timer.stop()


def markdown_code(block: QTextBlock) -> Iterator[CodeRun]:
    """The code that was made of Markdown, from this block on."""
    lines: list[QTextBlock] = []
    before: tuple[object, object] | None = None
    while block.isValid():
        form = block.blockFormat()
        language = form.property(QTextFormat.Property.BlockCodeLanguage)
        fence = form.property(QTextFormat.Property.BlockCodeFence)
        now = None if language is None and fence is None else (language, fence)
        if now != before and lines:
            yield CodeRun(lines, str(before[0] or "") if before else "")
            lines = []
        if now is not None:
            lines.append(block)
        before, block = now, block.next()
    if lines:
        yield CodeRun(lines, str(before[0] or "") if before else "")


def spans_of(code: str, language: str, dark: bool) -> list[list[Span]]:
    """What of each line has which look; nothing where the language is not known."""
    from pygments.lexers import get_lexer_by_name
    from pygments.styles import get_style_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language.split()[0])
    except (ClassNotFound, IndexError):
        return []
    style = get_style_by_name(_STYLES[dark])
    lines: list[list[Span]] = [[]]
    at = 0
    for _, token, text in lexer.get_tokens_unprocessed(code):
        words = style.style_for_token(token)
        look = words["color"] or "", bool(words["bold"]), bool(words["italic"])
        for n, part in enumerate(text.split("\n")):
            if n:
                lines.append([])
                at = 0
            length = len(part.encode("utf-16-le")) // 2
            if part.strip() and look != _PLAIN:
                line = lines[-1]
                follows = bool(line) and line[-1].look == look and sum(line[-1][:2]) == at
                begun = line.pop().start if follows else at
                line.append(Span(begun, at + length - begun, look))
            at += length
    return lines


def fixed_font_format() -> QTextCharFormat:
    """Letters of equal width."""
    form = QTextCharFormat()
    form.setFontFamilies(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families())
    form.setFontFixedPitch(True)
    return form


def _format_range(span: Span) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = span.start, span.length, _format(span.look)
    return made


@cache
def _format(look: Look) -> QTextCharFormat:
    colour, bold, italic = look
    form = QTextCharFormat()
    if colour:
        form.setForeground(QColor(f"#{colour}"))
    if bold:
        form.setFontWeight(QFont.Weight.Bold)
    form.setFontItalic(italic)
    return form


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "code colours")
