"""Fits, tight, or does not fit."""

from __future__ import annotations

import pytest

from app.memory.verdict import judge

GIB = 1 << 30
MIB = 1 << 20


@pytest.mark.parametrize(
    ("total_bytes", "available_bytes", "credit_bytes", "kind", "words"),
    [
        (1 * GIB, 3 * GIB, 0, "fits", "Fits: 2.0 GiB spare"),
        (3 * GIB, 3 * GIB - 1, 0, "does_not_fit", "Does not fit: 1 B missing"),
        (3 * GIB, 3 * GIB, 0, "tight", "Tight: only 0 B spare"),
        (3 * GIB, 2 * GIB, 2 * GIB, "fits", "Fits: 1.0 GiB spare"),
        (5 * GIB - 255 * MIB, 5 * GIB, 0, "tight", "Tight: only 255 MiB spare"),
        (5 * GIB - 256 * MIB, 5 * GIB, 0, "fits", "Fits: 256 MiB spare"),
        (96 * GIB, 100 * GIB, 0, "tight", "Tight: only 4.0 GiB spare"),
        (95 * GIB, 100 * GIB, 0, "fits", "Fits: 5.0 GiB spare"),
    ],
)
def test_judgement(
    total_bytes: int, available_bytes: int, credit_bytes: int, kind: str, words: str
) -> None:
    verdict = judge(total_bytes, available_bytes, credit_bytes)
    assert (verdict.kind, verdict.words) == (kind, words)
    assert verdict.spare_bytes == available_bytes + credit_bytes - total_bytes
