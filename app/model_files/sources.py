"""The model files of a plan, read as its sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.model_files.compatibility import require_compatible
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_source, require_complete


def read_sources(paths: Sequence[Path]) -> tuple[ModelFile, ...]:
    """The sources in the order in which their weight layers are counted.

    The first is a complete model, the others may be layer packs. Raises ModelFileError, also for
    files that do not fit the first.
    """
    models = tuple(read_source(path) for path in paths)
    require_one_model(models)
    return models


def require_one_model(models: Sequence[ModelFile]) -> None:
    """Nothing, when files that were read can be the sources of a plan in this order.

    Raises ModelFileError for a layer pack that comes first, a file that comes twice, and files
    that do not fit the first.
    """
    require_complete(models[0])
    seen: set[Path] = set()
    for model in models:
        file = model.path.resolve()
        if file in seen:
            raise ModelFileError(
                model.path,
                f"“{model.path.name}” is listed twice. List it once: a plan can borrow its "
                "layers any number of times.",
            )
        seen.add(file)
    require_compatible(models)
