"""Amounts of memory in words."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def format_bytes(n_bytes: int) -> str:
    """Such as "1.2 GiB" or "345 MiB": three digits at most before the unit changes."""
    sign = "−" if n_bytes < 0 else ""
    amount = float(abs(n_bytes))
    unit = 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    has_decimal = unit > 0 and amount < (99.95 if _UNITS[unit] not in ("KiB", "MiB") else 9.95)
    return (
        f"{sign}{amount:.1f} {_UNITS[unit]}"
        if has_decimal
        else f"{sign}{amount:.0f} {_UNITS[unit]}"
    )
