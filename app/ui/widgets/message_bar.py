"""A line of words over a view: how things stand there, and links that fix what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from PySide6.QtCore import QSize
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.ui.widgets import icons
from app.ui.widgets import theme as themes
from app.ui.widgets.link_button import LinkButton
from app.ui.widgets.quiet_label import QuietLabel

_ICON = 16

Severity = Literal["error", "note"]


class Link(NamedTuple):
    """Something to do, in words."""

    words: str
    do: Callable[[], object]


class MessageBar(QWidget):
    """Words with an icon and links behind them. It keeps its height, so that nothing jumps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(_ICON, _ICON))
        self.words = QuietLabel()
        self._severity: Severity | None = None
        self._links: list[Link] = []
        self.buttons: list[LinkButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 2)
        self._row.setSpacing(8)
        self._row.addWidget(self._icon)
        self._row.addWidget(self.words, 1)
        self.setFixedHeight(LinkButton(" ").sizeHint().height() + 4)

    def say(self, severity: Severity | None, words: str, links: Sequence[Link] = ()) -> None:
        """Show these words; without a severity they are only a remark."""
        self._severity = severity
        self.words.setText(words)
        self.words.setForegroundRole(
            QPalette.ColorRole.PlaceholderText if severity is None else QPalette.ColorRole.Text
        )
        self._show_icon()
        self._links = list(links)
        if [b.text() for b in self.buttons] != [link.words for link in self._links]:
            self._renew_buttons()

    def changeEvent(self, event: object) -> None:
        super().changeEvent(event)  # type: ignore[arg-type]
        self._show_icon()

    def _show_icon(self) -> None:
        self._icon.setVisible(self._severity is not None)
        if self._severity is not None:
            theme = themes.current()
            colour = theme.error if self._severity == "error" else theme.note
            ratio = self.devicePixelRatioF()
            self._icon.setPixmap(icons.pixmap(self._severity, _ICON, colour, ratio))

    def _renew_buttons(self) -> None:
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        for index, link in enumerate(self._links):
            button = LinkButton(link.words)
            button.clicked.connect(lambda _checked=False, index=index: self._links[index].do())
            self._row.addWidget(button)
            self.buttons.append(button)
