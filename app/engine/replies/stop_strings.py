"""Ends a reply where it says one of the user's stop strings, which is not part of it."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Lets a reply's text through, but for what may be the beginning of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._rest = ""
        self.found = False
        """Whether a stop string was said; nothing comes through any more."""

    def add(self, piece: str) -> str:
        """The text that can be shown now that this piece has come."""
        if self.found:
            return ""
        self._rest += piece
        at = [where for stop in self._stops if (where := self._rest.find(stop)) >= 0]
        if at:
            self.found = True
            piece_out, self._rest = self._rest[: min(at)], ""
            return piece_out
        n_kept = max((_n_begun(self._rest, stop) for stop in self._stops), default=0)
        n_shown = len(self._rest) - n_kept
        piece_out, self._rest = self._rest[:n_shown], self._rest[n_shown:]
        return piece_out

    def rest(self) -> str:
        """What was held back, when no text follows."""
        rest, self._rest = self._rest, ""
        return rest


def _n_begun(text: str, stop: str) -> int:
    """How many of the last characters of the text begin the stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
