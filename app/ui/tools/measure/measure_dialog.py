"""What the dialogs that measure have in common: a text to measure on, the bundled one or a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QWidget

from app.fit.texts import calibration_text, read_text
from app.ui.state.services import Services
from app.ui.state.tasks import Tasks, in_thread
from app.ui.tools.job_dialog import EngineJobDialog
from app.ui.widgets import dialogs

_BUNDLED = "Bundled text"
_CHOOSE = "Choose a file …"


class TextChoice(QComboBox):
    """The bundled text first, then the files that were chosen, then choosing another."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._before = 0
        self.setAccessibleName("Text to measure on")
        self.setToolTip("A few thousand words of the kind that the plan is for")
        self.addItem(_BUNDLED, None)
        self.addItem(_CHOOSE, None)
        self.activated.connect(self._activated)

    @property
    def words(self) -> str:
        """What to call the text."""
        return self.currentText()

    def choose(self, path: Path) -> None:
        """Take this file."""
        at = self.findData(str(path))
        if at < 0:
            at = self.count() - 1
            self.insertItem(at, path.name, str(path))
        self.setCurrentIndex(at)
        self._before = at

    async def read(self) -> str:
        """The chosen text. Raises TextError."""
        path = self.currentData()
        if path is None:
            return await in_thread(calibration_text)
        return await in_thread(read_text, Path(path))

    def _activated(self, index: int) -> None:
        if index < self.count() - 1:
            self._before = index
            return
        self.setCurrentIndex(self._before)
        self._tasks.start(self._ask())

    async def _ask(self) -> None:
        last = self.itemData(self.count() - 2)
        folder = Path(last).parent if last else Path.home()
        pattern = "Text files (*.txt *.md);;All files (*)"
        path = await dialogs.ask_open_path(self.window(), "Text to measure on", folder, pattern)
        if path is not None:
            self.choose(path)


class MeasureDialog(EngineJobDialog):
    """A dialog with a text; its own choices and results are added to it."""

    def __init__(self, services: Services, title: str) -> None:
        super().__init__(services, title)
        self.text = TextChoice(services.tasks)

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self.text.setEnabled(not running)
