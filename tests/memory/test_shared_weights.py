"""Plans over one copy of the weights may be open at once, and no others."""

from __future__ import annotations

import pytest

from app.memory.shared_weights import can_share_weights


@pytest.mark.parametrize(
    ("paths", "others", "can"),
    [
        (("a",), ("a",), True),
        (("a", "b"), ("a",), True),
        (("a",), ("a", "b"), True),
        (("a", "b"), ("a", "c"), False),
        (("b", "a"), ("a", "b"), False),
        ((), ("a",), False),
    ],
)
def test_one_list_of_files_begins_with_the_other(
    paths: tuple[str, ...], others: tuple[str, ...], can: bool
) -> None:
    assert can_share_weights(paths, True, others, True) is can
    assert not can_share_weights(paths, True, others, False)
