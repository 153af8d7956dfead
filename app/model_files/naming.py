"""How a plan that is saved names its model files, so that it finds them again elsewhere too."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from app.model_files.fingerprint import mark_of
from app.plan.document import Plan


def named_for(
    plan: Plan, files: Mapping[str, Path], folder: Path, bundled: Collection[Path]
) -> Plan:
    """The plan as it is written into a folder. `files` are those that its names stand for.

    Files near the plan are named by the way to them, others by their name alone, with what they
    are known by; two of one name by their whole path. Names that stand for no file stay.
    """
    marks = dict(plan.marks)
    names: list[str] = []
    for old in plan.sources:
        path = files.get(old)
        if path is None:
            names.append(old)
            continue
        name = path.name if path in bundled else name_beside(path, folder) or path.name
        if name in names or (name == path.name and _is_another(folder / name, path)):
            name = str(path)
        names.append(name)
        if path not in bundled:
            with contextlib.suppress(OSError):
                marks[name] = mark_of(path)
    return replace(plan, sources=tuple(names), marks=MappingProxyType(marks))


def name_beside(path: Path, folder: Path) -> str | None:
    """How a plan in `folder` names a file near it, None for one that lies elsewhere.

    Near is what lies under the folder, or under the one that the folder is in.
    """
    with contextlib.suppress(OSError, ValueError):
        path, folder = path.resolve(), folder.resolve()
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
        if len(folder.parts) > 2:
            return f"../{path.relative_to(folder.parent).as_posix()}"
    return None


def _is_another(path: Path, meant: Path) -> bool:
    try:
        return not path.samefile(meant)
    except OSError:
        return False
