"""The middle of the window: the canvas under the tabs of the plans, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.canvas import Canvas
from app.ui.files.documents.disk_strip import DiskStrip
from app.ui.files.documents.recovery_strip import RecoveryStrip
from app.ui.files.documents.tabs import PlanTabs
from app.ui.state.autosave import Autosave
from app.ui.state.disk_watch import DiskWatch
from app.ui.state.document import Document
from app.ui.state.documents import Documents
from app.ui.state.recovery import RecoveryFolder
from app.ui.state.tasks import Tasks


class DocumentArea(QWidget):
    """Shows each document as one looked at it, and guards all of them against loss."""

    failed = Signal(str)
    """A sentence, when unsaved plans cannot be guarded any more."""

    def __init__(
        self,
        documents: Documents,
        canvas: Canvas,
        strips: Sequence[QWidget],
        recovery_folder: Path,
        tasks: Tasks,
    ) -> None:
        """`strips` are further lines of words to stand over the canvas."""
        super().__init__()
        self._documents = documents
        self._canvas = canvas
        copies = RecoveryFolder(recovery_folder)
        self.autosave = Autosave(documents, canvas.editor, copies, tasks)
        self.recovery = RecoveryStrip(documents, self.autosave, copies, tasks)
        self.tabs = PlanTabs(documents)
        self.disk = DiskWatch(documents, tasks)
        self.disk_strip = DiskStrip(documents, self.disk, tasks)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.recovery, self.tabs, self.disk_strip, *strips):
            column.addWidget(widget)
        column.addWidget(canvas, 1)
        self.autosave.failed.connect(self.failed)
        documents.left.connect(self._remember_sight)
        documents.shown.connect(self._look_again)

    async def close_all(self) -> None:
        """Guard nothing any more: everything is saved or given up, and the program ends."""
        self.recovery.release()
        self.disk.close()
        self._documents.forget()
        await self.autosave.close()

    def _remember_sight(self, document: Document) -> None:
        document.sight = self._canvas.sight()

    def _look_again(self, document: Document) -> None:
        if document.sight is not None:
            self._canvas.look_again(document.sight)
