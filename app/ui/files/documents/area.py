"""The middle of the window: the canvas under the tabs of the plans, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.canvas import Canvas
from app.ui.files.documents.disk_bar import DiskBar
from app.ui.files.documents.recovery_bar import RecoveryBar
from app.ui.files.documents.tabs import PlanTabs
from app.ui.state.document import Document
from app.ui.state.services import Services


class DocumentArea(QWidget):
    """Shows each document as one looked at it."""

    def __init__(self, services: Services, canvas: Canvas, bars: Sequence[QWidget]) -> None:
        """`bars` are further lines of words to stand over the canvas."""
        super().__init__()
        self._canvas = canvas
        self.recovery = RecoveryBar(services)
        self.tabs = PlanTabs(services.documents)
        self.disk_bar = DiskBar(services)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.recovery, self.tabs, self.disk_bar, *bars):
            column.addWidget(widget)
        column.addWidget(canvas, 1)
        services.documents.left.connect(self._remember_view)
        services.documents.shown.connect(self._restore_view)

    def _remember_view(self, document: Document) -> None:
        document.view_state = self._canvas.view_state()

    def _restore_view(self, document: Document) -> None:
        if document.view_state is not None:
            self._canvas.restore_view(document.view_state)
