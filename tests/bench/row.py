"""One measured figure of the benchmark table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`value` is compared with `goal`, whose text begins with <, <= or >=; `peer` says with what
    it was measured side by side."""

    id: str
    value: float
    unit: str
    goal: str
    peer: str = ""

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        relation, limit = self.goal.split()[:2]
        bound = float(limit)
        return {
            "<": self.value < bound,
            "<=": self.value <= bound,
            ">=": self.value >= bound,
        }[relation]


def table(rows: Iterable[Row]) -> str:
    """The rows as lines of text in columns."""
    cells = [("id", "value", "unit", "goal", "holds", "peer")]
    cells += [
        (r.id, f"{r.value:.3f}", r.unit, r.goal, "yes" if r.holds else "NO", r.peer) for r in rows
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
