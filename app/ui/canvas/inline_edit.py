"""A line edit laid over the canvas, to type a scale, a title or a range where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.plan.problem import PlanError, Problem

_RANGE = re.compile(r"\s*(\d{1,9})(?:\s*(?:-|–|−|\.\.|to)\s*(\d{1,9}))?\s*")


class InlineEdit(QLineEdit):
    """Enter or leaving it takes the text, Escape does not; then it is gone."""

    def __init__(
        self,
        parent: QWidget,
        area: QRect,
        text: str,
        font: QFont,
        name: str,
        take: Callable[[str], None],
    ) -> None:
        super().__init__(text, parent)
        self._take: Callable[[str], None] | None = take
        self.setFont(font)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setAccessibleName(name)
        self.setGeometry(area)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish(taken=True)
        elif event.key() == Qt.Key.Key_Escape:
            self._finish(taken=False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish(taken=True)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        return super().event(event)

    def _finish(self, *, taken: bool) -> None:
        take, self._take = self._take, None
        if take is None:
            return
        if taken and self.isModified():
            take(self.text())
        self.hide()
        self.deleteLater()
        viewport = self.parentWidget()
        canvas = None if viewport is None else viewport.parentWidget()
        if canvas is not None:
            canvas.setFocus()


def parse_number(text: str) -> float | None:
    """The number typed, with a decimal point or comma; None for anything else."""
    plain = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def parse_range(text: str) -> tuple[int, int]:
    """The first weight layer and the number of layers typed as 22-29, 22–29, 22..29 or 22.

    Raises PlanError for anything else.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        raise _refusal(f"“{text}” is no range of layers.", "Type it as 22-29, or 22 for one layer.")
    first = int(found[1])
    last = first if found[2] is None else int(found[2])
    if last < first:
        raise _refusal(f"The range {first}-{last} ends before it starts.", "Type it as 22-29.")
    return first, last + 1 - first


def _refusal(message: str, fix: str) -> PlanError:
    return PlanError([Problem("typed", message, fix)])
