"""Opens the bake dialog, and what it has written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.ui.state.services import Services
from app.ui.tools.opener import DialogOpener

if TYPE_CHECKING:
    from app.ui.files.open_files import OpenFiles


class BakeOpener(DialogOpener):
    """`files` opens the file written."""

    def __init__(self, services: Services, files: OpenFiles) -> None:
        super().__init__(services)
        self._files = files

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.baking.dialog import BakeDialog

        if self.bring_up() or not self.has_model():
            return
        dialog = BakeDialog(self._services)
        dialog.open_wanted.connect(self._open_file)
        self.put_up(dialog)

    def _open_file(self, path: Path) -> None:
        self._services.tasks.start(self._files.open_over(path, None))
