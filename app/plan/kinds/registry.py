"""The kinds of block that are known, by the classes of their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.plan.document import Block
from app.plan.kinds.kind import BlockT, Kind

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


def links_into(block: Block) -> tuple[str | None, ...]:
    """What feeds the block, one entry a port, in port order; None for an unlinked port."""
    links: tuple[str | None, ...] = _by_record[type(block)].links(block)
    return links


def with_links(block: BlockT, links: Sequence[str | None]) -> BlockT:
    """The block with these links into its ports."""
    kind = kind_of(block)
    result: BlockT = block if tuple(links) == kind.links(block) else kind.with_links(block, links)
    return result


def n_layers_of(block: Block) -> int:
    """How many plan layers the block runs."""
    return len(kind_of(block).layers(block))
