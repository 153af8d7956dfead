"""Amounts in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.memory.amounts import format_bytes, parse_bytes


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1024, "1.0 KiB"),
        (345 << 20, "345 MiB"),
        (3 << 19, "1.5 MiB"),
        (1023 << 20, "1.0 GiB"),
        (1288490189, "1.2 GiB"),
        (23721 << 20, "23.2 GiB"),
        (999 << 30, "999 GiB"),
        (2 << 40, "2.0 TiB"),
        (-(120 << 20), "−120 MiB"),
    ],
)
def test_words(n_bytes: int, words: str) -> None:
    assert format_bytes(n_bytes) == words


@given(st.integers(-(1 << 66), 1 << 66))
def test_words_are_within_rounding_of_the_amount(n_bytes: int) -> None:
    number, unit = format_bytes(n_bytes).replace("−", "-").split(" ")
    factor = 1024 ** ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].index(unit)
    tolerance = 0.051 if "." in number else 0.51
    assert abs(float(number) - n_bytes / factor) <= tolerance
    assert len(number.lstrip("-").replace(".", "")) <= 3 or abs(n_bytes) >= 1 << 69


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("1000000", 1_000_000),
        ("12GiB", 12 << 30),
        ("900M", 900 << 20),
        ("3.5 g", 7 << 29),
        ("3,5 GB", 3_500_000_000),
        (" 2 k ", 2048),
    ],
)
def test_amounts_are_read_in_the_units_people_write(text: str, n_bytes: int) -> None:
    assert parse_bytes(text) == n_bytes


@pytest.mark.parametrize("text", ["", "a lot", "-5G", "12 GiB of it", "1e9", "nan"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of memory"):
        parse_bytes(text)
