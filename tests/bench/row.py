"""One measured figure of the benchmark table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


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


def middle(rows: Sequence[Row]) -> Row:
    """Of rows with the same id the one with the middle value, which says of how many it is."""
    row = sorted(rows, key=lambda row: row.value)[len(rows) // 2]
    words = f"median of {len(rows)} runs"
    return replace(row, peer=f"{row.peer}; {words}" if row.peer else words)


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
