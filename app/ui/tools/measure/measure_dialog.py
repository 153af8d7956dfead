"""What the dialogs that measure have in common: a text to measure on."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.tasks import Tasks
from app.ui.tools.measure.job_dialog import JobDialog
from app.ui.tools.measure.text_choice import TextChoice


class MeasureDialog(JobDialog):
    """A dialog with a text; its own choices and results are added to it."""

    def __init__(self, parent: QWidget, title: str, engine: EngineBridge, tasks: Tasks) -> None:
        super().__init__(parent, title, engine, tasks)
        self.text = TextChoice(tasks)

    def set_measuring(self, measuring: bool) -> None:
        super().set_measuring(measuring)
        self.text.setEnabled(not measuring)
