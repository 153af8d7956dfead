"""The parts of a line of layerBlocks text, for colouring: what stands where and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from app.plan.lines import parse_int
from app.plan.statements import TOTAL, kinds_by_keyword

Kind = Literal["keyword", "plan", "weight", "link", "scale", "mark", "comment", "other"]

LONGEST = 4000
"""A longer line is no statement; it is left in one colour."""

_BY_ROLE: dict[str, Kind] = {
    "start": "plan",
    "end": "plan",
    "weight": "weight",
    "link": "link",
    "scale": "scale",
}
_PARTS = re.compile(r"#.*|;|[^;#\s][^;#]*")


class Token(NamedTuple):
    """A part of a line: from where to where, and what it is."""

    start: int
    end: int
    kind: Kind


def tokens(line: str) -> Iterator[Token]:
    """The parts of a line from left to right; white space between them is left out."""
    if len(line) > LONGEST:
        return
    keyword, field = "", 0
    kinds = {keyword.lower(): kind for keyword, kind in kinds_by_keyword().items()}
    for part in _PARTS.finditer(line):
        text = part.group().rstrip()
        start, end = part.start(), part.start() + len(text)
        if text[0] == "#":
            yield Token(start, end, "comment")
        elif text == ";":
            field += 1
            yield Token(start, end, "mark")
        elif field == 0:
            keyword = text.lower()
            is_known = keyword in kinds or keyword == TOTAL.lower()
            yield Token(start, end, "keyword" if is_known else "other")
        elif keyword in kinds:
            found = kinds[keyword].field(field - 1)
            yield Token(start, end, "other" if found is None else _BY_ROLE[found.role])
        else:
            yield Token(start, end, "plan" if keyword == TOTAL.lower() else "other")


@lru_cache(maxsize=1024)
def weight_start(line: str) -> int | None:
    """The first weight layer that a WeightBlock's line names, None on any other line."""
    for token in tokens(line):
        if token.kind == "weight":
            return parse_int(line[token.start : token.end])
    return None
