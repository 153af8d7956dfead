"""A line of a layerBlocks text, cut into fields and comment, and the numbers in its fields."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_INT = re.compile(r"[+-]?[0-9]{1,12}")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something: its number from 1, its statement and its comment from the `#` on.

    `keyword` is the statement's first word as it is to be spelt, "" where none can be told.
    `meant` is True where the keyword or the separators are not written as they must be, but it is
    plain what was meant; `fields` are what follows the keyword.
    """

    number: int
    statement: str
    keyword: str
    fields: tuple[str, ...]
    meant: bool
    comment: str


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
