"""Layers in ranges: split into runs, written and read as “0-21, 24”, both ends included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RANGE = re.compile(r"\s*([0-9]{1,4})\s*(?:[-–]\s*([0-9]{1,4})\s*)?")


def runs(numbers: Iterable[int]) -> Iterator[range]:
    """The numbers in their order, in as few runs as it allows, each rising by one."""
    start = end = None
    for number in numbers:
        if start is None or end is None:
            start = number
        elif number != end:
            yield range(start, end)
            start = number
        end = number + 1
    if start is not None and end is not None:
        yield range(start, end)


def range_text(first: int, last: int, dash: str = "-") -> str:
    """The layers from the first to the last: “22-29”, or “22” for a single one."""
    return f"{first}{dash}{last}" if last > first else f"{first}"


def ranges_text(numbers: Iterable[int]) -> str:
    """The layers in as few ranges as their order allows."""
    return ", ".join(range_text(run[0], run[-1]) for run in runs(numbers))


def parse_ranges(text: str) -> tuple[int, ...]:
    """The layers in the order in which they are named. Raises ValueError with a sentence."""
    numbers: list[int] = []
    for part in text.split(","):
        form = _RANGE.fullmatch(part)
        if not part.strip():
            raise ValueError("Layers are missing: name some, such as 0-14, 12")
        if form is None:
            raise ValueError(f"“{part.strip()}” is no range of layers such as 0-14 or 12")
        first, last = int(form[1]), int(form[2] or form[1])
        if last < first:
            raise ValueError(f"“{part.strip()}” ends before it begins")
        numbers += range(first, last + 1)
    return tuple(numbers)
