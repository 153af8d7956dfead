"""Records in JSON that may be damaged, of another version, or not ours: read by their types.

What does not suit is said in words (`strict_record`) or left out (`lenient_record`,
`valid_entries`, `value_of`). msgspec does the
types, with the limits that their annotations give. The syntax is left to Python's own reader: it
takes what older files may hold, such as NaN and the halves of surrogate pairs in names of files.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

T = TypeVar("T")
FiniteNumber = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""Neither NaN nor infinite, which Python's reader takes for numbers."""
_LONGEST_VALUE = 40


class JsonError(Exception):
    """A text is not JSON, or not the JSON that was expected; `str()` says where and why."""


def parse(text: str | bytes) -> object:
    """What a text in JSON holds, its bytes in any encoding of Unicode. Raises JsonError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"It is not valid JSON: {error}.") from error


def strict_record(kind: type[T], value: object) -> T:
    """The value as a record of this type, in full. Raises JsonError.

    A field says what it must be with `Annotated[…, msgspec.Meta(description="seconds")]`.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise JsonError(_in_words(str(error), kind, value)) from None


def lenient_record(kind: type[T], value: object) -> T:
    """The record with those of the values that suit its fields, the others as they are by default.

    Of lists the entries that suit are taken, and of records within it their fields alike.
    """
    with suppress(msgspec.ValidationError):
        return msgspec.convert(value, kind)
    values = value if isinstance(value, Mapping) else {}
    suiting = {}
    for name, field in get_type_hints(kind, include_extras=True).items():
        if name in values:
            with suppress(msgspec.ValidationError):
                suiting[name] = _suiting(field, values[name])
    return kind(**suiting)


def valid_entries(kind: type[T], value: object) -> tuple[T, ...]:
    """Those entries of a list that are of this type; none where the value is no list."""
    suiting = []
    for entry in value if isinstance(value, list | tuple) else ():
        with suppress(msgspec.ValidationError):
            suiting.append(msgspec.convert(entry, kind))
    return tuple(suiting)


def value_of(kind: type[T], value: object) -> T | None:
    """The value where it is of this type; None where it is not."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _suiting(kind: Any, value: object) -> object:
    """Raises msgspec.ValidationError."""
    if is_dataclass(kind) and isinstance(kind, type):
        return lenient_record(kind, value)
    if (
        get_origin(kind) is tuple
        and get_args(kind)[1:] == (...,)
        and isinstance(value, list | tuple)
    ):
        return valid_entries(get_args(kind)[0], value)
    return msgspec.convert(value, kind)


def _in_words(error: str, kind: type, value: object) -> str:
    """What msgspec says, such as “Expected `str`, got `int` - at `$.messages[1].text`”, for people:
    “Message 2: “text” is 3; it must be text.”"""
    reason, _, path = error.partition(" - at ")
    if missing := re.match(r"Object missing required field `(.*)`", reason):
        path += f".{missing[1]}"
    field_type: inspect.Type = inspect.type_info(kind)
    place, names = [], []
    for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        field_type = _step(field_type, name)
        if name:
            names.append(name)
            value = value.get(name) if isinstance(value, Mapping) else None
        else:
            place.append(f"{names.pop().removesuffix('s') if names else 'entry'} {int(number) + 1}")
            value = value[int(number)] if isinstance(value, list | tuple) else None
    where = ", ".join(place).capitalize()
    if not names:
        return f"{where or 'It'} is not {_must_be(field_type)}."
    what = " of ".join(f"“{name}”" for name in reversed(names))
    what = f"{where}: {'the ' if names[1:] else ''}{what}" if where else what
    if value is None:
        return f"{what} is missing; it must be {_must_be(field_type)}."
    if value == "":
        return f"{what} is empty."
    return f"{what} is {in_json(value)}; it must be {_must_be(field_type)}."


def _step(kind: inspect.Type, name: str) -> inspect.Type:
    """The type of the field of this name, or without one of an entry; any where it is not said."""
    match _bare(kind):
        case inspect.DataclassType(fields=fields):
            return next((f.type for f in fields if f.encode_name == name), inspect.AnyType())
        case inspect.VarTupleType(item_type=entry):
            return entry
    return inspect.AnyType()


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type itself, without what its annotation adds and without None beside it."""
    while True:
        match kind:
            case inspect.Metadata(type=inner):
                kind = inner
            case inspect.UnionType(types=[inner, inspect.NoneType()]):
                kind = inner
            case _:
                return kind


def _must_be(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata) and "description" in (kind.extra_json_schema or {}):
        return str((kind.extra_json_schema or {})["description"])
    match _bare(kind):
        case inspect.DataclassType():
            return "an object"
        case inspect.VarTupleType():
            return "a list"
        case inspect.StrType():
            return "text"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return " or ".join(f"“{value}”" for value in values)
        case inspect.EnumType(cls=choices):
            return f"one of {', '.join(str(choice.value) for choice in choices)}"
    return "of another kind"


def in_json(value: object) -> str:
    """A value from JSON as it is written there, cut where it is long."""
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= _LONGEST_VALUE else f"{words[: _LONGEST_VALUE - 1]}…"
