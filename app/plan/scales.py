"""Scales that add up: brought to a sum of 1, in the same proportion or around one of them."""

from __future__ import annotations

from collections.abc import Sequence

from app.plan.problem import Problem


def sum_is_one(scales: Sequence[float]) -> bool:
    """Whether the scales add up to 1, but for the last digits of doubles."""
    return abs(sum(scales) - 1.0) < 1e-9


def normalised(scales: Sequence[float]) -> list[float]:
    """The scales in the same proportion with a sum of 1; equal ones when they cancel out."""
    if sum_is_one(scales):
        return list(scales)
    largest = max(map(abs, scales)) or 1.0
    parts = [scale / largest for scale in scales]
    total = sum(parts)
    if abs(total) < 1e-5:
        return [1.0 / len(scales)] * len(scales)
    return summing_to_one([part / total for part in parts])


def shared(scales: Sequence[float], fixed: int) -> list[float]:
    """The scales with a sum of 1, the one at index `fixed` as it is.

    The others share the change in proportion to their size, or equally when all of them are 0.
    """
    missing = 1.0 - sum(scales)
    sizes = [0.0 if n == fixed else abs(s) for n, s in enumerate(scales)]
    if not any(sizes):
        sizes = [0.0 if n == fixed else 1.0 for n in range(len(scales))]
    total = sum(sizes)
    parts = [s + missing * size / total for s, size in zip(scales, sizes, strict=True)]
    return summing_to_one(parts, fixed)


def summing_to_one(scales: Sequence[float], fixed: int | None = None) -> list[float]:
    """The scales with no more digits than people write, and still with a sum of 1.

    The one at index `fixed` stays as it is.
    """
    short = [s if n == fixed else round(s, 6) for n, s in enumerate(scales)]
    largest = max((n for n in range(len(short)) if n != fixed), key=lambda n: abs(short[n]))
    short[largest] = round(short[largest] + 1.0 - sum(short), 12)
    return short


def not_finite() -> Problem:
    """What is said of a scale that is no finite number."""
    return Problem(
        "scale-not-finite",
        "A scale must be a finite number.",
        "Use a number such as 0.5.",
    )
