"""The parts of a line of layerBlocks text, for colouring: what stands where and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from app.plan.lines import KEYWORDS, parse_int

Kind = Literal["keyword", "plan", "weight", "link", "scale", "mark", "comment", "other"]

LONGEST = 4000
"""A longer line is no statement; it is left in one colour."""

_PARTS = re.compile(r"#.*|;|[^;#\s][^;#]*")
_WEIGHT_FIELDS: tuple[Kind, ...] = ("plan", "plan", "weight", "link")


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
    for part in _PARTS.finditer(line):
        text = part.group().rstrip()
        start, end = part.start(), part.start() + len(text)
        if text[0] == "#":
            yield Token(start, end, "comment")
        elif text == ";":
            field += 1
            yield Token(start, end, "mark")
        elif field == 0:
            keyword = KEYWORDS.get(text.lower(), "")
            yield Token(start, end, "keyword" if keyword else "other")
        else:
            yield Token(start, end, _kind(keyword, field))


@lru_cache(maxsize=1024)
def weight_start(line: str) -> int | None:
    """The first weight layer that a WeightBlock's line names, None on any other line."""
    for token in tokens(line):
        if token.kind == "weight":
            return parse_int(line[token.start : token.end])
    return None


def _kind(keyword: str, field: int) -> Kind:
    if keyword == "WeightBlock" and field <= len(_WEIGHT_FIELDS):
        return _WEIGHT_FIELDS[field - 1]
    if keyword == "MergeBlock":
        return "link" if field % 2 else "scale"
    return "plan" if keyword == "TotalLayers" else "other"
