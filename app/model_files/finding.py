"""Finds the model files that a plan names, also when they were moved or renamed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.model_files.fingerprint import has_mark
from app.plan.document import FileMark


def find_source(
    name: str, mark: FileMark | None, folder: Path | None, known: Sequence[Path]
) -> Path | None:
    """The file that a plan in `folder` means by a name, None where it is not to be found.

    The file at the named path comes first. Then, in the plan's folder and those of the `known`
    model files: the very file by its mark, under its name or another one, and at last any file of
    that name. Reads samples of files of the marked size only.
    """
    named = Path(name) if folder is None else folder / name
    if named.is_absolute() and named.is_file():
        return named
    folders = dict.fromkeys(([] if folder is None else [folder]) + [p.parent for p in known])
    beside = [path for place in folders for path in _models_in(place)]
    candidates = list(dict.fromkeys([*known, *beside]))
    same_name = [path for path in candidates if path.name == Path(name).name and path.is_file()]
    if mark is not None:
        others = [path for path in candidates if path not in same_name]
        same_file = next((p for p in (*same_name, *others) if has_mark(p, mark)), None)
        if same_file is not None:
            return same_file
    return next(iter(same_name), None)


def _models_in(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() == ".gguf")
    except OSError:
        return []
