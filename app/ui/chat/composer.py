"""Where the user writes: Enter sends, Shift+Enter breaks the line, the field grows."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

MAX_LINES = 7


class Composer(QPlainTextEdit):
    """A message being written."""

    submitted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suggestion = ""
        self.setAccessibleName("Message to the model")
        self.setPlaceholderText("Write a message; Enter sends it")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().setDocumentMargin(6)
        self.textChanged.connect(self._fit)
        self._fit()

    def suggest(self, text: str) -> None:
        """Put in a proposal, selected: Enter sends it, typing replaces it."""
        self._suggestion = text
        self.setPlainText(text)
        self.selectAll()

    @property
    def holds_suggestion(self) -> bool:
        """Whether the text is still the untouched proposal."""
        return bool(self._suggestion) and self.toPlainText() == self._suggestion

    def submit(self) -> None:
        """Send what is written, if anything is; the receiver empties the field."""
        text = self.toPlainText().strip()
        if text:
            self.submitted.emit(text)

    def take(self) -> None:
        """Empty the field after its text was sent."""
        self._suggestion = ""
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.submit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Dropped files are for the window, which opens them."""
        return not source.hasUrls() and super().canInsertFromMimeData(source)

    def _fit(self) -> None:
        lines = min(max(1, round(self.document().size().height())), MAX_LINES)
        margins = 2 * (self.frameWidth() + self.document().documentMargin())
        self.setFixedHeight(round(lines * self.fontMetrics().lineSpacing() + margins + 2))
