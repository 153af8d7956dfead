"""The model that comes with the program, and what was made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


class BundledModel:
    """Where it is; `find` raises ModelFileError when it is not installed."""

    def __init__(self, find: Callable[[], Path]) -> None:
        self.find = find

    @property
    def path(self) -> Path | None:
        """Its file, None where it is not installed."""
        from app.model_files.errors import ModelFileError

        try:
            return self.find()
        except ModelFileError:
            return None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its file, where there is one, and the file of its fine-tune."""
        from app.engine.bundled import bundled_fine_tune

        path = self.path
        return (*(() if path is None else (path,)), bundled_fine_tune())

    def is_origin_of(self, file: ModelFile) -> bool:
        """Whether a file is this model, or was composed of it."""
        path = self.path
        if path is None or file.path == path:
            return path is not None
        origins = file.provenance.files if file.provenance is not None else ()
        return any(
            origin.file_name == path.name and origin.mark.size_bytes == path.stat().st_size
            for origin in origins
        )
