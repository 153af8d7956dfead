"""Layers in ranges: split into runs, written and read as “0-21, 24”, both ends included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RANGE = re.compile(r"\s*([0-9]{1,9})\s*(?:(?:-|–|−|\.\.|to)\s*([0-9]{1,9})\s*)?")
_LAST_LAYER = 9999


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


def ranges_text(numbers: Iterable[int], dash: str = "-", comma: str = ", ") -> str:
    """The layers in as few ranges as their order allows."""
    return comma.join(range_text(run[0], run[-1], dash) for run in runs(numbers))


def ends_in(text: str) -> tuple[int, int] | None:
    """The first and the last layer of a range written as 22-29, 22–29, 22..29, 22 to 29 or 22.

    None for anything else. The last one may be the smaller.
    """
    form = _RANGE.fullmatch(text)
    return None if form is None else (int(form[1]), int(form[2] or form[1]))


def parse_ranges(text: str) -> tuple[int, ...]:
    """The layers in the order in which they are named. Raises ValueError with a sentence."""
    numbers: list[int] = []
    for part in text.split(","):
        ends = ends_in(part)
        if not part.strip():
            raise ValueError("No layers are given. Use a form such as 0-14, 12")
        if ends is None or ends[1] > _LAST_LAYER:
            raise ValueError(f"“{part.strip()}” is not a range of layers such as 0-14 or 12")
        first, last = ends
        if last < first:
            raise ValueError(f"“{part.strip()}” ends before it begins")
        numbers += range(first, last + 1)
    return tuple(numbers)
