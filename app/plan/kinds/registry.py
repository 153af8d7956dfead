"""The kinds of block that are known, by the classes of their records."""

from __future__ import annotations

from typing import Any

from app.plan.document import Block
from app.plan.kinds.kind import Kind

_by_record: dict[type[Block], Kind[Any]] = {}


def register(kind: Kind[Any]) -> None:
    """Make a kind known. Raises ValueError where another has its record, name or keyword."""
    for other in _by_record.values():
        if (
            other.record is kind.record
            or other.name == kind.name
            or other.keyword.lower() == kind.keyword.lower()
        ):
            raise ValueError(f"{kind.title!r} takes what {other.title!r} has already.")
    _by_record[kind.record] = kind


def unregister(kind: Kind[Any]) -> None:
    """Forget a kind; no plan may hold a block of it any more."""
    del _by_record[kind.record]


def kinds() -> tuple[Kind[Any], ...]:
    """All kinds, in the order in which they were made known."""
    return tuple(_by_record.values())


def kind_of(block: Block) -> Kind[Any]:
    """The kind of a block. Raises KeyError for one that nobody made known."""
    return _by_record[type(block)]
