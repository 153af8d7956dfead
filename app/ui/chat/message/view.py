"""One message of the transcript: a document of its own, so that streaming costs only its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.conversations.scale_moves import ScaleMove
from app.engine.replies.thinking import Parts, split_thinking
from app.ui.chat.composer import Composer
from app.ui.chat.message.fold import Fold
from app.ui.chat.message.head import MessageHead, small
from app.ui.chat.message.scale_marks import ScaleMarks
from app.ui.chat.message.text import MessageText

NO_TEXT = "(no text)"
SUMMARY = "The model's summary of what left the context"
THINKS, THOUGHT = "Thinking …", "Thoughts"


class EditField(Composer):
    """A message of the user's being written anew: Enter sends it, Escape leaves it as it was."""

    cancelled = Signal()

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)


class MessageView(QFrame):
    """A message with its author, its buttons and its footer."""

    edited = Signal(str)
    """The user wrote the message anew."""

    def __init__(self, author: str, kind: str, id: str = "", parent: QWidget | None = None) -> None:
        """`kind` is "user", "reply" or "error"; `id` is the message's, '' for an error."""
        super().__init__(parent)
        self.kind = kind
        self.id = id
        self._text = ""
        self._n_thought = 0
        """Characters that are shown of the thought before the answer."""
        self.thought: Fold | None = None
        self._edit: EditField | None = None
        self._marks: dict[MessageText, ScaleMarks] = {}

        self.body = MessageText()
        self.body.setAccessibleName(f"{author}'s message" if kind != "error" else "What went wrong")
        self._footer = QLabel()
        self._footer.setWordWrap(True)
        self._footer.setFont(small(self._footer))
        self._footer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._footer.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._footer.hide()

        self.head = MessageHead(author, kind, lambda: self.answer, self.body.toPlainText)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(4)
        self._column.addWidget(self.head)
        self._column.addWidget(self.body)
        self._column.addWidget(self._footer)

    @property
    def text(self) -> str:
        """The message so far, as the model or the user wrote it."""
        return self._text

    @property
    def answer(self) -> str:
        """The same without what the model thought before."""
        return split_thinking(self.text).answer if self.kind == "reply" else self.text

    def begin_edit(self) -> None:
        """Let the user write the message anew, in its place."""
        if self.edit_field is not None:
            self.edit_field.setFocus()
            return
        if self._edit is None:
            self._edit = EditField()
            self._edit.setAccessibleName("Edit your message")
            self._edit.submitted.connect(self._edit_sent)
            self._edit.cancelled.connect(self._end_edit)
            self._column.insertWidget(1, self._edit)
        self._edit.setPlainText(self.text)
        self._edit.selectAll()
        self.body.hide()
        self._edit.show()
        self._edit.setFocus()

    @property
    def edit_field(self) -> EditField | None:
        """Where the message is written anew, None while it is not."""
        return self._edit if self._edit is not None and self._edit.isVisible() else None

    def set_plain(self, text: str) -> None:
        """Show the text as it is."""
        self._text = text
        self.body.show_plain(text)

    def append(self, piece: str) -> None:
        """Add streamed text."""
        self._text += piece
        parts = split_thinking(self._text)
        self._show_thought(parts, thinks=parts.thinks)
        self.body.show_markdown(parts.answer, is_whole=False)

    def finish(self, text: str) -> None:
        """The whole message."""
        self._text = text
        parts = split_thinking(text)
        self._show_thought(parts, thinks=False)
        if parts.answer.strip():
            self.body.show_markdown(parts.answer)
        else:
            self.body.show_plain(NO_TEXT)

    def show_moves(self, moves: Sequence[ScaleMove]) -> None:
        """Mark where scales moved while the message was said."""
        if not moves and not self._marks:
            return
        answer = self.answer
        begin = len(self._text) - len(answer)
        self._mark(self.body, answer, begin, [move for move in moves if move.at >= begin])
        if self.thought is not None:
            thought = split_thinking(self._text).thought
            at = self._text.find(thought)
            early = [move for move in moves if move.at < begin]
            self._mark(self._thought_text, thought, at, early)
        self.body.setAccessibleDescription("; ".join(self.marks))

    def _mark(self, shown: MessageText, text: str, begin: int, moves: Sequence[ScaleMove]) -> None:
        """Mark the moves in a part of the message, which begins there."""
        if shown not in self._marks:
            self._marks[shown] = ScaleMarks(shown)
        self._marks[shown].show_moves(
            text, [replace(move, at=max(0, move.at - begin)) for move in moves]
        )

    @property
    def marks(self) -> list[str]:
        """What each mark says."""
        return [words for marks in self._marks.values() for words in marks.words]

    def _show_thought(self, parts: Parts, *, thinks: bool) -> None:
        if parts.thought and self.thought is None:
            self._thought_text = MessageText()
            self._thought_text.setFont(small(self._thought_text))
            self.thought = Fold("", self._thought_text)
            self._column.insertWidget(1, self.thought)
        if self.thought is not None:
            self.thought.set_title(THINKS if thinks else THOUGHT)
            self._thought_text.append_plain(parts.thought[self._n_thought :])
            self._n_thought = len(parts.thought)

    def show_summary(self, summary: str) -> None:
        """Tell what the model knows of the messages that had left when it answered; '' for
        nothing."""
        if summary:
            text = MessageText()
            text.setFont(small(text))
            text.show_plain(summary)
            self._column.insertWidget(1, Fold(SUMMARY, text))

    def set_footer(self, text: str) -> None:
        """How the reply went, in small type under it."""
        self._footer.setText(text)
        self._footer.setVisible(bool(text))

    @property
    def footer(self) -> str:
        """The footer's words."""
        return self._footer.text()

    def add_detail(self, title: str, lines: tuple[str, ...]) -> None:
        """A part that opens on demand, such as the engine's own words."""
        box = QPlainTextEdit("\n".join(lines))
        box.setReadOnly(True)
        box.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        box.setFixedHeight(box.fontMetrics().lineSpacing() * 9)
        self._column.addWidget(Fold(title, box))

    def add_button(self, words: str, action: object) -> QPushButton:
        """A button under the message, such as "Start again"."""
        button = QPushButton(words)
        button.setAutoDefault(False)
        button.clicked.connect(action)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        self._column.addLayout(row)
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.kind == "user":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.alternateBase())
            painter.drawRoundedRect(frame, 8, 8)
        elif self.kind == "error":
            painter.setPen(Qt.PenStyle.NoPen)
            tint = QColor(213, 94, 0, 34)
            painter.setBrush(tint)
            painter.drawRoundedRect(frame, 8, 8)
            tint.setAlpha(255)
            painter.setBrush(tint)
            painter.drawRoundedRect(QRectF(frame.left(), frame.top(), 4, frame.height()), 2, 2)

    def _edit_sent(self, text: str) -> None:
        if not self.head.busy:
            self._end_edit()
            self.edited.emit(text)

    def _end_edit(self) -> None:
        assert self._edit is not None
        self._edit.hide()
        self.body.show()
        if self.kind == "user":
            self.head.edit.setFocus()
