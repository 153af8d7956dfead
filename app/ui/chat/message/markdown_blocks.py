"""A growing Markdown text, cut into blocks that can be laid out one by one: what is finished does
not change any more, whatever follows."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"( *)(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s`]*)")
_ITEM = re.compile(r" ?(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_ITEM_AFTER_TEXT = re.compile(r" ?(?:[-*+]|1[.)])[ \t]+\S")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_INDENTED = re.compile(r" {2}|\t")
_DEFINITION = re.compile(r" {0,3}\[[^\]^][^\]]*\]:\s*\S")
_TABLE_LINE = re.compile(r" {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*(?:\|\s*)?$")
"""Under a table's head."""
_CELL_ENDS = re.compile(r"(?<!\\)\|")
_UNCLEAR = re.compile(r" {0,3}(?:[-=*+_#>`~|:]+|\d+[.)]?)\s*$")
"""Of a last line that is still being written: it may begin anything."""


class Block(NamedTuple):
    """A part of the text that stands for itself."""

    text: str
    """Of code: what stands between its fences, without the last line's end."""
    language: str | None = None
    """Of code in fences, '' where it is not said; None for all else."""


class MarkdownBlocks:
    """Takes the text piece by piece."""

    def __init__(self) -> None:
        self.definitions: list[str] = []
        """Lines that say where links by name lead, from anywhere in the text."""
        self._lines: list[str] = []
        self._begun_line = ""
        self._fence = ""
        self._language: str | None = None
        self._inner_fence = ""
        self._finished: list[Block] = []

    def add(self, piece: str) -> list[Block]:
        """The blocks that are finished now that this has come."""
        *lines, self._begun_line = (self._begun_line + piece).split("\n")
        for line in lines:
            self._take(line)
        is_after_gap = bool(self._lines) and not self._lines[-1].strip()
        is_in_code = self._language is not None or self._inner_fence
        if is_after_gap and not is_in_code and self._begun_line[:1].strip():
            self._finish()  # whatever this line will be, it begins a block
        finished, self._finished = self._finished, []
        return finished

    @property
    def open(self) -> Block:
        """The block that is still being written, as far as it is clear what it will be."""
        line = self._begun_line
        if self._language is None:
            is_clear = not _UNCLEAR.match(line) and not _FENCE.match(line)
        else:
            is_clear = bool(line) and not self._closes(line.rstrip() + self._fence)
        return Block("\n".join([*self._lines, line] if is_clear else self._lines), self._language)

    @property
    def last(self) -> Block:
        """The block that is open, now that nothing follows."""
        line = self._begun_line
        is_text = self._language is None or (line and not self._closes(line))
        return Block("\n".join([*self._lines, line] if is_text else self._lines), self._language)

    def _take(self, line: str) -> None:
        if self._language is not None:
            if self._closes(line):
                self._finish()
            else:
                self._lines.append(line)
            return
        fence = _FENCE.match(line)
        if self._inner_fence:
            closes = fence and fence[2].startswith(self._inner_fence) and not fence[3]
            self._inner_fence = "" if closes else self._inner_fence
        elif fence and (self._is_item or len(fence[1]) > 3) and _INDENTED.match(line):
            self._inner_fence = fence[2]
        elif fence:
            self._finish()
            self._fence, self._language = fence[2], fence[3]
            return
        elif self._begins_block(line):
            self._finish()
        elif self._ends_head(line):
            head = self._lines.pop()
            self._finish()
            self._lines.append(head)
        if _DEFINITION.match(line):
            self.definitions.append(line)
        self._lines.append(line)

    def _closes(self, line: str) -> bool:
        fence = _FENCE.match(line)
        return fence is not None and fence[2].startswith(self._fence) and not fence[3]

    @property
    def _is_item(self) -> bool:
        return bool(self._lines) and _ITEM.match(self._lines[0]) is not None

    def _begins_block(self, line: str) -> bool:
        if not self._lines or not line.strip():
            return False
        if not self._lines[-1].strip() and not _INDENTED.match(line):
            return True
        item = _ITEM if self._is_item else _ITEM_AFTER_TEXT
        return bool(item.match(line) or _HEADING.match(line))

    def _ends_head(self, line: str) -> bool:
        """Whether the line before is the head of a table, right under text, which Qt would take
        for more of the text."""
        if len(self._lines) < 2 or self._is_item or not _TABLE_LINE.match(line):
            return False
        is_in_table = "|" in self._lines[0] and _TABLE_LINE.match(self._lines[1])
        return not is_in_table and "|" in line and _n_cells(self._lines[-1]) == _n_cells(line)

    def _finish(self) -> None:
        if self._language is not None or any(line.strip() for line in self._lines):
            self._finished.append(Block("\n".join(self._lines), self._language))
        self._lines, self._fence, self._language = [], "", None


def _n_cells(row: str) -> int:
    return len(_CELL_ENDS.split(row.strip().strip("|")))
