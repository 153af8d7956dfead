"""Searching conversations: what a query asks for, and what is shown of a hit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_BEFORE, _LONGEST = 24, 120


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of the list of conversations; `message` is the latest that a search has found."""

    id: str
    title: str
    updated: float
    """Seconds since 1970."""
    message: str | None = None
    excerpt: str = ""


def words_of(query: str) -> list[str]:
    """The query's words, in small letters."""
    return query.casefold().split()


def fits(text: str, words: Sequence[str]) -> bool:
    """Whether a title holds every word."""
    folded = text.casefold()
    return all(word in folded for word in words)


def matching(query: str) -> tuple[str, str]:
    """An SQL condition on messages with its one parameter: those that hold the query's words, or
    begin with them.

    Signs alone, and scripts that put no spaces between words, are searched for as they stand.
    """
    tokens = re.findall(r"\w+", query)
    has_letters_of_no_case = any(unicodedata.category(sign) == "Lo" for sign in query)
    if tokens and not has_letters_of_no_case:
        match = " ".join(f'"{token}"*' for token in tokens)
        return "number IN (SELECT rowid FROM word WHERE word MATCH ?)", match
    escaped = re.sub(r"([\\%_])", r"\\\1", query.strip())
    return r"text LIKE ? ESCAPE '\'", f"%{escaped}%"


def excerpt(text: str, words: Sequence[str]) -> str:
    """A line of the text around the first of the words."""
    line = " ".join(text.split())
    folded = line.casefold()
    at = min((i for i in (folded.find(word) for word in words) if i >= 0), default=0)
    start = max(0, at - _BEFORE)
    start = line.find(" ", start, at) + 1 if start else 0
    shown = line[start : start + _LONGEST]
    before = "… " if start else ""
    return f"{before}{shown}{' …' if start + _LONGEST < len(line) else ''}"
