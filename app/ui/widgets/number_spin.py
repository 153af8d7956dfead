"""Real numbers as people type them: with a decimal point or a comma, whatever the locale."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

_LONG = 1e9


def parse_number(text: str) -> float | None:
    """The number typed, with a decimal point or comma; None for anything else."""
    plain = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


class NumberSpin(QDoubleSpinBox):
    """Written with a point and without idle zeros, as in plans; a locale's own comma is typed too.

    By itself Qt takes the point in "0.25" for a mark between thousands where the locale does so.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())

    def textFromValue(self, value: float) -> str:
        if abs(value) >= _LONG:
            return repr(value)
        whole, _, decimals = f"{value:.{self.decimals()}f}".rstrip("0").partition(".")
        return f"{whole}.{decimals.ljust(2, '0')}"

    def valueFromText(self, text: str) -> float:
        value = parse_number(text)
        return self.value() if value is None else value

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        if set(text) - set("0123456789.,-−+eE "):
            return QValidator.State.Invalid, text, position
        fits = parse_number(text) is not None
        return (
            (QValidator.State.Acceptable if fits else QValidator.State.Intermediate),
            text,
            position,
        )
