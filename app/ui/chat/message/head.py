"""The line over a message: who wrote it, its variants, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from app.ui.widgets.icons import set_icon
from app.ui.widgets.quiet_label import QuietLabel


class MessageHead(QWidget):
    """`text` gives what the message says, `plain` the same as it is shown."""

    edit_requested = Signal()
    regenerate_requested = Signal()
    regenerate_same_requested = Signal()
    """The same reply once more, with exactly its plan, seed and settings."""
    continue_requested = Signal()
    ask_other_requested = Signal()
    remove_requested = Signal()
    flipped = Signal(int)
    """To the variant before (-1) or after (1)."""

    def __init__(
        self, author: str, kind: str, text: Callable[[], str], plain: Callable[[], str]
    ) -> None:
        super().__init__()
        self._kind = kind
        self._plain = plain
        self._is_reply = kind == "reply"
        self.can_continue = False
        """Whether the reply stopped before the model ended it, at the end of what is shown."""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        name = QuietLabel(author)
        name.setForegroundRole(QPalette.ColorRole.WindowText)
        font = name.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        name.setFont(font)
        self._row.addWidget(name, 1)
        self.busy = False
        """Whether a reply is coming, so that only copying is allowed."""
        self._place, self._n = 0, 1
        self._count: QLabel | None = None
        if kind == "user":
            self.edit = self._tool("Edit this message", self.edit_requested.emit, icon="rename")
        elif kind == "reply":
            self.again = self._tool(
                "Regenerate; this reply is kept", self.regenerate_requested.emit, icon="regenerate"
            )
        tip = "Copy this message as Markdown"
        self.copy = self._tool(tip, lambda: _copy(text()), words="Copy")
        self._working = [b for b in self.findChildren(QToolButton) if b is not self.copy]
        """What waits while a reply comes."""
        if kind != "error":
            self.more = self._tool("More actions for this message", self._show_menu, words="⋯")

    def show_variants(self, place: int, n: int) -> None:
        """That this is the variant at `place` (from 0) of `n`."""
        self._place, self._n = place, n
        if self._count is None:
            if n == 1:
                return
            self._count = self._add_variants()
        self._count.setText(f"{place + 1}/{n}")
        self._count.setAccessibleName(f"Variant {place + 1} of {n}")
        for widget in (self.before, self._count, self.after):
            widget.setVisible(n > 1)
        self.set_busy(self.busy)

    @property
    def variant(self) -> str:
        """Which variant this is of how many, '' where there is but one."""
        return self._count.text() if self._count is not None and self._n > 1 else ""

    def set_busy(self, busy: bool) -> None:
        """Allow only copying while a reply comes."""
        self.busy = busy
        for button in self._working:
            button.setEnabled(not busy)
        if self._n > 1:
            self.before.setEnabled(not busy and self._place > 0)
            self.after.setEnabled(not busy and self._place < self._n - 1)

    def make_menu(self) -> QMenu:
        """What else can be done with the message."""
        menu = QMenu(self)
        menu.addAction("Copy as plain text", lambda: _copy(self._plain()))
        menu.addSeparator()
        if self._kind == "reply":
            same = menu.addAction(
                "Regenerate with the same settings", self.regenerate_same_requested.emit
            )
            same.setEnabled(not self.busy)
        if self.can_continue:
            more = menu.addAction("Continue the reply", self.continue_requested.emit)
            more.setEnabled(not self.busy)
        if self._is_reply:
            ask_other = menu.addAction("Ask another plan …", self.ask_other_requested.emit)
            ask_other.setEnabled(not self.busy)
        remove = menu.addAction("Delete this and all later messages", self.remove_requested.emit)
        remove.setEnabled(not self.busy)
        return menu

    def _add_variants(self) -> QLabel:
        count = QLabel()
        count.setFont(small(count))
        self.before = self._tool("Previous variant", lambda: self.flipped.emit(-1), "‹", at=1)
        self._row.insertWidget(2, count)
        self.after = self._tool("Next variant", lambda: self.flipped.emit(1), "›", at=3)
        return count

    def _show_menu(self) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _tool(
        self,
        tip: str,
        action: Callable[[], object],
        words: str = "",
        icon: str = "",
        at: int = -1,
    ) -> QToolButton:
        button = QToolButton()
        if icon:
            set_icon(button, icon)
        button.setText(words)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setFont(small(button))
        button.clicked.connect(lambda _checked=False: action())
        self._row.insertWidget(at, button)
        return button


def small(widget: QWidget) -> QFont:
    """The widget's font, a little smaller."""
    font = widget.font()
    font.setPointSizeF(font.pointSizeF() * 0.85)
    return font


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
