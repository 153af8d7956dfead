"""Amounts of memory in words."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d+(?:[.,]\d+)?)\s*([kmgt]?)(i?b)?", re.IGNORECASE)
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


def parse_bytes(text: str) -> int:
    """The bytes that "12 GiB", "900M", "3.5g" (units of 1024), "12 GB" (of 1000) or "1000000" name.

    Raises ValueError with a sentence for anything else.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ValueError(f"“{text}” is not an amount of memory such as 12 GiB, 900M or 1000000")
    number, unit, ending = form.groups()
    base = 1000 if unit and ending and ending.lower() == "b" else 1024
    return int(float(number.replace(",", ".")) * base ** " kmgt".index(unit.lower() or " "))
