"""Shows the difference between a file and the plan that is open here, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.ui.widgets import dialogs
from app.ui.widgets import theme as themes


class DifferenceDialog(QDialog):
    """The difference in colours, with the choices below it."""

    def __init__(self, parent: QWidget, title: str, choices: Sequence[str], lines: str) -> None:
        super().__init__(parent)
        self.answer = dialogs.CANCEL
        self.setWindowTitle("Difference")
        self.text = QPlainTextEdit(lines or "The file is the same as the plan that is open here.")
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName("Difference")
        _Colours(self.text.document())
        words = QLabel(title)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        legend = QLabel("Lines with − are only in the file on disk, lines with + only here.")
        buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        for choice in choices:
            is_cancel = choice == dialogs.CANCEL
            button = buttons.addButton(choice, roles.RejectRole if is_cancel else roles.AcceptRole)
            button.clicked.connect(lambda _checked=False, choice=choice: self._choose(choice))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        for widget in (words, legend):
            column.addWidget(widget)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        self.resize(760, 520)

    def _choose(self, choice: str) -> None:
        self.answer = choice
        self.done(QDialog.DialogCode.Accepted)


class _Colours(QSyntaxHighlighter):
    """Colours the lines of a unified difference by their first character."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme = themes.current()
        self._formats = {
            "+": _format(theme.good),
            "-": _format(theme.error),
            "@": _format(theme.quiet),
        }

    def highlightBlock(self, text: str) -> None:
        text_format = self._formats.get(text[:1])
        if text_format is not None:
            self.setFormat(0, len(text), text_format)


def _format(colour: QColor) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(colour)
    return result
