"""Sentences for the user that need no answer: each passes in the status line."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Notices(QObject):
    """Whoever did something that shows nowhere else posts a sentence here."""

    posted = Signal(str)

    def post(self, sentence: str) -> None:
        """Show a sentence for a moment."""
        self.posted.emit(sentence)
