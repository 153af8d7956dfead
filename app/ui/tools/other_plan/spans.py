"""A reply's tokens as text: whole characters, whichever tokens they are made of."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SHOWN = {"\n": "↵", "\r": "␍", "\t": "⇥"}


@dataclass(frozen=True, slots=True)
class Span:
    """Text that tokens `[first, end)` make together: one token, unless a character has several."""

    text: str
    first: int
    end: int


def spans_of(pieces: Sequence[bytes]) -> Iterator[Span]:
    """The tokens' bytes as text; those that are no UTF-8 are replaced."""
    utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
    first, text = 0, ""
    for at, piece in enumerate(pieces):
        text += utf8.decode(piece, final=at == len(pieces) - 1)
        if not utf8.getstate()[0]:
            yield Span(text, first, at + 1)
            first, text = at + 1, ""


def laid_out(text: str) -> str:
    """The text with a sign where a line ends, as a token's end is not seen there otherwise."""
    return text.replace("\n", "↵\n")


def in_one_line(piece: bytes) -> str:
    """A token's text in one line, with signs for what is not seen; its bytes where they are but
    part of a character."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return piece.hex(" ").upper()
    inner = text.strip(" ")
    n_before = len(text) - len(text.lstrip(" "))
    n_after = len(text) - len(inner) - n_before
    return "␣" * n_before + "".join(map(_shown, inner)) + "␣" * n_after


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return _SHOWN.get(character, f"U+{ord(character):04X}")
