"""Records read back from JSON that may be damaged, of an older version, or not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def known(record: type[Record], saved: object) -> Record:
    """The record with those of the saved values that suit its fields; the others as usual."""
    given = saved if isinstance(saved, Mapping) else {}
    usual: dict[str, Any] = {}
    for f in fields(record):  # type: ignore[arg-type]
        value = _fitting(f.name, given.get(f.name), str(f.type))
        if value is not None:
            usual[f.name] = value
    return record(**usual)


def _fitting(name: str, value: Any, kind: str) -> Any:
    """The value as the annotation `kind` wants it, None where it is of another kind."""
    if name == "logit_bias":
        pairs = value if isinstance(value, list | tuple) else []
        return tuple((str(p[0]), float(p[1])) for p in pairs if _is_pair(p)) or None
    if kind.startswith("tuple[str"):
        return (
            tuple(v for v in value if isinstance(v, str))
            if isinstance(value, list | tuple)
            else None
        )
    if kind.startswith("bool"):
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or value is None:
        return None
    if kind.startswith("int"):
        return value if isinstance(value, int) else None
    if kind.startswith("float"):
        return float(value) if isinstance(value, int | float) else None
    return value if isinstance(value, str) else None


def _is_pair(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], int | float) and not isinstance(value[1], bool)
