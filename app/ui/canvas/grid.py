"""Places on the canvas: on its grid, and within the reach of what a plan may hold."""

from __future__ import annotations

from app.plan.document import POSITION_LIMIT
from app.ui.widgets.theme import GRID


def on_grid(x: float, y: float) -> tuple[float, float]:
    """The nearest corner of the grid at which a block may stand."""
    return _kept(round(x / GRID) * GRID), _kept(round(y / GRID) * GRID)


def inside(x: float, y: float) -> tuple[float, float]:
    """The nearest place at which a block may stand."""
    return _kept(x), _kept(y)


def _kept(coordinate: float) -> float:
    return float(min(POSITION_LIMIT, max(-POSITION_LIMIT, coordinate)))
