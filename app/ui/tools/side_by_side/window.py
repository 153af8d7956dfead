"""The window in which several plans answer the same prompts beside each other."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
)

from app.plan.faders import faders_of
from app.ui.chat.composer import Composer
from app.ui.chat.panel import ChatPanel
from app.ui.state.plan_runner import PlanNotReady
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.tools.side_by_side.column import Column
from app.ui.tools.side_by_side.differences import differences
from app.ui.tools.side_by_side.flow import SLOTS, SideBySideFlow
from app.ui.tools.side_by_side.plan_choice import NamedRecipe, is_over
from app.ui.widgets.icons import set_icon
from app.ui.widgets.quiet_label import QuietLabel

MARK_MS = 150
_EVEN = 1000
"""More than columns are wide, so that the splitter shares evenly what there is."""
_STEP = 0.25
"""How far off the plan's own the fader of the second column is at first."""
_SENTENCE = (
    "The same prompt, seed and settings for each column. Underlined: tokens that differ from "
    "the first column; in the first, tokens that no other column has."
)
_SAME = (
    "These columns have the same plan, so their replies are the same: choose another plan or fader."
)
_OTHER_FILES = (
    "These plans run on different model files. Side by side they share one copy of the weights: "
    "choose plans with the same files in the same order."
)
_NOTHING_ASKED = "Write a message below; all columns answer it."


