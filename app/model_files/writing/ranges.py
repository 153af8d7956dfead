"""Layers as people write them: “0-21, 24”, both ends included."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RANGE = re.compile(r"\s*([0-9]{1,4})\s*(?:[-–]\s*([0-9]{1,4})\s*)?")


def parse_ranges(text: str) -> tuple[int, ...]:
    """The layers in the order in which they are named. Raises ValueError with a sentence."""
    numbers: list[int] = []
    for part in text.split(","):
        form = _RANGE.fullmatch(part)
        if not part.strip():
            raise ValueError("No layers are given. Use a form such as 0-14, 12")
        if form is None:
            raise ValueError(f"“{part.strip()}” is not a range of layers such as 0-14 or 12")
        first, last = int(form[1]), int(form[2] or form[1])
        if last < first:
            raise ValueError(f"“{part.strip()}” ends before it begins")
        numbers += range(first, last + 1)
    return tuple(numbers)


def listed(numbers: Sequence[int]) -> str:
    """The same in as few ranges as the order allows."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)
