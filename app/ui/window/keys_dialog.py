"""The list of all keys, read from the menus so that it is never out of date."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QMenu, QMenuBar, QWidget

N_ROWS = 18
CHAT_KEYS = (
    ("Send the message", "Enter"),
    ("New line in the message", "Shift+Enter"),
    ("Stop the reply", "Esc"),
)


class KeysDialog(QDialog):
    """Stays open beside the window until it is closed."""

    def __init__(self, menu_bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(12)
        for n, (words, keys) in enumerate((*keys_of(menu_bar), *CHAT_KEYS)):
            row, column = n % N_ROWS, 3 * (n // N_ROWS)
            key = QLabel(keys)
            key.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            grid.addWidget(QLabel(words), row, column)
            grid.addWidget(key, row, column + 1)
            grid.setColumnMinimumWidth(column + 2, 16)


def keys_of(menu_bar: QMenuBar) -> list[tuple[str, str]]:
    """What each menu action with a key does, and the key, in menu order."""
    native = QKeySequence.SequenceFormat.NativeText
    return [
        (action.text().replace("&", "").removesuffix(" …"), action.shortcut().toString(native))
        for menu in menu_bar.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
        for action in menu.actions()
        if not action.shortcut().isEmpty()
    ]
