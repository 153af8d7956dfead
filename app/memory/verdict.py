"""Whether a plan fits into the memory there is, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.memory.amounts import format_bytes

_TIGHT_BELOW_BYTES = 256 << 20
_TIGHT_BELOW_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement: its kind, one line of words, and what is left over (negative: missing)."""

    kind: Literal["fits", "tight", "does_not_fit"]
    words: str
    spare_bytes: int


def judge(total_bytes: int, available_bytes: int, credit_bytes: int = 0) -> Verdict:
    """How `total_bytes` compare with what is free, plus what will be given back before.

    Tight: it fits, but leaves less than 256 MiB or 5 % of the room to everything else.
    """
    room_bytes = available_bytes + credit_bytes
    spare_bytes = room_bytes - total_bytes
    if spare_bytes < 0:
        return Verdict(
            "does_not_fit", f"Does not fit: {format_bytes(-spare_bytes)} missing", spare_bytes
        )
    if spare_bytes < max(_TIGHT_BELOW_BYTES, _TIGHT_BELOW_SHARE * room_bytes):
        return Verdict("tight", f"Tight: only {format_bytes(spare_bytes)} spare", spare_bytes)
    return Verdict("fits", f"Fits: {format_bytes(spare_bytes)} spare", spare_bytes)
