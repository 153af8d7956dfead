"""The kinds of block: one module each, and the list in which the rest of the program finds them.

A kind knows all that is its own (ports, layers, scales, rules, statement, lowering); nothing here
knows a whole plan's order or numbers, and nothing outside tells kinds apart by name. Another kind
is a record that extends `Block`, an object of a class that extends `Kind`, and `register`.
"""

from __future__ import annotations

from app.plan.kinds.kind import Kind
from app.plan.kinds.merge import MergeKind
from app.plan.kinds.registry import (
    kind_of,
    kinds,
    links_into,
    n_layers_of,
    register,
    unregister,
    with_links,
)
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

WEIGHT = WeightKind()
MERGE = MergeKind()
register(WEIGHT)
register(MERGE)
