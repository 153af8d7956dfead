"""What a foreign form says before anyone knows the model files: slices of layers by model name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """Layers of one model, run from first to last, and the scale of what comes out.

    `layers` are the model's own numbers; None stands for all of them.
    """

    model: str
    layers: range | None
    scale: float
    line: int


Slice = tuple[Branch, ...]
"""Branches side by side; a single one is no merge."""


def model_names(slices: Iterable[Slice]) -> tuple[str, ...]:
    """The models in order of first mention, which is the order of the sources."""
    return tuple(dict.fromkeys(branch.model for slice_ in slices for branch in slice_))
