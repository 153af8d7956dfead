"""How far a long command is, on one line of the terminal that is written over and over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.engine.messages import Event, Progress


class ProgressLine:
    """Writes to standard error where that is a terminal; pipes and files stay clean."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr.isatty()
        self._n_written = 0

    def on_event(self, event: Event) -> None:
        """Shows the progress of one request."""
        if isinstance(event, Progress):
            self.show(event.phase, event.fraction, event.tokens_per_s, event.seconds_left)

    def show(
        self, phase: str, fraction: float, tokens_per_s: float, seconds_left: float | None
    ) -> None:
        """Such as “Evaluating text 42 %, 310 tokens/s, 1:05 left”."""
        parts = [f"{phase} {fraction:.0%}".replace("%", " %")]
        if tokens_per_s:
            parts.append(f"{tokens_per_s:.0f} tokens/s")
        if seconds_left is not None:
            minutes, seconds = divmod(round(seconds_left), 60)
            parts.append(f"{minutes}:{seconds:02} left")
        self._write(", ".join(parts))

    def clear(self) -> None:
        """Takes the line away."""
        self._write("")

    def _write(self, line: str) -> None:
        if self._is_seen and (line or self._n_written):
            sys.stderr.write(f"\r{line.ljust(self._n_written)}" + ("" if line else "\r"))
            sys.stderr.flush()
            self._n_written = len(line)


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A line for as long as the block runs."""
    line = ProgressLine()
    try:
        yield line
    finally:
        line.clear()
