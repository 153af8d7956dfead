"""A part of a message that opens on demand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from app.ui.chat.message.head import small


class Fold(QWidget):
    """A line to click, and under it the content, which is hidden at first."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self.content = content
        self.toggle = QToolButton()
        self.toggle.setCheckable(True)
        self.toggle.setAutoRaise(True)
        self.toggle.setFont(small(self.toggle))
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setMinimumWidth(1)  # words are cut before they widen the whole transcript
        self.toggle.toggled.connect(self._show)
        self.set_title(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.toggle)
        column.addWidget(content)
        self._show(False)

    def set_title(self, title: str) -> None:
        """Name what is inside."""
        self.toggle.setText(title)
        self.content.setAccessibleName(title)

    def _show(self, on: bool) -> None:
        self.content.setVisible(on)
        self.toggle.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
