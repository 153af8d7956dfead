"""What can be wrong with a model file."""

from __future__ import annotations

from pathlib import Path


class ModelFileError(Exception):
    """A model file that cannot be used; `str()` is a sentence that names it and says what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message

    def __reduce__(self) -> tuple[type[ModelFileError], tuple[Path, str]]:
        return ModelFileError, (self.path, self.message)


def shown(text: str) -> str:
    """A text from a file, fit for one line of a message: at most 80 characters, all printable."""
    return "".join(c if c.isprintable() else "�" for c in text[:80])
