"""The model files of a plan, read as its sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.model_files.compatibility import require_compatible
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_model_file, read_source


def read_sources(paths: Sequence[Path]) -> tuple[ModelFile, ...]:
    """The sources in the order in which their weight layers are counted.

    The first is a complete model, the others may be layer packs. Raises ModelFileError, also for
    files that do not fit the first.
    """
    models = (read_model_file(paths[0]), *(read_source(path) for path in paths[1:]))
    seen: set[Path] = set()
    for model in models:
        file = model.path.resolve()
        if file in seen:
            raise ModelFileError(
                model.path,
                f"“{model.path.name}” is named twice. Name it once: a plan can borrow its layers "
                "as often as it likes.",
            )
        seen.add(file)
    require_compatible(models)
    return models
