"""The lines of a layerBlocks text, cut into fields and comment, and the numbers in them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

KEYWORDS = {
    "weightblock": "WeightBlock",
    "mergeblock": "MergeBlock",
    "totallayers": "TotalLayers",
}

_INT = re.compile(r"[+-]?[0-9]{1,12}")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something: its number from 1, its statement and its comment from the `#` on.

    `keyword` is the statement's kind as KEYWORDS spells it, "" where none can be told. `meant` is
    True where the keyword or the separators are not written as they must be, but it is plain what
    was meant; `fields` are what follows the keyword.
    """

    number: int
    statement: str
    keyword: str
    fields: tuple[str, ...]
    meant: bool
    comment: str


def split_lines(text: str) -> Iterator[Line]:
    """The lines that hold a statement or a comment."""
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")), 1):
        statement, hash_, comment = raw.partition("#")
        statement = statement.strip()
        if not statement and not hash_:
            continue
        keyword, fields, meant = _keyword_and_fields(statement)
        yield Line(number, statement, keyword, fields, meant, (hash_ + comment).strip())


def _keyword_and_fields(statement: str) -> tuple[str, tuple[str, ...], bool]:
    first, *rest = (field.strip() for field in statement.split(";"))
    keyword = KEYWORDS.get(first.lower())
    if keyword is not None:
        return keyword, tuple(rest), False
    if not rest:
        first, *rest = [w for w in re.split(r"[,\s]+", statement[:1000]) if w] or [""]
    word = first.lower()
    if rest and word[:1] in ("w", "m", "t") and len(word) <= 20:
        from difflib import get_close_matches  # slow to import, and seldom wanted

        for close in get_close_matches(word, KEYWORDS, n=1, cutoff=0.8):
            return KEYWORDS[close], tuple(rest), True
    return "", (), False


def parse_int(field: str) -> int | None:
    """A whole number of at most twelve ASCII digits, or None."""
    return int(field) if _INT.fullmatch(field) else None


def parse_float(field: str) -> float | None:
    """A decimal number as in C, `inf` and `nan` included, or None."""
    if field.lower().lstrip("+-") in ("inf", "infinity", "nan"):
        return math.inf
    if len(field) > _LONGEST_NUMBER or not _FLOAT.fullmatch(field):
        return None
    return float(field)


def shown(text: str) -> str:
    """A piece of a foreign text, short and printable enough to stand in a sentence."""
    printable = "".join(c if c.isprintable() else "·" for c in text[:41])
    return f"“{printable[:40]}…”" if len(text) > 40 else f"“{printable}”"
