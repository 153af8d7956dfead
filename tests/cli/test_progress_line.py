"""The line that tells on a terminal how far a command is."""

from __future__ import annotations

import io
import sys

import pytest

from app.cli.progress import progress_line
from app.engine.messages import Progress, TextPiece


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_is_written_over_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_line() as line:
        line.on_event(Progress("Evaluating text", 0.4249, 312.4, 65.2))
        line.on_event(TextPiece("not its business"))
        line.on_event(Progress("Done", 1.0))
    first, second, cleared, end = terminal.getvalue().split("\r")[1:]
    assert first == "Evaluating text 42 %, 312 tokens/s, 1:05 left"
    assert second == "Done 100 %".ljust(len(first))
    assert cleared.strip() == end == ""


def test_pipes_and_files_stay_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress_line() as line:
        line.on_event(Progress("Evaluating text", 0.5, 300.0, 60.0))
    assert pipe.getvalue() == ""
