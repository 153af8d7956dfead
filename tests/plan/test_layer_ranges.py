"""Layers in ranges are split, written and read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plan.layer_ranges import ends_in, parse_ranges, range_text, ranges_text, runs


@given(st.lists(st.integers(0, 9), max_size=12))
def test_runs_are_the_numbers_in_as_few_pieces_as_can_be(numbers: list[int]) -> None:
    pieces = list(runs(numbers))
    assert [n for piece in pieces for n in piece] == numbers
    assert all(a[-1] + 1 != b[0] for a, b in pairwise(pieces))


def test_how_ranges_are_written() -> None:
    assert (range_text(22, 29), range_text(7, 7), range_text(0, 21, "–")) == ("22-29", "7", "0–21")
    assert (ranges_text((2, 0, 1)), ranges_text((0, 1, 4), "..", ",")) == ("2, 0-1", "0..1,4")
    assert ranges_text(()) == ""


@pytest.mark.parametrize("text", ["22-29", " 22 – 29 ", "22−29", "22..29", "22 to 29"])
def test_how_a_range_is_read(text: str) -> None:
    assert ends_in(text) == (22, 29)
    assert (ends_in("7"), ends_in("9-7"), ends_in("7-"), ends_in("-7")) == (
        (7, 7),
        (9, 7),
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0-3", (0, 1, 2, 3)), ("2,0-1", (2, 0, 1)), (" 5 , 7 – 8 ", (5, 7, 8)), ("3-3", (3,))],
)
def test_several_ranges_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_ranges(text) == numbers
    assert parse_ranges(ranges_text(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-1", "1,,2", "0-99999"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"“|No layers are given"):
        parse_ranges(text)
