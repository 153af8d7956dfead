"""Whether a plan fits into the memory there is, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.memory.amounts import format_bytes

if TYPE_CHECKING:
    from app.memory.machine import MachineMemory

_TIGHT_BELOW_BYTES = 256 << 20
_TIGHT_BELOW_SHARE = 0.05

Kind = Literal["fits", "tight", "would_swap", "does_not_fit"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement: its kind, one line of words, and what is left over (negative: missing)."""

    kind: Kind
    words: str
    spare_bytes: int

    @property
    def is_short(self) -> bool:
        """Whether more is needed than is free."""
        return self.kind in ("would_swap", "does_not_fit")


def judge(
    total_bytes: int,
    machine: MachineMemory,
    *,
    mapped_bytes: int = 0,
    credit_bytes: int = 0,
    reserve_bytes: int = 0,
) -> Verdict:
    """How `total_bytes` compare with what is free, plus what will be given back before.

    Of the total, `mapped_bytes` lie in files that the system can drop and read again when memory is
    short; all else it can only move to swap. `reserve_bytes` are to stay free for other programs.
    Fits tightly: it leaves less than 256 MiB or 5 % of the room, or uses some of the reserve.
    """
    free_bytes = machine.available_bytes + credit_bytes
    room_bytes = max(0, free_bytes - reserve_bytes)
    spare_bytes = room_bytes - total_bytes
    if spare_bytes >= max(_TIGHT_BELOW_BYTES, _TIGHT_BELOW_SHARE * room_bytes):
        return Verdict("fits", f"Fits: {format_bytes(spare_bytes)} spare", spare_bytes)
    if spare_bytes >= 0:
        return Verdict("tight", f"Fits tightly: {format_bytes(spare_bytes)} spare", spare_bytes)
    missing_bytes = total_bytes - free_bytes
    if missing_bytes <= 0:
        reserve = f"{format_bytes(-spare_bytes)} of the {format_bytes(reserve_bytes)} kept free"
        return Verdict("tight", f"Fits tightly: uses {reserve}", spare_bytes)
    if missing_bytes <= machine.swap_free_bytes + mapped_bytes:
        words = f"Would swap: {format_bytes(missing_bytes)} more than is free"
        return Verdict("would_swap", words, spare_bytes)
    words = f"Does not fit: {format_bytes(missing_bytes)} missing"
    return Verdict("does_not_fit", words, spare_bytes)
