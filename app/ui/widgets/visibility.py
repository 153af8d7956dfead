"""Whether a panel can be seen, so that it does nothing while nobody looks."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QDockWidget, QWidget


class Visibility(QObject):
    """Follows a widget. One in a dock behind another dock's tab is shown for Qt, but not seen."""

    changed = Signal(bool)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.is_in_sight = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.ParentChange, QEvent.Type.Show, QEvent.Type.Hide):
            assert isinstance(watched, QWidget)
            dock = watched.parentWidget()
            if not isinstance(dock, QDockWidget):
                self._set(watched.isVisible())
            elif kind == QEvent.Type.ParentChange:
                dock.visibilityChanged.connect(self._set)
                self._set(dock.isVisible())
        return False

    def _set(self, is_in_sight: bool) -> None:
        if is_in_sight != self.is_in_sight:
            self.is_in_sight = is_in_sight
            self.changed.emit(is_in_sight)
