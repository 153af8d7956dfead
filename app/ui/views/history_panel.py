"""The steps of the plan that is shown, to go back to or forward to any of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QFrame, QUndoView, QWidget

from app.ui.state.editor import PlanEditor
from app.ui.widgets import icons


class HistoryPanel(QUndoView):
    """A click or the arrow keys go to a step; a mark stands at the one that was saved."""

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(editor.undo_group, parent)
        self.setAccessibleName("History")
        self.setAccessibleDescription("All steps so far. Choose one to go back or forward to it.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(16, 16))
        self.setSpacing(2)
        self.setEmptyLabel("As opened")
        self._mark_saved()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark_saved()

    def _mark_saved(self) -> None:
        self.setCleanIcon(icons.icon("save"))

    def sizeHint(self) -> QSize:
        return QSize(240, 160)
