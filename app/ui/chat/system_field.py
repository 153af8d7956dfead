"""Which system message is sent: the template's own, an empty one, or the user's text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.conversations.conversation import SystemMessage, SystemMode
from app.engine.messages import OpenedPlan
from app.ui.widgets.quiet_label import QuietLabel

_CHOICES = (
    (SystemMode.TEMPLATE, "Template's default"),
    (SystemMode.EMPTY, "Empty"),
    (SystemMode.OWN, "Own text"),
)
_MAX_LINES = 4


class SystemField(QWidget):
    """The choice and, under it, the words that the model will really be sent."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._opened: OpenedPlan | None = None
        self._own = ""
        self._has_other_template = False
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
        self._show()

    @property
    def mode(self) -> SystemMode:
        """The present choice."""
        mode: SystemMode = self.mode_box.currentData()
        return mode

    @property
    def message(self) -> SystemMessage:
        """What to put before the conversation."""
        return SystemMessage(self.mode, self._own)

    def choose(self, mode: SystemMode) -> None:
        """Set the choice from the program."""
        self.mode_box.setCurrentIndex(self.mode_box.findData(mode))

    def show_message(self, system: SystemMessage) -> None:
        """Take over what a conversation was begun with."""
        if system.mode is SystemMode.OWN:
            self._own = system.text
        self.mode_box.blockSignals(True)
        self.choose(system.mode)
        self.mode_box.blockSignals(False)
        self._show()

    def set_opened(self, opened: OpenedPlan | None) -> None:
        """Take over what the open plan's template does; None while no plan is open."""
        self._opened = opened
        self._show()

    def set_other_template(self, is_other: bool) -> None:
        """Take over whether another template than the model file's is chosen."""
        if is_other != self._has_other_template:
            self._has_other_template = is_other
            self._show()

    def _mode_chosen(self) -> None:
        self._show()
        if self.mode is SystemMode.OWN:
            self.text.setFocus()
        self.changed.emit()

    def _text_changed(self) -> None:
        if self.mode is SystemMode.OWN:
            self._own = self.text.toPlainText()
            self.changed.emit()
        self._fit()

    def _show(self) -> None:
        mode, opened = self.mode, None if self._has_other_template else self._opened
        shown = self._own
        note = ""
        if opened is not None and not opened.has_chat_template:
            note = "this model has no chat template"
        elif mode is SystemMode.EMPTY:
            note = "an empty one is sent"
        elif mode is SystemMode.OWN:
            note = "sent as written"
        elif self._has_other_template:
            note = "what the chosen template says"
        elif opened is None:
            note = "shown once the plan runs"
        elif not opened.default_system:
            note = "this template sends none by itself"
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
        self.text.blockSignals(True)
        self.text.setPlainText(shown)
        self.text.blockSignals(False)
        self._fit()

    def _fit(self) -> None:
        lines = min(max(2, round(self.text.document().size().height())), _MAX_LINES)
        self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 14)
