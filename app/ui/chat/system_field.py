"""Which system message is sent: the template's own, an empty one, or the user's text."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.conversations.conversation import SystemMode
from app.engine.messages import OpenedPlan
from app.ui.state.reply_settings import ReplySettings
from app.ui.widgets.quiet_label import QuietLabel

_CHOICES = (
    (SystemMode.TEMPLATE, "Template's default"),
    (SystemMode.EMPTY, "Empty"),
    (SystemMode.OWN, "Custom text"),
)
_MAX_LINES = 4


class SystemField(QWidget):
    """The choice and, under it, the words that the model will really be sent."""

    def __init__(self, reply_settings: ReplySettings) -> None:
        super().__init__()
        self._reply_settings = reply_settings
        self._opened: OpenedPlan | None = None
        label = QLabel("S&ystem")
        self.mode_box = QComboBox()
        self.mode_box.setAccessibleName("System message")
        for mode, words in _CHOICES:
            self.mode_box.addItem(words, mode)
        label.setBuddy(self.mode_box)
        self._note = QuietLabel()
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text of the system message")
        self.text.setPlaceholderText("For example: You are a helpful assistant. Answer briefly.")
        self.text.setTabChangesFocus(True)
        self.text.document().setDocumentMargin(4)

        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self.mode_box)
        row.addWidget(self._note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.text)
        self.mode_box.currentIndexChanged.connect(self._mode_chosen)
        self.text.textChanged.connect(self._text_changed)
        reply_settings.changed.connect(self._show)
        reply_settings.system_changed.connect(self._show)
        self._show()

    def set_opened(self, opened: OpenedPlan | None) -> None:
        """Take over what the open plan's template does; None while no plan is open."""
        self._opened = opened
        self._show()

    def _mode_chosen(self) -> None:
        mode: SystemMode = self.mode_box.currentData()
        self._reply_settings.set_system(replace(self._reply_settings.system, mode=mode))
        if mode is SystemMode.OWN:
            self.text.setFocus()

    def _text_changed(self) -> None:
        system = self._reply_settings.system
        if system.mode is SystemMode.OWN:
            self._reply_settings.set_system(replace(system, text=self.text.toPlainText()))
        self._fit()

    def _show(self) -> None:
        mode, shown = self._reply_settings.system.mode, self._reply_settings.system.text
        has_other_template = self._reply_settings.chat.chat_template is not None
        opened = None if has_other_template else self._opened
        self.mode_box.blockSignals(True)
        self.mode_box.setCurrentIndex(self.mode_box.findData(mode))
        self.mode_box.blockSignals(False)
        note = ""
        if opened is not None and not opened.has_chat_template:
            note = "this model has no chat template"
        elif mode is SystemMode.EMPTY:
            note = "an empty one is sent"
        elif mode is SystemMode.OWN:
            note = "sent as written"
        elif has_other_template:
            note = "the chosen template's text"
        elif opened is None:
            note = "shown once the plan runs"
        elif not opened.default_system:
            note = "this template adds none"
        else:
            note = "the template sends:"
            shown = opened.default_system
        self._note.setText(note)
        is_default = mode is SystemMode.TEMPLATE
        has_text = bool(opened is not None and opened.default_system)
        self.text.setVisible(mode is SystemMode.OWN or (is_default and has_text))
        self.text.setReadOnly(is_default)
        self.text.setFrameShape(
            QPlainTextEdit.Shape.NoFrame if is_default else QPlainTextEdit.Shape.StyledPanel
        )
        if shown != self.text.toPlainText():
            self.text.blockSignals(True)
            self.text.setPlainText(shown)
            self.text.blockSignals(False)
        self._fit()

    def _fit(self) -> None:
        lines = min(max(2, round(self.text.document().size().height())), _MAX_LINES)
        self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 14)
