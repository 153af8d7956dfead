"""Opens the compose dialog, and what it has written; the dialog is made when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.plan.document import Plan
from app.ui.state.services import Services

if TYPE_CHECKING:
    from app.ui.files.open_files import OpenFiles
    from app.ui.files.sources.editing import SourceEdits
    from app.ui.tools.composing.dialog import ComposeDialog


class ComposeOpener:
    """There is one such dialog at most."""

    def __init__(self, services: Services, files: OpenFiles, source_edits: SourceEdits) -> None:
        self._services = services
        self._tasks = services.tasks
        self._open_files = files
        self._source_edits = source_edits
        self.open: ComposeDialog | None = None

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.composing.dialog import ComposeDialog

        if self.open is not None:
            self.open.raise_()
            self.open.activateWindow()
            return
        self.open = ComposeDialog(self._services)
        self.open.finished.connect(self._forget)
        self.open.open_wanted.connect(self._open)
        self.open.add_wanted.connect(lambda path: self._source_edits.take([path]))
        self.open.show()

    def _open(self, path: Path, plan: Plan | None) -> None:
        self._tasks.start(self._open_files.open_over(path, plan))

    def _forget(self, _code: int) -> None:
        self.open = None
