"""Values in the JSON of the editor's own lines; None for each that makes no sense."""

from __future__ import annotations

import math

from app.plan.document import LAYER_LIMIT, POSITION_LIMIT


def link_in(value: object) -> int | None:
    """The number of the block that an input names; None for an unlinked one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def finite_number(value: object) -> float | None:
    """A JSON number as a finite double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def pair_in(value: object) -> tuple[float, float] | None:
    """Two numbers that can be coordinates on the canvas."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = (finite_number(c) for c in value)
    if x is None or y is None or max(abs(x), abs(y)) > POSITION_LIMIT:
        return None
    return x, y


def weights_in(value: object) -> tuple[int, int] | None:
    """Weight layers `[start, end)` as (start, how many)."""
    match value:
        case [int(start), int(end)] if 0 <= start < end <= LAYER_LIMIT:
            return int(start), int(end) - int(start)
    return None


def plain(number: float) -> float:
    """The number without a needless `.0`."""
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number
