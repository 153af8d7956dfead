"""The parameters of a mergekit configuration, as far as each is one value for all tensors.

mergekit looks a parameter up in the source, the slice and the whole file, in this order; a value
may be a list (a gradient over the layers) or depend on the tensor's name (a filter).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.model_files.exchange.yaml_text import Scalar, Value
from app.plan.lines import parse_float, shown

_DEEPEST = 8


class Varies(Exception):
    """A parameter that is no single value; the message says in what way."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def look_up(name: str, scopes: Sequence[Value | None]) -> Value | None:
    """The value of the innermost scope that has one, None where none has. Raises Varies."""
    for scope in scopes:
        if scope is not None and isinstance(scope.data, dict) and name in scope.data:
            found = _constant(name, scope.data[name])
            if found is not None:
                return found
    return None


def number_in(value: Value) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value.data, bool):
        return None
    number = parse_float(str(value.data)) if isinstance(value.data, int | float | str) else None
    return number if number is not None and abs(number) < float("inf") else None


def _constant(name: str, value: Value, depth: int = 0) -> Value | None:
    if isinstance(value.data, dict):
        return _by_filter(name, [value], depth)
    if not isinstance(value.data, list):
        return value if value.data is not None else None
    if any(isinstance(item.data, dict) for item in value.data):
        return _by_filter(name, value.data, depth)
    if not value.data:
        return None
    if len({_comparable(item.data) for item in value.data}) > 1:
        raise Varies(value.line, f"{shown(name)} is a gradient over the layers.")
    return value.data[0]


def _by_filter(name: str, conditions: Sequence[Value], depth: int) -> Value | None:
    """What the first condition says, which counts for all tensors if it has no filter."""
    first = conditions[0]
    if not isinstance(first.data, dict) or "value" not in first.data or depth > _DEEPEST:
        raise Varies(first.line, f"{shown(name)} has no “value”.")
    filter_ = first.data.get("filter")
    if filter_ is not None and filter_.data not in (None, "*"):
        words = shown(str(filter_.data))
        raise Varies(first.line, f"{shown(name)} depends on the tensor (filter {words}).")
    return _constant(name, first.data["value"], depth + 1)


def _comparable(data: object) -> Scalar:
    return data if isinstance(data, bool | int | float) else str(data)
