"""What a command ends with when it can't do what was asked."""

from __future__ import annotations

EXIT_PROBLEMS = 1
EXIT_USAGE = 2


class UserError(Exception):
    """Something the user can fix, in one or two lines."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
