"""Opens the compose dialog, and what it has written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.plan.document import Plan
from app.ui.state.services import Services
from app.ui.tools.opener import DialogOpener

if TYPE_CHECKING:
    from app.ui.files.open_files import OpenFiles
    from app.ui.files.sources.editing import SourceEdits


class ComposeOpener(DialogOpener):
    """`files` opens the file written, `source_edits` takes a layer pack as a source."""

    def __init__(self, services: Services, files: OpenFiles, source_edits: SourceEdits) -> None:
        super().__init__(services)
        self._files = files
        self._source_edits = source_edits

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.composing.dialog import ComposeDialog

        if self.bring_up():
            return
        dialog = ComposeDialog(self._services)
        dialog.open_wanted.connect(self._open_file)
        dialog.add_wanted.connect(lambda path: self._source_edits.take([path]))
        self.put_up(dialog)

    def _open_file(self, path: Path, plan: Plan | None) -> None:
        self._services.tasks.start(self._files.open_over(path, plan))
