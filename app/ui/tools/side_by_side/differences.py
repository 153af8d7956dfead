"""Which tokens of replies beside each other differ."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

SHORTEST_RUN = 3
"""So many tokens in a row, said by both after they parted, count as said alike; a comma or an
article that both happen to say does not."""


def differences(replies: Sequence[Sequence[str]]) -> list[list[bool]]:
    """For each token of each reply whether the first reply does not say it, and for each of the
    first one's whether no other does."""
    first, *others = replies
    marks = [[bool(others)] * len(first)]
    for other in others:
        alike, other_alike = _alike(first, other)
        marks[0] = [m and not a for m, a in zip(marks[0], alike, strict=True)]
        marks.append([not a for a in other_alike])
    return marks


def first_difference(tokens: Sequence[str], other: Sequence[str]) -> int | None:
    """The number, from 1, of the first token that is not the other's; None where all are."""
    if tokens == other:
        return None
    both = zip(tokens, other, strict=False)
    n_same = next((n for n, (a, b) in enumerate(both) if a != b), min(len(tokens), len(other)))
    return n_same + 1


def _alike(one: Sequence[str], other: Sequence[str]) -> tuple[list[bool], list[bool]]:
    one_alike, other_alike = [False] * len(one), [False] * len(other)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for at, other_at, size in matcher.get_matching_blocks():
        if size >= SHORTEST_RUN or (at, other_at) == (0, 0):
            one_alike[at : at + size] = [True] * size
            other_alike[other_at : other_at + size] = [True] * size
    return one_alike, other_alike
