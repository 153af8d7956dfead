"""Opens the bake dialog, and what it has written; the dialog is made when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.ui.state.services import Services
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.ui.files.open_files import OpenFiles
    from app.ui.tools.baking.dialog import BakeDialog


class BakeOpener:
    """There is one such dialog at most."""

    def __init__(self, services: Services, files: OpenFiles) -> None:
        self._services = services
        self._model = services.model
        self._tasks = services.tasks
        self._open_files = files
        self.open: BakeDialog | None = None

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.baking.dialog import BakeDialog

        if self.open is not None:
            self.open.raise_()
            self.open.activateWindow()
            return
        if not self._model.files:
            self._tasks.start(dialogs.tell(self._services.window, self._model.why_none))
            return
        self.open = BakeDialog(self._services)
        self.open.finished.connect(self._forget)
        self.open.open_wanted.connect(self._open)
        self.open.show()

    def _open(self, path: Path) -> None:
        self._tasks.start(self._open_files.open_over(path, None))

    def _forget(self, _code: int) -> None:
        self.open = None
