"""Where in a reply merge scales moved while it was said."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec

from app.plan.json_records import FiniteNumber

ONE_MARK_S = 1.0
"""Moves within that time are told as one, where the first of them was."""


@dataclass(frozen=True, slots=True)
class ScaleMove:
    """A scale that moved: what comes after the first `at` characters was said with the new one.

    Moves with the same `at` are one mark.
    """

    at: Annotated[int, msgspec.Meta(ge=0)]
    block: int
    input: int
    """From 0."""
    before: FiniteNumber
    after: FiniteNumber

    @property
    def words(self) -> str:
        """Such as "Scale of merge 3, input 2: 0.25 → 0.40"."""
        scales = f"{_shown(self.before)} → {_shown(self.after)}"
        return f"Scale of merge {self.block}, input {self.input + 1}: {scales}"


class ScaleMoves:
    """The moves of a reply that is coming."""

    def __init__(self, moves: Iterable[ScaleMove] = ()) -> None:
        self.all = tuple(moves)
        self._marked_at = -math.inf

    def add(self, moves: Iterable[ScaleMove], now: float) -> None:
        """Take in moves at one place; `now` in seconds."""
        for move in moves:
            mark = self.all[-1].at if self.all else -1
            if move.at != mark and now - self._marked_at >= ONE_MARK_S:
                mark, self._marked_at = move.at, now
            move = replace(move, at=mark)
            known = next((m for m in self.all if _are_of_one(m, move)), None)
            if known is not None:
                joined = replace(known, after=move.after)
                self.all = tuple(joined if m is known else m for m in self.all)
            else:
                self.all += (move,)


def _are_of_one(move: ScaleMove, other: ScaleMove) -> bool:
    """Whether they are of the same scale at the same mark."""
    return (move.at, move.block, move.input) == (other.at, other.block, other.input)


def _shown(scale: float) -> str:
    words = f"{scale:.2f}" if round(scale, 2) == round(scale, 4) else f"{scale:.4g}"
    return words.replace("-", "−")
