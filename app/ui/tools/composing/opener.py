"""Opens the compose dialog, and what it has written; the dialog is made when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.plan.document import Plan
from app.ui.state.editor import PlanEditor
from app.ui.state.open_documents import OpenDocuments
from app.ui.state.open_model import OpenModel
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks

if TYPE_CHECKING:
    from app.ui.files.open_files import OpenFiles
    from app.ui.tools.composing.dialog import ComposeDialog


class ComposeOpener:
    """There is one such dialog at most."""

    def __init__(
        self,
        window: QWidget,
        editor: PlanEditor,
        documents: OpenDocuments,
        model: OpenModel,
        files: OpenFiles,
        settings: Settings,
        tasks: Tasks,
    ) -> None:
        self._window = window
        self._editor = editor
        self._documents = documents
        self._model = model
        self._open_files = files
        self._settings = settings
        self._tasks = tasks
        self.open: ComposeDialog | None = None

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.composing.dialog import ComposeDialog

        if self.open is not None:
            self.open.raise_()
            self.open.activateWindow()
            return
        recent = self._settings.recent_models()
        self.open = ComposeDialog(
            self._window,
            self._editor,
            self._documents,
            self._open_files.sources.files_of,
            self._model.read,
            recent[0].parent if recent else Path.home(),
            self._tasks,
        )
        self.open.finished.connect(self._forget)
        self.open.open_wanted.connect(self._open)
        self.open.add_wanted.connect(lambda path: self._open_files.source_edits.take([path]))
        self.open.show()

    def _open(self, path: Path, plan: Plan | None) -> None:
        self._tasks.start(self._open_files.open_over(path, plan))

    def _forget(self, _code: int) -> None:
        self.open = None