class SideBySide(QDialog):
    """A window of its own beside the main one, over the conversation that is open there."""

    def __init__(self, services: Services, chat: ChatPanel) -> None:
        super().__init__(services.window)
        self.setWindowTitle("Side by side")
        self._chat = chat
        self._conversations = services.conversations
        self._documents = services.documents
        self._files_of = services.sources.files_of
        self._tasks = services.tasks
        self._is_closed = self._is_marking = False
        self.flow = SideBySideFlow(services, chat, self)
        self.columns: list[Column] = []
        self.prompt = QuietLabel()
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setAccessibleName("Problem")
        self.problem.hide()
        self.composer = Composer()
        self.add = QPushButton("Add a column")
        self.again = QPushButton("Answer the last prompt")
        self.again.setToolTip(
            "Ask all columns the last prompt again; earlier replies stay as variants"
        )
        self.send = QPushButton()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._mark_soon = QTimer(self, singleShot=True, interval=MARK_MS)
        self._lay_out()
        self._connect()
        self._add_first_columns()
        self._show_state()
        self.resize(960, 640)
        self.composer.setFocus()

    def add_column(self) -> Column:
        """One more column, up to four."""
        column = Column(len(self.columns) + 1, self._documents, self._files_of)
        column.take_requested.connect(lambda: self._take(column))
        column.remove_requested.connect(lambda: self._remove(column))
        column.choice.changed.connect(self._show_sameness)
        self.columns.append(column)
        self._splitter.addWidget(column)
        self._splitter.setSizes([_EVEN] * len(self.columns))
        self._show_state()
        return column

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape stops the replies that are coming; where none are it closes the window."""
        if event.key() == Qt.Key.Key_Escape and self.flow.is_answering:
            self._chat.flow.stop()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._show_documents()  # the plans may have other faders by now

    def _lay_out(self) -> None:
        sentence = QLabel(_SENTENCE)
        sentence.setWordWrap(True)
        set_icon(self.add, "add")
        set_icon(self.again, "regenerate")
        for button in (self.add, self.again, self.send):
            button.setAutoDefault(False)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(sentence, 1)
        above.addWidget(self.add, 0, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.composer, 1)
        below.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        below.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(self.prompt)
        column.addWidget(self._splitter, 1)
        column.addWidget(self.problem)
        column.addLayout(below)

    def _connect(self) -> None:
        self.add.clicked.connect(lambda _checked=False: self.add_column())
        self.again.clicked.connect(lambda _checked=False: self._ask_again())
        self.send.clicked.connect(lambda _checked=False: self._send_or_stop())
        self.composer.submitted.connect(self._submit)
        self.composer.textChanged.connect(self._show_state)
        self.flow.failed.connect(self._say)
        self.flow.progressed.connect(self._show_progress)
        self.flow.changed.connect(self._mark_later)
        self._mark_soon.timeout.connect(lambda: self._tasks.start(self._mark()))
        self._chat.flow.busy_changed.connect(self._show_state)
        self._conversations.replaced.connect(self._show_state)
        self._documents.changed.connect(self._show_documents)
        self.finished.connect(self._close)

    def _add_first_columns(self) -> None:
        """The shown plan beside another one, or beside itself at another ratio."""
        here = self._documents.active
        self.add_column().choice.choose(here)
        second = self.add_column().choice
        files = self._files_of(here)
        others = (d for d in self._documents.all if d is not here)
        other = next((d for d in others if is_over(self._files_of(d), files)), None)
        faders = faders_of(self._documents.plan_of(here))
        if other is not None:
            second.choose(other)
        elif faders:
            step = -_STEP if faders[0].scale >= _STEP else _STEP
            second.choose(here, faders[0], round(faders[0].scale + step, 3))

    def _show_documents(self) -> None:
        for column in self.columns:
            column.choice.show_documents()

    def _remove(self, column: Column) -> None:
        self.columns.remove(column)
        column.setParent(None)
        column.deleteLater()
        self._show_state()
        self._mark_later()

    def _take(self, column: Column) -> None:
        self._chat.conversation_actions.flip_to(column.id)

    def _submit(self, text: str) -> None:
        if self._ask(lambda answers: self.flow.send(text, answers)):
            self.composer.take()

    def _ask_again(self) -> None:
        prompt = self._last_prompt()
        self._ask(lambda answers: self.flow.ask(prompt, answers))

    def _ask(self, ask: Callable[[list[tuple[NamedRecipe, Column]]], None]) -> bool:
        """Whether all was ready to be asked."""
        if self._chat.flow.busy:
            return False
        self.problem.hide()
        try:
            answers = [(column.choice.named_recipe(), column) for column in self.columns]
        except PlanNotReady as error:
            self._say(str(error))
            return False
        most = max((named.files for named, _ in answers), key=len)
        if any(not is_over(named.files, most) for named, _ in answers):
            self._say(_OTHER_FILES)
            return False
        ask(answers)
        self._show_state()
        return True

    def _send_or_stop(self) -> None:
        if self._chat.flow.busy:
            self._chat.flow.stop()
        else:
            self.composer.submit()

    def _last_prompt(self) -> str:
        """The id of what the user asked last, '' where nothing was."""
        path = self._conversations.current.path
        return next((m.id for m in reversed(path) if m.role == "user"), "")

    def _say(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.show()

    def _show_progress(self, words: str) -> None:
        for column in self.columns:
            if not column.tokens:
                column.footer.setText(words)

    def _show_sameness(self) -> None:
        try:
            recipes = {column.choice.named_recipe().recipe for column in self.columns}
        except PlanNotReady:
            return
        if len(recipes) == 1 < len(self.columns):
            self._say(_SAME)
        elif self.problem.text() == _SAME:
            self.problem.hide()

    def _show_state(self, _busy: bool = False) -> None:
        busy, conversation = self._chat.flow.busy, self._conversations.current
        shown = {message.id for message in conversation.path}
        for column in self.columns:
            if column.id and not busy and column.id not in conversation.messages:
                column.begin()
            column.show_state(taken=column.id in shown, busy=busy)
            column.remove.setVisible(len(self.columns) > 2)
        last = self._last_prompt()
        asked = conversation.messages[last].text if last else ""
        self.prompt.setText(f"You: {' '.join(asked.split())}" if asked else _NOTHING_ASKED)
        self.add.setEnabled(not busy and len(self.columns) < len(SLOTS))
        self.again.setEnabled(not busy and bool(asked))
        set_icon(self.send, "stop" if busy else "send")
        self.send.setText("Stop" if busy else "Send")
        self.send.setEnabled(busy or bool(self.composer.toPlainText().strip()))

    def _mark_later(self) -> None:
        if not self._mark_soon.isActive():
            self._mark_soon.start()

    async def _mark(self) -> None:
        """Mark what differs; found out beside the interface's thread, as texts may be long."""
        if self._is_marking:
            self._mark_later()
            return
        self._is_marking = True
        try:
            columns = list(self.columns)
            marks = await in_thread(differences, [list(column.tokens) for column in columns])
        finally:
            self._is_marking = False
        if not self._is_closed:
            for column, differs in zip(columns, marks, strict=True):
                if column in self.columns:
                    column.mark(differs[: len(column.tokens)])

    def _close(self) -> None:
        self._is_closed = True
        if self.flow.is_answering:
            self._chat.flow.when_idle(lambda: self._tasks.start(self._leave()))
        else:
            self._tasks.start(self._leave())

    async def _leave(self) -> None:
        """Go once the last replies are stored, which the columns hold until then."""
        try:
            await self.flow.close()
        finally:
            self.deleteLater()
