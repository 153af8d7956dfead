"""Fields laid over the canvas, to type a scale, a title, a range or a note where it stands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.plan.layer_ranges import ends_in
from app.plan.problem import PlanError, Problem
from app.ui.widgets import theme as themes


def font_at(zoom: float) -> QFont:
    """The font to type in at a zoom: never too small to read."""
    return themes.canvas_font(themes.NORMAL * max(1.0, min(zoom, 1.5)))


class FieldCloser(QObject):
    """Closes a field over the canvas: its text is taken or not, and it is gone then.

    The keys of `ends` or leaving the field take it, Escape does not. `typed` gives the text, None
    while it is as it was.
    """

    def __init__(
        self,
        field: QWidget,
        ends: Callable[[QKeyEvent], bool],
        typed: Callable[[], str | None],
        take: Callable[[str], None],
    ) -> None:
        super().__init__(field)
        self._field, self._ends, self._typed = field, ends, typed
        self._take: Callable[[str], None] | None = take
        field.installEventFilter(self)

    def eventFilter(self, _field: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_escape = event.key() == Qt.Key.Key_Escape
            if is_escape or self._ends(event):
                self._finish(taken=not is_escape)
                self._give_focus_back()
                return True
        elif isinstance(event, QFocusEvent) and event.lostFocus():
            self._leave(event.reason())
        return False

    def _leave(self, reason: Qt.FocusReason) -> None:
        if reason != Qt.FocusReason.PopupFocusReason:
            self._finish(taken=True)

    def _finish(self, *, taken: bool) -> None:
        take, self._take = self._take, None
        if take is None:
            return
        text = self._typed()
        if taken and text is not None:
            take(text)
        self._field.hide()
        self._field.deleteLater()

    def _give_focus_back(self) -> None:
        viewport = self._field.parentWidget()
        canvas = None if viewport is None else viewport.parentWidget()
        if canvas is not None:
            canvas.setFocus()


def is_enter(event: QKeyEvent) -> bool:
    """Whether the key is one of the two that say Enter."""
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)


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
        FieldCloser(self, is_enter, lambda: self.text() if self.isModified() else None, take)
        self.setFont(font)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setAccessibleName(name)
        self.setGeometry(area)
        self.selectAll()
        self.show()
        self.setFocus()


def parse_range(text: str) -> tuple[int, int]:
    """The first weight layer and the number of layers typed as 22-29, 22–29, 22..29 or 22.

    Raises PlanError for anything else.
    """
    ends = ends_in(text)
    if ends is None:
        raise _refusal(
            f"“{text}” is not a range of layers.", "Type it as 22-29, or 22 for one layer."
        )
    first, last = ends
    if last < first:
        raise _refusal(f"The range {first}-{last} ends before it starts.", "Type it as 22-29.")
    return first, last + 1 - first


def _refusal(message: str, fix: str) -> PlanError:
    return PlanError([Problem("typed", message, fix)])
