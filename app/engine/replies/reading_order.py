"""In which pieces the tokens of a KV cache were evaluated. What a token leaves there depends a
little on how many were evaluated with it: only the same pieces give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple


class Piece(NamedTuple):
    """Tokens that were evaluated together, and how many of them, the first ones, are kept."""

    n_tokens: int
    n_kept: int


Order = tuple[tuple[int, int, int], ...]
"""Tokens, kept ones, and how many such pieces follow each other."""


class ReadingOrder:
    """The pieces of a KV cache from its beginning on."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def add(self, n_tokens: int) -> None:
        """Take note that so many were evaluated."""
        self._pieces.append(Piece(n_tokens, n_tokens))

    def cut(self, n_kept: int) -> None:
        """Take note that only the first so many are kept."""
        excess = sum(piece.n_kept for piece in self._pieces) - n_kept
        while excess > 0:
            last = self._pieces.pop()
            if last.n_kept > excess:
                self._pieces.append(Piece(last.n_tokens, last.n_kept - excess))
            excess -= last.n_kept

    def take_out(self, begin: int, end: int) -> None:
        """Take note that the tokens of these places are gone: no order gives that again."""
        n_left = sum(piece.n_kept for piece in self._pieces) - (end - begin)
        self._pieces = [Piece(n_left, n_left)]

    def pieces(self) -> Order:
        """The pieces, in few numbers."""
        return tuple((*piece, len(list(same))) for piece, same in groupby(self._pieces))


def pieces_of(order: Sequence[Sequence[int]], n_tokens: int, n_batch: int) -> Iterator[Piece]:
    """The pieces in which to read so many tokens: in this order where it is theirs, else in
    batches."""
    fits = all(len(entry) == 3 and 0 < entry[1] <= entry[0] <= n_batch for entry in order)
    if order and fits and sum(kept * times for _, kept, times in order) == n_tokens:
        for size, kept, times in order:
            yield from [Piece(size, kept)] * times
        return
    for at in range(0, n_tokens, n_batch):
        size = min(n_batch, n_tokens - at)
        yield Piece(size, size)
