"""What can go wrong while plans are measured and chosen."""

from __future__ import annotations


class FitError(Exception):
    """Something the user can fix; `str()` says what and how."""


class TextError(FitError):
    """A text that cannot be measured by."""


class FileChanged(FitError):
    """A model file is no longer the one that was measured."""


class CannotFit(FitError):
    """No plan keeps within the budget."""
