"""The chat: system message, transcript, input and the settings of replies."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.ui.chat.answering_plan import AnsweringPlan
from app.ui.chat.composer import Composer
from app.ui.chat.conversations.actions import ConversationActions
from app.ui.chat.menu import ChatMenu
from app.ui.chat.reply_flow import ReplyFlow
from app.ui.chat.reply_settings.sampling_panel import SamplingPanel
from app.ui.chat.system_field import SystemField
from app.ui.chat.transcript import SUGGESTIONS, Transcript
from app.ui.state.services import Services
from app.ui.widgets.icons import set_icon
from app.ui.widgets.quiet_label import QuietLabel


class ChatPanel(QWidget):
    """Talk with the plan that runs."""

    side_by_side_wanted = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._runner = services.runner
        self._reply_settings = services.reply_settings
        self._conversations = services.conversations
        self.system = SystemField(services.reply_settings)
        self.sampling = SamplingPanel(services.reply_settings)
        self.transcript = Transcript()
        self.composer = Composer()
        self.flow = ReplyFlow(services, self.transcript)
        self.conversation_actions = ConversationActions(services, self.flow, self.transcript)
        self.menu = ChatMenu(services, self.flow, self.conversation_actions, self.transcript)
        self.plan = AnsweringPlan(services.runner)
        self._running = QuietLabel()
        self._running.setAccessibleName("State of the plan that answers")
        self.regenerate = self._tool("regenerate", "Regenerate the last reply")
        self.side_by_side = self._tool("side-by-side", "Let several plans answer side by side")
        self.new_chat = self._tool("new-chat", "Start a new conversation")
        self.fold = self._tool("sliders", "Show the reply settings")
        self.fold.setCheckable(True)
        self.send = self._tool("send", "Send the message (Enter)")
        self._lay_out()
        self._connect()
        self.sampling.hide()
        self._busy_changed(False)
        self._plan_changed()

    def suggest(self) -> None:
        """Put a first question into the input, ready to be sent or typed over, unless something
        was said or written already."""
        if not self.transcript.messages and not self.composer.toPlainText():
            self.composer.suggest(SUGGESTIONS[0])

    def run(self) -> None:
        """Open the plan, and ask the suggested question where nothing was asked yet."""
        if self.composer.holds_suggestion and not self.transcript.messages:
            self.composer.submit()
        else:
            self.flow.open_plan()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.plan)
        head.addWidget(self._running, 1)
        for button in (self.regenerate, self.side_by_side, self.new_chat, self.fold):
            head.addWidget(button)
        top = QVBoxLayout()
        top.setContentsMargins(12, 4, 8, 4)
        top.setSpacing(4)
        top.addLayout(head)
        top.addWidget(self.system)
        top.addWidget(self.sampling)
        entry = QHBoxLayout()
        entry.setContentsMargins(8, 4, 8, 8)
        entry.setSpacing(4)
        entry.addWidget(self.composer, 1)
        entry.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(_rule())
        column.addWidget(self.conversation_actions.trouble)
        column.addWidget(self.transcript, 1)
        column.addWidget(self.conversation_actions.undo)
        column.addWidget(_rule())
        column.addLayout(entry)

    def _connect(self) -> None:
        self.composer.submitted.connect(self._submit)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.flow.stop)
        self.composer.textChanged.connect(self._show_send_state)
        self.transcript.suggestion_chosen.connect(self._submit)
        self.transcript.edited.connect(self.flow.edit)
        self.transcript.regenerate_requested.connect(self.flow.regenerate)
        self.transcript.regenerate_same_requested.connect(self.flow.regenerate_same)
        self.transcript.continue_requested.connect(self.flow.continue_reply)
        self._conversations.replaced.connect(self._show_conversation)
        self.send.clicked.connect(self._send_or_stop)
        self.regenerate.clicked.connect(lambda: self.flow.regenerate())
        self.side_by_side.clicked.connect(self.side_by_side_wanted)
        self.new_chat.clicked.connect(self._begin_anew)
        self.fold.toggled.connect(self.sampling.setVisible)
        self.sampling.more_wanted.connect(self._show_all_settings)
        self.flow.busy_changed.connect(self._busy_changed)
        self._runner.changed.connect(self._plan_changed)

    def _tool(self, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        set_icon(button, name)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _submit(self, text: str) -> None:
        if not self.flow.busy:
            self.composer.take()
            self.flow.send(text)

    def _send_or_stop(self) -> None:
        if self.flow.busy:
            self.flow.stop()
        else:
            self.composer.submit()

    def _begin_anew(self) -> None:
        self.conversation_actions.begin()
        self.composer.setFocus()

    def _show_conversation(self) -> None:
        conversation = self._conversations.current
        if conversation.messages:
            self._reply_settings.continue_with(conversation.system)
        self.transcript.show_path(conversation)
        self._busy_changed(self.flow.busy)

    def _busy_changed(self, busy: bool) -> None:
        set_icon(self.send, "stop" if busy else "send")
        tip = "Stop (Esc)" if busy else "Send the message (Enter)"
        self.send.setToolTip(tip)
        self.send.setAccessibleName(tip)
        self.transcript.set_busy(busy)
        self.regenerate.setEnabled(not busy and bool(self._conversations.current.messages))
        self._show_send_state()

    def _show_send_state(self) -> None:
        self.send.setEnabled(self.flow.busy or bool(self.composer.toPlainText().strip()))

    def _show_all_settings(self) -> None:
        from app.ui.chat.reply_settings.dialog import ReplySettingsDialog

        services, shown = self._services, self._reply_settings
        dialog = ReplySettingsDialog(services.window, shown.chat, services.settings, services.tasks)
        dialog.chat_changed.connect(
            lambda chat: shown.set_chat(replace(chat, context=shown.context))
        )
        dialog.open()

    def _plan_changed(self) -> None:
        opened, recipe = self._runner.opened, self._runner.recipe
        self.system.set_opened(opened)
        if self._runner.opening is not None:
            words = "is being opened …"
        elif opened is None or recipe is None:
            words = "opens with the next message"
        elif self._runner.is_current:
            words = f"{recipe.hash} · {opened.model_name}"
        else:
            words = "was edited; the next message reopens it"
        self._running.setText(words)


def _rule() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setForegroundRole(line.palette().ColorRole.Mid)
    return line
