"""The messages under each other, kept scrolled to the newest unless the user looks further up."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.chat.message_view import MessageView

SUGGESTIONS = (
    "What is the capital of France?",
    "Why is the sky blue?",
    "Write a short poem about the sea.",
)


class Transcript(QScrollArea):
    """What was said. While nothing was, it says what to do first."""

    suggestion_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAccessibleName("Transcript")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.messages: list[MessageView] = []
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._empty = self._make_empty_state()
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(page)
        self._follows = True
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._scrolled)

    def add(self, author: str, kind: str, text: str = "") -> MessageView:
        """A new message at the end; `kind` as in MessageView."""
        self._empty.hide()
        view = MessageView(author, kind)
        if text:
            view.set_plain(text)
        self.messages.append(view)
        self._column.insertWidget(self._column.count() - 1, view)
        self._follows = True
        return view

    def remove(self, view: MessageView) -> None:
        """Take a message out."""
        self.messages.remove(view)
        self._column.removeWidget(view)
        view.hide()
        view.deleteLater()
        self._empty.setVisible(not self.messages)

    def remove_after_last_prompt(self) -> None:
        """Take out what followed the user's last message: the reply and its errors."""
        while self.messages and self.messages[-1].kind != "user":
            self.remove(self.messages[-1])

    def clear(self) -> None:
        """Take out every message."""
        for view in tuple(self.messages):
            self.remove(view)

    def _range_changed(self, _low: int, high: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(high)

    def _scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - 4

    def _make_empty_state(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(4, 16, 4, 8)
        column.setSpacing(8)
        title = QLabel("Talk to the plan")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        title.setFont(font)
        hint = QLabel(
            "The reply comes from the model as your blocks arrange it. Run opens the plan; "
            "a message does so too."
        )
        hint.setWordWrap(True)
        column.addWidget(title)
        column.addWidget(hint)
        self._add_suggestions(column, SUGGESTIONS)
        return box

    def _add_suggestions(self, column: QVBoxLayout, texts: Sequence[str]) -> None:
        for text in texts:
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.setAccessibleDescription("Ask this")
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, t=text: self.suggestion_chosen.emit(t))
            column.addWidget(button)
