"""Fits, fits tightly, would swap, or does not fit."""

from __future__ import annotations

import pytest

from app.memory.machine import MachineMemory
from app.memory.verdict import judge

GIB = 1 << 30
MIB = 1 << 20


@pytest.mark.parametrize(
    ("total_bytes", "available_bytes", "credit_bytes", "kind", "words"),
    [
        (1 * GIB, 3 * GIB, 0, "fits", "Fits: 2.0 GiB spare"),
        (3 * GIB, 3 * GIB - 1, 0, "does_not_fit", "Does not fit: 1 B missing"),
        (3 * GIB, 3 * GIB, 0, "tight", "Fits tightly: 0 B spare"),
        (3 * GIB, 2 * GIB, 2 * GIB, "fits", "Fits: 1.0 GiB spare"),
        (5 * GIB - 255 * MIB, 5 * GIB, 0, "tight", "Fits tightly: 255 MiB spare"),
        (5 * GIB - 256 * MIB, 5 * GIB, 0, "fits", "Fits: 256 MiB spare"),
        (96 * GIB, 100 * GIB, 0, "tight", "Fits tightly: 4.0 GiB spare"),
        (95 * GIB, 100 * GIB, 0, "fits", "Fits: 5.0 GiB spare"),
    ],
)
def test_judgement(
    total_bytes: int, available_bytes: int, credit_bytes: int, kind: str, words: str
) -> None:
    machine = MachineMemory(200 * GIB, available_bytes, 0)
    verdict = judge(total_bytes, machine, credit_bytes=credit_bytes)
    assert (verdict.kind, verdict.words) == (kind, words)
    assert verdict.spare_bytes == available_bytes + credit_bytes - total_bytes
    assert verdict.is_short == (kind == "does_not_fit")


@pytest.mark.parametrize(
    ("total_gib", "swap_gib", "mapped_gib", "kind"),
    [
        (4, 0, 0, "fits"),
        (6, 0, 0, "does_not_fit"),
        (6, 1, 0, "would_swap"),
        (6, 0, 1, "would_swap"),
        (8, 1, 2, "would_swap"),
        (8, 1, 1, "does_not_fit"),
    ],
)
def test_what_swap_and_mapped_files_take_up_is_told_apart(
    total_gib: int, swap_gib: int, mapped_gib: int, kind: str
) -> None:
    machine = MachineMemory(16 * GIB, 5 * GIB, swap_gib * GIB)
    verdict = judge(total_gib * GIB, machine, mapped_bytes=mapped_gib * GIB)
    assert verdict.kind == kind
    if kind == "would_swap":
        assert verdict.words == f"Would swap: {total_gib - 5}.0 GiB more than is free"
        assert verdict.is_short


def test_the_reserve_is_not_room() -> None:
    machine = MachineMemory(16 * GIB, 8 * GIB, 0)
    kinds = [judge(n * GIB, machine, reserve_bytes=3 * GIB).kind for n in (4, 5, 6, 8, 9)]
    assert kinds == ["fits", "tight", "tight", "tight", "does_not_fit"]
    over = judge(6 * GIB, machine, reserve_bytes=3 * GIB)
    assert over.words == "Fits tightly: uses 1.0 GiB of the 3.0 GiB kept free"
    assert over.spare_bytes == -GIB
    assert judge(1 * GIB, machine, reserve_bytes=99 * GIB).kind == "tight"
