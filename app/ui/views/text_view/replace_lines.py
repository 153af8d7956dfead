"""Puts another text into a document by touching only the lines that differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtGui import QTextCursor, QTextDocument


def replace_lines(document: QTextDocument, after: str) -> None:
    """Make the document say `after`, as one step of its own undo; cursors elsewhere stay put."""
    old, new = document.toPlainText().split("\n"), after.split("\n")
    if old == new:
        return
    n_head = _n_alike(old, new)
    n_tail = _n_alike(old[n_head:][::-1], new[n_head:][::-1])
    old_end, new_end = len(old) - n_tail, len(new) - n_tail
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    if n_head < old_end and n_head < new_end:
        _select(cursor, document, n_head, old_end - 1)
        cursor.insertText("\n".join(new[n_head:new_end]))
    elif n_head < old_end:
        _remove(cursor, document, n_head, old_end - 1)
    elif n_head < len(old):
        cursor.setPosition(document.findBlockByNumber(n_head).position())
        cursor.insertText("".join(f"{line}\n" for line in new[n_head:new_end]))
    else:
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText("".join(f"\n{line}" for line in new[n_head:new_end]))
    cursor.endEditBlock()


def _n_alike(a: Sequence[str], b: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(bool, map(str.__eq__, a, b)))


def _select(cursor: QTextCursor, document: QTextDocument, first: int, last: int) -> None:
    cursor.setPosition(document.findBlockByNumber(first).position())
    end = document.findBlockByNumber(last)
    cursor.setPosition(end.position() + end.length() - 1, QTextCursor.MoveMode.KeepAnchor)


def _remove(cursor: QTextCursor, document: QTextDocument, first: int, last: int) -> None:
    """Take whole lines out, with the line break behind them, or before them at the end."""
    _select(cursor, document, first, last)
    if last + 1 < document.blockCount():
        start = cursor.anchor()
        cursor.setPosition(start)
        end = document.findBlockByNumber(last + 1).position()
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    elif first > 0:
        end = cursor.position()
        cursor.setPosition(document.findBlockByNumber(first).position() - 1)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    cursor.removeSelectedText()
