"""Fingers that type into the search popup over a canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.palette.search_popup import SearchPopup


class Fingers:
    """Types into the popup that is open over a canvas."""

    def __init__(self, canvas) -> None:
        self.canvas = canvas

    @property
    def popup(self) -> SearchPopup:
        (popup,) = [p for p in self.canvas.findChildren(SearchPopup) if p.isVisible()]
        return popup

    @property
    def titles(self) -> list[str]:
        return [entry.title for entry in self.popup.entries]

    @property
    def is_open(self) -> bool:
        return any(p.isVisible() for p in self.canvas.findChildren(SearchPopup))

    def type(self, text: str) -> None:
        QTest.keyClicks(self.popup.line, text)

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.popup.line, key)

    def enter(self) -> None:
        self.key(Qt.Key.Key_Return)


@pytest.fixture
def fingers(canvas) -> Fingers:
    return Fingers(canvas)
