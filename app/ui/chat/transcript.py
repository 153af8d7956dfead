"""The messages under each other, kept scrolled to the newest unless the user looks further up."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
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

from app.conversations.conversation import Conversation, Message
from app.ui.chat.message.view import MessageView
from app.ui.chat.reply_footer import footer_of
from app.ui.widgets.link_button import LinkButton

SUGGESTIONS = (
    "What is the capital of France?",
    "Why is the sky blue?",
    "Write a short poem about the sea.",
)


AT_ONCE = 40
"""Of a long conversation so many messages are laid out at once, the latest first."""
_N_BEFORE = 2
"""Widgets in the column before the messages."""


class Transcript(QScrollArea):
    """What was said. While nothing was, it says what to do first."""

    suggestion_chosen = Signal(str)
    edited = Signal(str, str)
    """A message's id and what the user wrote in its place."""
    flipped = Signal(str)
    """The id of the variant to be shown."""
    regenerate_requested = Signal(str)
    regenerate_same_requested = Signal(str)
    continue_requested = Signal(str)
    ask_other_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAccessibleName("Transcript")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.messages: list[MessageView] = []
        self._conversation = Conversation()
        self._n_earlier = 0
        self._variants: dict[str, list[str]] = {}
        self._busy = False
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._empty = self._make_empty_state()
        self._column.addWidget(self._empty)
        self._earlier = LinkButton("")
        self._earlier.clicked.connect(self._show_earlier)
        self._earlier.hide()
        self._column.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(1)
        self.setWidget(page)
        self._follows = True
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._scrolled)

    def show_path(self, conversation: Conversation) -> None:
        """Show the conversation's chosen path. What is shown of it already stays, with what went
        wrong there."""
        self._conversation = conversation
        path = self._shown_part(conversation.path)
        n_same = n_kept = 0
        for place, view in enumerate(self.messages, 1):
            if view.id:
                if n_same == len(path) or view.id != path[n_same].id:
                    break
                n_same += 1
                n_kept = place
            elif n_same:
                n_kept = place
        for view in self.messages[n_kept:]:
            self.remove(view)
        for message in path[n_same:]:
            self._add_message(message)
        views = [view for view in self.messages if view.id]
        for view, message in zip(views, path, strict=True):
            ids = [m.id for m in conversation.variants(message.id)]
            view.head.show_variants(ids.index(message.id), len(ids))
            view.head.can_continue = message is path[-1] and _stopped_early(message)
            self._variants[message.id] = ids
        self._show_n_earlier()

    def add_error(self, sentence: str) -> MessageView:
        """What went wrong, at the end."""
        view = MessageView("Something went wrong", "error")
        self._put(view)
        view.set_plain(sentence)
        return view

    def remove(self, view: MessageView) -> None:
        """Take a message out of what is shown."""
        self.messages.remove(view)
        self._column.removeWidget(view)
        view.hide()
        view.deleteLater()
        self._empty.setVisible(not self.messages)

    def remove_last_errors(self) -> None:
        """Take out what is said at the end of something that went wrong."""
        while self.messages and not self.messages[-1].id:
            self.remove(self.messages[-1])

    def set_busy(self, busy: bool) -> None:
        """Allow only copying while a reply comes."""
        self._busy = busy
        for view in self.messages:
            view.head.set_busy(busy)

    def last(self, kind: str) -> MessageView | None:
        """The last message of a kind, None where there is none."""
        return next((view for view in reversed(self.messages) if view.kind == kind), None)

    def edit(self, view: MessageView) -> None:
        """Let the user write a message anew."""
        view.begin_edit()
        self.look_at(view.id)

    def view_of(self, id: str) -> MessageView:
        """The view of a message that is shown."""
        return next(view for view in self.messages if view.id == id)

    def look_at(self, id: str) -> None:
        """Scroll to a message of the path, once it is laid out."""
        while self._n_earlier and all(view.id != id for view in self.messages):
            self._show_earlier()
        view = self.view_of(id)
        self._follows = False
        QTimer.singleShot(0, view, lambda: self.ensureWidgetVisible(view, 0, 0))

    def _shown_part(self, path: Sequence[Message]) -> Sequence[Message]:
        """The end of the path, from where it is shown already; of a long one only the latest."""
        first = next((view.id for view in self.messages if view.id), "")
        ids = [message.id for message in path]
        self._n_earlier = ids.index(first) if first in ids else max(0, len(path) - AT_ONCE)
        return path[self._n_earlier :]

    def _show_earlier(self) -> None:
        """Show more of what was said before, and stay where one is."""
        bar = self.verticalScrollBar()
        below = bar.maximum() - bar.value()
        path = self._conversation.path[: self._n_earlier]
        self._n_earlier = max(0, self._n_earlier - AT_ONCE)
        for place, message in enumerate(path[self._n_earlier :]):
            self._add_message(message, place)
        self.show_path(self._conversation)
        self._follows = False
        QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - below))

    def _show_n_earlier(self) -> None:
        self._earlier.setVisible(self._n_earlier > 0)
        self._earlier.setText(f"Show earlier messages ({self._n_earlier})")

    def _add_message(self, message: Message, place: int | None = None) -> None:
        record = message.record
        is_reply = message.role == "assistant"
        author = (record.plan_name if record is not None else "") or "Model" if is_reply else "You"
        view = MessageView(author, "reply" if is_reply else "user", message.id)
        self._put(view, place)
        if not is_reply or (not message.text and record is not None and not record.has_ended):
            view.set_plain(message.text)
        else:
            view.finish(message.text)
            if record is not None:
                view.show_summary(record.statistics.summary)
                view.show_moves(record.moves)
            view.set_footer(footer_of(record))
        head, id = view.head, message.id
        head.edit_requested.connect(lambda: self.edit(view))
        head.regenerate_requested.connect(lambda: self.regenerate_requested.emit(id))
        head.regenerate_same_requested.connect(lambda: self.regenerate_same_requested.emit(id))
        head.continue_requested.connect(lambda: self.continue_requested.emit(id))
        head.ask_other_requested.connect(lambda: self.ask_other_requested.emit(id))
        head.remove_requested.connect(lambda: self.remove_requested.emit(id))
        head.flipped.connect(lambda step: self.flipped.emit(self._neighbour(id, step)))
        view.edited.connect(lambda text: self.edited.emit(id, text))

    def _put(self, view: MessageView, place: int | None = None) -> None:
        """Show a message at this place, else at the end."""
        self._empty.hide()
        view.head.set_busy(self._busy)
        if place is None:
            self._follows = True
            place = len(self.messages)
        self.messages.insert(place, view)
        self._column.insertWidget(_N_BEFORE + place, view)

    def _neighbour(self, id: str, step: int) -> str:
        ids = self._variants[id]
        return ids[ids.index(id) + step]

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
            "Replies come from the model as your blocks arrange it. Run opens the plan; so does "
            "sending a message."
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


def _stopped_early(message: Message) -> bool:
    record = message.record
    return record is not None and bool(message.text) and record.statistics.stop_reason != "end"
