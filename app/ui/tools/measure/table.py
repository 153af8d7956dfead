"""Numbers that are saved as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows, as CSV says them."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> str:
        """The table as comma-separated values, lines ended as RFC 4180 has it."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return out.getvalue()
