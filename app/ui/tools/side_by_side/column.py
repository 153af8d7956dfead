"""A column: the plan that answers in it, its reply with what differs, and how that went."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.chat.message.head import small
from app.ui.chat.reply_in_progress import ReplyInProgress
from app.ui.state.documents import Documents
from app.ui.tools.side_by_side.plan_choice import FilesOf, PlanChoice
from app.ui.widgets import theme as themes
from app.ui.widgets.icons import set_icon
from app.ui.widgets.quantity import quantity

TAKE, TAKEN = "Use this reply", "In use"
_FOOTER_LINES = 4


class Column(QFrame):
    """One plan, and its last reply."""

    take_requested = Signal()
    remove_requested = Signal()

    def __init__(
        self,
        number: int,
        documents: Documents,
        files_of: FilesOf,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._reply: ReplyInProgress | None = None
        self._marks: Sequence[bool] = ()
        self.choice = PlanChoice(number, documents, files_of)
        self.remove = QToolButton()
        set_icon(self.remove, "close")
        self.remove.setAutoRaise(True)
        self.remove.setToolTip("Remove this column")
        self.remove.setAccessibleName(f"Remove column {number}")
        self.remove.clicked.connect(lambda _checked=False: self.remove_requested.emit())
        self.body = QTextEdit()
        self.body.setReadOnly(True)
        self.body.setTabChangesFocus(True)
        self.body.setAccessibleName(f"Reply in column {number}")
        self.body.document().setDocumentMargin(8)
        self.footer = QLabel()
        self.footer.setWordWrap(True)
        self.footer.setTextFormat(Qt.TextFormat.PlainText)
        self.footer.setFont(small(self.footer))
        self.footer.setMinimumHeight(_FOOTER_LINES * QFontMetrics(self.footer.font()).height())
        self.footer.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.footer.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.footer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.take = QPushButton(TAKE)
        self.take.setAutoDefault(False)
        self.take.setToolTip(
            "Continue the conversation with this reply; the others stay as variants"
        )
        self.take.clicked.connect(lambda _checked=False: self.take_requested.emit())
        self.copy = QPushButton("Copy")
        self.copy.setAutoDefault(False)
        self.copy.setToolTip("Copy this reply as Markdown")
        self.copy.clicked.connect(self._copy)
        self._lay_out()
        self.show_state(taken=False, busy=False)

    @property
    def id(self) -> str:
        """The reply's in the conversation, '' where there is none."""
        return self._reply.id if self._reply is not None else ""

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._reply.text if self._reply is not None else ""

    @property
    def tokens(self) -> Sequence[str]:
        """The reply so far, by tokens."""
        return self._reply.tokens if self._reply is not None else ()

    def begin(self) -> None:
        """Another reply is coming."""
        self._reply, self._marks = None, ()
        self.body.clear()
        self.body.setExtraSelections([])
        self.footer.setText("")

    def show_reply(self, reply: ReplyInProgress, tokens: Sequence[str]) -> None:
        """Show the next tokens of the reply, at its end where the user looks there, and how it
        went once all is there."""
        self._reply = reply
        if reply.record.has_ended:
            self.footer.setText(reply.footer)
        elif tokens:
            self.footer.setText("")
        if not tokens:
            return
        bar = self.body.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.body.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(_shown("".join(tokens)))
        if follows:
            bar.setValue(bar.maximum())

    def settle(self) -> bool:
        """Whether there is a reply, now that no more comes."""
        if self._reply is None or not self._reply.settle():
            self._reply = None
            return False
        self.footer.setText(self._reply.footer)
        return True

    def mark(self, differs: Sequence[bool]) -> None:
        """Underline and tint the tokens that differ."""
        self._marks = differs
        theme = themes.current()
        form = QTextCharFormat()
        form.setBackground(themes.mixed(theme.base, theme.accent, 0.2))
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        form.setUnderlineColor(theme.accent)
        ends = list(accumulate((_n_units(token) for token in self.tokens), initial=0))
        selections = []
        for is_marked, run in groupby(range(len(differs)), key=differs.__getitem__):
            if is_marked:
                first, *rest = run
                selection = QTextEdit.ExtraSelection()
                cursor = QTextCursor(self.body.document())
                cursor.setPosition(ends[first])
                last = rest[-1] if rest else first
                cursor.setPosition(ends[last + 1], QTextCursor.MoveMode.KeepAnchor)
                selection.cursor, selection.format = cursor, form
                selections.append(selection)
        self.body.setExtraSelections(selections)
        n_marked = quantity(sum(differs), "token")
        self.body.setAccessibleDescription(f"{n_marked} of {len(differs)} underlined")

    def show_state(self, *, taken: bool, busy: bool) -> None:
        """Whether the conversation goes on with this reply, and whether replies are coming."""
        has_reply = bool(self.id and self.text)
        self.take.setText(TAKEN if taken and has_reply else TAKE)
        self.take.setEnabled(has_reply and not taken and not busy)
        self.copy.setEnabled(has_reply)
        self.remove.setEnabled(not busy)
        self.choice.setEnabled(not busy)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._marks:
            self.mark(self._marks)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.choice, 1)
        head.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.take, 1)
        below.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.body, 1)
        column.addWidget(self.footer)
        column.addLayout(below)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)


def _shown(text: str) -> str:
    """The text as the document counts it: a line's end is one character there."""
    return text.replace("\r", "")


def _n_units(token: str) -> int:
    """The length of a token in the document, which counts in UTF-16."""
    return len(_shown(token).encode("utf-16-le")) // 2
