"""The texts that plans are measured on: the bundled one, or a file of the user's."""

from __future__ import annotations

import re
from pathlib import Path

from app.fit.errors import TextError

_BUNDLED = Path(__file__).parents[2] / "resources" / "calibration" / "text.txt"
MAX_TEXT_BYTES = 64 << 20
_PIECE = re.compile(r".{1,500}[^\n]{0,500}\n*", re.DOTALL)
"""Up to the end of a line, where one is near."""


def calibration_text() -> str:
    """The bundled text: prose, dialogue, instructions, facts, letters, chat and code in English,
    written for this program."""
    return _BUNDLED.read_text(encoding="utf-8")


def read_text(path: Path) -> str:
    """What a UTF-8 text file holds. Raises TextError."""
    try:
        if path.is_dir():
            raise TextError(f"{path}: this is a folder. Choose a text file.")
        with path.open("rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise TextError(f"{path}: {error.strerror}.") from error
    if len(content) > MAX_TEXT_BYTES:
        raise TextError(
            f"{path}: the file is larger than {MAX_TEXT_BYTES >> 20} MiB. Use a part of it: a "
            "few thousand words are enough."
        )
    if b"\0" in content:
        raise TextError(f"{path}: this is binary data. Choose a plain text file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{path}: not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from error
    if not text.strip():
        raise TextError(f"{path}: the file is empty. Choose one with some text.")
    return text


def sample_of(text: str, n_th: int) -> str:
    """Each n-th piece of a text, of a few sentences each, so that all kinds of it are in there."""
    return "".join(_PIECE.findall(text)[:: max(1, n_th)])
