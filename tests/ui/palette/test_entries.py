"""What typed letters find, and in which order."""

from __future__ import annotations

import pytest

from app.ui.palette.entries import Entry, fit, ranked


def entry(title: str, *also: str) -> Entry:
    return Entry(title, "", "add", lambda: None, also=also)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("wb", "Weight block"),
        ("WEIGHT", "Weight block"),
        ("mrg", "Merge"),
        ("we bl", "Weight block"),
    ],
)
def test_letters_in_order_fit(typed, name):
    assert fit(typed, name) is not None


@pytest.mark.parametrize(("typed", "name"), [("bw", "Weight block"), ("weights", "Weight block")])
def test_letters_out_of_order_or_missing_do_not_fit(typed, name):
    assert fit(typed, name) is None


def test_starts_of_words_count_more_than_letters_within():
    assert fit("tm", "Two models") > fit("tm", "Bottom")
    assert fit("fra", "Frame") > fit("fra", "For each range")


def test_letters_side_by_side_count_more_than_scattered_ones():
    assert fit("erg", "Merge") > fit("erg", "Weight blocks are g")


def test_the_shorter_name_comes_first_and_equal_ones_keep_their_order():
    entries = [entry("Merge block with inputs"), entry("Merge"), entry("Note"), entry("Merge")]
    assert ranked(entries, "merge") == [entries[1], entries[3], entries[0]]
    assert ranked(entries, " ") == entries


def test_other_names_find_an_entry_behind_the_name_itself():
    blend, merge = entry("Blend"), entry("Merge block", "sum", "blend")
    assert ranked([merge, blend], "blend") == [blend, merge]
    assert ranked([merge, blend], "sum") == [merge]
