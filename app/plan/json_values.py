"""Values in the JSON of the editor's own lines; None for each that makes no sense."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from app.plan.document import LAYER_LIMIT, POSITION_LIMIT
from app.plan.json_records import value_of

_Coordinate = Annotated[float, Meta(ge=-POSITION_LIMIT, le=POSITION_LIMIT)]
_LayerEnd = Annotated[int, Meta(ge=0, le=LAYER_LIMIT)]
Point = tuple[_Coordinate, _Coordinate]


def link_in(value: object) -> int | None:
    """The number of the block that an input names; None for an unlinked one."""
    return value_of(int, value)


def pair_in(value: object) -> tuple[float, float] | None:
    """Two numbers that can be coordinates on the canvas."""
    return value_of(tuple[_Coordinate, _Coordinate], value)


def weights_in(value: object) -> tuple[int, int] | None:
    """Weight layers `[start, end)` as (start, how many)."""
    start, end = value_of(tuple[_LayerEnd, _LayerEnd], value) or (0, 0)
    return (start, end - start) if start < end else None


def plain(number: float) -> float:
    """The number without a needless `.0`."""
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number
