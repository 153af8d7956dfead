"""Marks in a message where merge scales moved while it was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, takewhile

from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from app.conversations.scale_moves import ScaleMove
from app.ui.widgets import theme

_WIDTH = 9
_WORD = re.compile(r"\w+")
_FAR = 1000
"""Characters of marks between two words that are shown; a word beyond them is another one."""


class ScaleMark(QWidget):
    """A small fader between two words; the tool tip says which scales moved."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def show_moves(self, moves: Sequence[ScaleMove]) -> None:
        """Say this of what moved."""
        words = "\n".join(move.words for move in moves)
        self.setToolTip(words)
        self.setAccessibleName(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().accent)
        middle, height = self.width() / 2, self.height()
        painter.drawRoundedRect(QRectF(middle - 0.75, 1, 1.5, height - 2), 0.75, 0.75)
        painter.drawRoundedRect(QRectF(middle - 4, 1, 8, 3.5), 1.5, 1.5)


class ScaleMarks(QObject):
    """The marks over one text, kept in their places however it is laid out."""

    def __init__(self, view: QTextEdit) -> None:
        super().__init__(view)
        self._view = view
        self._text = ""
        self._places: list[int] = []
        self._marks: list[ScaleMark] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._place)
        layout = view.document().documentLayout()
        layout.documentSizeChanged.connect(lambda _size: self._soon.start())
        view.document().contentsChanged.connect(self._soon.start)

    @property
    def words(self) -> list[str]:
        """What each mark says, from the first on."""
        return [mark.toolTip() for mark in self._marks]

    def show_moves(self, text: str, moves: Sequence[ScaleMove]) -> None:
        """Show the moves, whose `at` counts characters of `text`, of which Markdown is shown."""
        self._text = text
        groups = [(at, list(group)) for at, group in groupby(moves, lambda move: move.at)]
        while len(self._marks) > len(groups):
            self._marks.pop().deleteLater()
        while len(self._marks) < len(groups):
            self._marks.append(ScaleMark(self._view.viewport()))
        for mark, (_, group) in zip(self._marks, groups, strict=True):
            mark.show_moves(group)
        self._places = [at for at, _ in groups]
        self._soon.start()

    def _place(self) -> None:
        if not self._marks:
            return
        shown = self._view.toPlainText()
        cursor = QTextCursor(self._view.document())
        space_width = self._view.fontMetrics().horizontalAdvance(" ")
        places = places_in(shown, self._text, self._places)
        for mark, place in zip(self._marks, places, strict=True):
            cursor.setPosition(len(shown[:place].encode("utf-16-le")) // 2)
            at = self._view.cursorRect(cursor)
            gap = space_width // 2 if shown[place : place + 1].isspace() else 0
            left = at.center().x() + gap - _WIDTH // 2
            mark.setGeometry(left, at.top(), _WIDTH, at.height())
            mark.show()


def places_in(shown: str, text: str, places: Iterable[int]) -> list[int]:
    """Where in `shown` each of these places in `text`, in rising order, is."""
    words = _words_of_both(shown, text)
    found = []
    at_text = at_shown = 0
    word = next(words, None)
    for place in places:
        while word is not None and word[0] < place:
            n = min(word[2], place - word[0])
            at_text, at_shown = word[0] + n, word[1] + n
            if n < word[2]:
                break
            word = next(words, None)
        alike = zip(shown[at_shown:], text[at_text:place], strict=False)
        found.append(at_shown + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], alike)))
    return found


def _words_of_both(shown: str, text: str) -> Iterator[tuple[int, int, int]]:
    """The words that are shown: where they begin in the text and as shown, and their length."""
    at = 0
    for match in _WORD.finditer(shown):
        word = match.group()
        begin = text.find(word, at, at + _FAR + len(word))
        if begin >= 0:
            yield begin, match.start(), len(word)
            at = begin + len(word)
