"""Which chat template is used: the model file's, a known one, one's own, or none."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QPlainTextEdit, QWidget

from app.engine.replies.known_templates import KNOWN_TEMPLATES, NO_TEMPLATE
from app.ui.state.settings import OWN_TEMPLATE, ChatSettings

_WORDS = {
    "": ("The model file's", "As the model was trained to read conversations."),
    NO_TEMPLATE: ("None", "Raw mode: the conversation is plain text, which the model continues."),
    OWN_TEMPLATE: (
        "Custom (Jinja)",
        "It gets messages (role, content, reasoning_content), bos_token, eos_token and "
        "add_generation_prompt, and has no access to files or network.",
    ),
}
_KNOWN = "From llama.cpp. For a file without a template, or with a wrong one."


class TemplateTab(QWidget):
    """`changed` is emitted for each edit."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = QComboBox()
        self.choice.setAccessibleName("Chat template")
        for name in ("", NO_TEMPLATE, OWN_TEMPLATE):
            self.choice.addItem(_WORDS[name][0], name)
        self.choice.insertSeparator(self.choice.count())
        for name in KNOWN_TEMPLATES:
            self.choice.addItem(name, name)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setForegroundRole(self.hint.palette().ColorRole.PlaceholderText)
        self.own = QPlainTextEdit()
        self.own.setAccessibleName("Custom chat template")
        self.own.setTabChangesFocus(True)
        self.own.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        form = QFormLayout(self)
        form.addRow("Chat template", self.choice)
        form.addRow(self.hint)
        form.addRow(self.own)
        self.choice.currentIndexChanged.connect(self._edited)
        self.own.textChanged.connect(self._edited)

    def show_chat(self, chat: ChatSettings) -> None:
        """Show what is chosen in these settings."""
        with QSignalBlocker(self.choice), QSignalBlocker(self.own):
            self.choice.setCurrentIndex(self.choice.findData(chat.template))
            if self.own.toPlainText() != chat.own_template:
                self.own.setPlainText(chat.own_template)
        self._show_choice()

    def put_into(self, chat: ChatSettings) -> ChatSettings:
        """The settings with what is chosen here."""
        return replace(
            chat, template=self.choice.currentData(), own_template=self.own.toPlainText()
        )

    def _edited(self) -> None:
        self._show_choice()
        self.changed.emit()

    def _show_choice(self) -> None:
        name: str = self.choice.currentData()
        self.hint.setText(_WORDS[name][1] if name in _WORDS else _KNOWN)
        self.own.setVisible(name == OWN_TEMPLATE)
