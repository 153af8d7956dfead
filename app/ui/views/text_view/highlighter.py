"""Colours the lines in sight, and underlines those that something is wrong with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.plan.problem import Severity
from app.ui.views.text_view.tokens import Kind, tokens, weight_start
from app.ui.widgets import theme as themes


class Highlighter(QSyntaxHighlighter):
    """Leaves lines out of sight plain, so that an edit of a long plan costs no more than a page."""

    def __init__(
        self,
        document: QTextDocument,
        source_of: Callable[[int], int],
        in_sight: Callable[[], range],
        parent: QObject,
    ) -> None:
        """`source_of` a weight layer is its source's index, `in_sight` the lines seen, from 0."""
        super().__init__(parent)
        self._source_of = source_of
        self._in_sight = in_sight
        self._wrong: Mapping[int, Severity] = {}
        self._formats: dict[tuple[Kind, int, Severity | None], QTextCharFormat] = {}
        self._range_done = (range(0), 0)
        self.setDocument(document)

    def underline(self, wrong: Mapping[int, Severity]) -> None:
        """Underline these lines, counted from 0, and no others."""
        if wrong != self._wrong:
            before, self._wrong = self._wrong, wrong
            sight, _ = self._range_done
            self._colour(n for n in sight if before.get(n) != wrong.get(n))

    def renew(self) -> None:
        """Take the colours of now for all that is in sight."""
        self._formats = {}
        self._range_done = (range(0), 0)
        self.colour_sight()

    def colour_sight(self) -> None:
        """Colour the lines that came into sight."""
        sight, n_lines = self._in_sight(), self.document().blockCount()
        range_before, n_before = self._range_done
        self._range_done = sight, n_lines
        done = range_before if n_lines == n_before else range(0)
        self._colour(n for n in sight if n not in done)

    def highlightBlock(self, text: str) -> None:
        line = self.currentBlock().blockNumber()
        if line not in self._range_done[0]:
            return
        severity = self._wrong.get(line)
        last = 0
        for start, end, kind in tokens(text):
            source = -1
            if kind == "weight":
                layer = weight_start(text)
                source = -1 if layer is None else self._source_of(layer)
            wrong = None if kind == "comment" else severity
            if wrong is not None and start > last > 0:
                self.setFormat(last, start - last, self._format("mark", -1, wrong))
            self.setFormat(start, end - start, self._format(kind, source, wrong))
            last = end

    def _colour(self, lines: Iterable[int]) -> None:
        for line in lines:
            self.rehighlightBlock(self.document().findBlockByNumber(line))

    def _format(self, kind: Kind, source: int, severity: Severity | None) -> QTextCharFormat:
        key = kind, source, severity
        text_format = self._formats.get(key)
        if text_format is None:
            text_format = self._formats[key] = _make_format(kind, source, severity)
        return text_format


def _make_format(kind: Kind, source: int, severity: Severity | None) -> QTextCharFormat:
    theme = themes.current()
    text_format = QTextCharFormat()
    colours = {
        "keyword": theme.text,
        "link": theme.accent,
        "scale": theme.good,
        "weight": theme.text,
        "other": theme.text,
    }
    text_format.setForeground(colours.get(kind, theme.quiet))
    if kind == "keyword":
        text_format.setFontWeight(QFont.Weight.DemiBold)
    if source >= 0:
        text_format.setBackground(themes.mixed(theme.source(source), theme.base, 0.65))
    if severity is not None:
        text_format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        text_format.setUnderlineColor(theme.error if severity == "error" else theme.note)
    return text_format
