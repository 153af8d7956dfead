"""The model files that the shown plan runs on, read beside the UI thread, and those chosen last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui.state.tasks import in_thread

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


NO_MODEL = "No model is open. Choose one with Model > Open model."


class OpenModel(QObject):
    """`files` are the sources in the order in which their weight layers are counted.

    They are empty while `why_none` says why: none was read yet, or what is wrong with those of the
    shown plan. `chosen` are the files of the plans that name none.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.files: tuple[ModelFile, ...] = ()
        self.chosen: tuple[ModelFile, ...] = ()
        self.why_none = NO_MODEL
        self._read: dict[Path, ModelFile] = {}

    @property
    def file(self) -> ModelFile | None:
        """The first source, which gives vocabulary, embeddings and head."""
        return self.files[0] if self.files else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What the engine is asked to open."""
        return tuple(file.path for file in self.files)

    @property
    def known_paths(self) -> tuple[Path, ...]:
        """All files that were read since the start, the latest first."""
        return tuple(reversed(self._read))

    def known(self, path: Path | None) -> ModelFile | None:
        """A file that was read before, as it was then."""
        return None if path is None else self._read.get(path)

    async def read(self, path: Path) -> ModelFile:
        """A file's header, read again where the file has changed. Raises ModelFileError."""
        from app.model_files.reader import read_source

        path = path.absolute()
        known = self._read.get(path)
        if known is None or await in_thread(known.has_changed):
            known = await in_thread(read_source, path)
        self._read.pop(path, None)
        self._read[path] = known
        return known

    def show(self, files: tuple[ModelFile, ...], why_none: str = "") -> None:
        """Make these the sources of the shown plan."""
        if (files, why_none) != (self.files, self.why_none):
            self.files, self.why_none = files, why_none
            self.changed.emit()
