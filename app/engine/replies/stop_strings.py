"""Ends a reply where it says one of the user's stop strings, which is not part of it."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Lets a reply's text through, but for what may be the beginning of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.found = False
        """Whether a stop string was said; nothing comes through any more."""

    def add(self, piece: str) -> str:
        """The text that can be shown now that this piece has come."""
        if self.found:
            return ""
        self._held += piece
        at = [where for stop in self._stops if (where := self._held.find(stop)) >= 0]
        if at:
            self.found = True
            shown, self._held = self._held[: min(at)], ""
            return shown
        n_kept = max((_n_begun(self._held, stop) for stop in self._stops), default=0)
        n_shown = len(self._held) - n_kept
        shown, self._held = self._held[:n_shown], self._held[n_shown:]
        return shown

    def rest(self) -> str:
        """What was held back, when no text follows."""
        held, self._held = self._held, ""
        return held


def _n_begun(text: str, stop: str) -> int:
    """How many of the last characters of the text begin the stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
