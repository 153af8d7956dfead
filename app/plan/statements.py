"""The statements of a layerBlocks text, read one after the other into blocks and problems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.plan.document import Block
from app.plan.kinds import Kind, kinds
from app.plan.kinds.statement import Statement
from app.plan.lines import Line, parse_int, shown
from app.plan.problem import Problem

TOTAL = "TotalLayers"
TOTAL_FORM = "TotalLayers; N"


def kinds_by_keyword() -> dict[str, Kind[Any]]:
    """The kinds of block by the keywords of their statements."""
    return {kind.keyword: kind for kind in kinds()}


def split_lines(text: str) -> Iterator[Line]:
    """The lines that hold a statement or a comment."""
    keywords = {keyword.lower(): keyword for keyword in (*kinds_by_keyword(), TOTAL)}
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")), 1):
        statement, hash_, comment = raw.partition("#")
        statement = statement.strip()
        if not statement and not hash_:
            continue
        keyword, fields, meant = _keyword_and_fields(statement, keywords)
        yield Line(number, statement, keyword, fields, meant, (hash_ + comment).strip())


def _keyword_and_fields(
    statement: str, keywords: Mapping[str, str]
) -> tuple[str, tuple[str, ...], bool]:
    first, *rest = (field.strip() for field in statement.split(";"))
    keyword = keywords.get(first.lower())
    if keyword is not None:
        return keyword, tuple(rest), False
    if not rest:
        first, *rest = [w for w in re.split(r"[,\s]+", statement[:1000]) if w] or [""]
    word = first.lower()
    if rest and len(word) <= 20 and any(word[:1] == k[0] for k in keywords):
        from difflib import get_close_matches  # slow to import, and seldom wanted

        for close in get_close_matches(word, keywords, n=1, cutoff=0.8):
            return keywords[close], tuple(rest), True
    return "", (), False


class StatementReader:
    """Gives a block for each block statement, however broken, so that the numbers stay right.

    What cannot be read is left unlinked or at a default, with a problem in `problems`. Blocks
    get the ids b0, b1, … by their number.
    """

    def __init__(self) -> None:
        self.n_blocks = 0
        self.problems: list[Problem] = []
        self._kinds = kinds_by_keyword()
        self._late_links: list[tuple[int, int, int]] = []
        self._next_start: int | None = 0
        self._total_line: int | None = None
        self._total: int | None = None

    def take(self, line: Line) -> Block | None:
        """Understand one statement; a block if it is one."""
        if not line.keyword or line.meant:
            self._unknown(line)
        if line.keyword == TOTAL:
            self._total_layers(line)
        kind = self._kinds.get(line.keyword)
        if kind is None:
            return None
        n = self.n_blocks
        statement = Statement(line, n, kind.title, kind.form, self._next_start)
        block: Block = kind.read(statement)
        self.problems += statement.problems
        self._late_links += [(line.number, n, number) for number in statement.late_links]
        self._next_start = statement.next_start
        self.n_blocks += 1
        return block

    def finish(self) -> None:
        """Check what only the whole text can tell."""
        for line, block, number in self._late_links:
            self._late_link(line, block, number)
        if self.n_blocks:
            self._check_total()

    def _total_layers(self, line: Line) -> None:
        if self._total_line is not None:
            self._problem(
                "total-layers",
                f"TotalLayers is in the file twice; the first is line {self._total_line}.",
                "Keep one of the two, as the last line of the file.",
                line.number,
            )
            return
        self._total_line = line.number
        if len(line.fields) != 1:
            self._problem(
                "field-count",
                f"{TOTAL} takes one field, but this line has {len(line.fields)}.",
                f"Write it as {TOTAL_FORM}.",
                line.number,
            )
        self._total = parse_int(line.fields[0]) if line.fields else None
        if line.fields and self._total is None:
            self._problem(
                "bad-number",
                f"{shown(line.fields[0])} is not a whole number, so it cannot be N.",
                "Write it in plain digits, such as 20.",
                line.number,
            )

    def _check_total(self) -> None:
        n_layers = self._next_start
        if self._total_line is None:
            number = "N" if n_layers is None else str(n_layers)
            self._problem(
                "total-layers",
                "The TotalLayers line, with the number of plan layers, is missing.",
                f"Add “TotalLayers; {number}” as the last line.",
            )
        elif None not in (n_layers, self._total) and n_layers != self._total:
            self._problem(
                "total-layers",
                f"TotalLayers says {self._total}, but the last weight block ends at {n_layers}.",
                f"Write “TotalLayers; {n_layers}”.",
                self._total_line,
            )

    def _unknown(self, line: Line) -> None:
        if line.meant:
            kind = self._kinds.get(line.keyword)
            form = TOTAL_FORM if kind is None else kind.form
            fix = f"Write it as {form}, with “;” between the fields."
        else:
            words = f"{', '.join(self._kinds)} or {TOTAL}"
            fix = f"A line starts with {words}; a comment starts with #."
        self._problem(
            "unknown-statement", f"{shown(line.statement)} is not a statement.", fix, line.number
        )

    def _late_link(self, line: int, block: int, number: int) -> None:
        if 0 <= number < self.n_blocks:
            itself = "itself" if number == block else f"block {number}, which comes later"
            self._problem(
                "later-input",
                f"Block {block} takes its input from {itself}.",
                "Name an earlier block or -1, the token input, or move the lines.",
                line,
                block,
            )
        else:
            self._problem(
                "missing-input",
                f"Block {block} takes its input from block {number}, which does not exist.",
                "Name an earlier block, counted from 0, or -1 for the token input.",
                line,
                block,
            )

    def _problem(
        self, code: str, message: str, fix: str, line: int | None = None, block: int | None = None
    ) -> None:
        id_ = None if block is None else f"b{block}"
        self.problems.append(Problem(code, message, fix, line=line, block=block, block_id=id_))
