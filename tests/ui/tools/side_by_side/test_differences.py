"""Which tokens of replies beside each other differ."""

from __future__ import annotations

import pytest

from app.ui.tools.side_by_side.differences import differences, first_difference


def marked(*replies: str) -> list[str]:
    """Each reply's marked tokens, where a token is a word."""
    split = [reply.split() for reply in replies]
    return [
        " ".join(token for token, is_marked in zip(tokens, marks, strict=True) if is_marked)
        for tokens, marks in zip(split, differences(split), strict=True)
    ]


def test_what_is_said_alike_is_not_marked() -> None:
    assert marked("the sea is blue", "the sea is blue") == ["", ""]


def test_what_differs_in_the_middle_is_marked_and_what_follows_is_found_again() -> None:
    one = "the sea is blue because of the light of the sky"
    other = "the sea is very deep because of the light of the sky"
    assert marked(one, other) == ["blue", "very deep"]


def test_words_that_both_happen_to_say_do_not_count_as_alike() -> None:
    assert marked("a red fish , swims", "a blue bird , sings") == [
        "red fish , swims",
        "blue bird , sings",
    ]


def test_the_beginning_counts_however_short() -> None:
    assert marked("the sea", "the sky") == ["sea", "sky"]


def test_the_first_is_marked_where_no_other_says_the_same() -> None:
    first = "the sea is blue and deep"
    assert marked(first, "the sea is green", "the sea is blue but cold") == [
        "and deep",
        "green",
        "but cold",
    ]


def test_a_reply_that_is_longer_differs_where_the_other_has_ended() -> None:
    assert marked("the sea is", "the sea is blue") == ["", "blue"]


@pytest.mark.parametrize(
    ("one", "other", "at"),
    [("a b c", "a b c", None), ("a b c", "a x c", 2), ("a b", "a b c", 3), ("", "a", 1)],
)
def test_the_first_difference_counts_from_one(one: str, other: str, at: int | None) -> None:
    assert first_difference(one.split(), other.split()) == at
