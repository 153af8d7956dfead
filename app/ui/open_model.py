"""The model file the plan is over: read beside the UI thread, kept until another one reads well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui.tasks import in_thread

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


class OpenModel(QObject):
    """The chosen model. `file` is None until the first one has been read."""

    changed = Signal(object)
    """The ModelFile that is open now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.file: ModelFile | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What the engine is asked to open."""
        return (self.file.path,) if self.file is not None else ()

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The sources in the order in which their weight layers are counted."""
        return (self.file,) if self.file is not None else ()

    async def open(self, path: Path) -> ModelFile:
        """Read a file's header and make it the model; raises ModelFileError, the old one stays."""
        from app.model_files.reader import read_model_file

        file = await in_thread(read_model_file, path.absolute())
        self.file = file
        self.changed.emit(file)
        return file
