"""The kinds of block: one module each, and the list in which the rest of the program finds them.

A kind knows all that is its own (ports, layers, scales, rules, statement, lowering); nothing here
knows a whole plan's order or numbers, and nothing outside tells kinds apart by name. Another kind
is a record that extends `Block`, an object of a class that extends `Kind`, and `register`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from app.plan.document import Block
from app.plan.kinds.kind import Kind
from app.plan.kinds.merge import MergeKind
from app.plan.kinds.registry import kind_of, kinds, register, unregister
from app.plan.kinds.weight import WeightKind

__all__ = [
    "MERGE",
    "WEIGHT",
    "Kind",
    "kind_of",
    "kinds",
    "links_into",
    "n_layers_of",
    "register",
    "unregister",
    "with_links",
]

_B = TypeVar("_B", bound=Block)

WEIGHT = WeightKind()
MERGE = MergeKind()
register(WEIGHT)
register(MERGE)


def links_into(block: Block) -> tuple[str | None, ...]:
    """What feeds the block, one entry a port, in port order; None for an unlinked port."""
    links: tuple[str | None, ...] = kind_of(block).links(block)
    return links


def with_links(block: _B, links: Sequence[str | None]) -> _B:
    """The block with these links into its ports."""
    kind = kind_of(block)
    changed: _B = block if tuple(links) == kind.links(block) else kind.with_links(block, links)
    return changed


def n_layers_of(block: Block) -> int:
    """How many plan layers the block runs."""
    return len(kind_of(block).layers(block))
