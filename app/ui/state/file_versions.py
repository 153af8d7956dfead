"""Plan files as they are on disk: whether there is a newer version, and what the system says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.plan import files

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a file: an equal `stamp` spares reading it, its `content` settles it."""

    stamp: Stamp
    content: bytes


def stamp_of(path: Path) -> Stamp | None:
    """What differs from one version of a file to the next, None while there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def version_of(path: Path) -> Version:
    """The file as it is now. Raises OSError. Any thread may call it."""
    if path.exists() and not path.is_file():
        what = "It is a folder" if path.is_dir() else "It is not an ordinary file"
        raise OSError(what)
    stamp = stamp_of(path) or (0, 0, 0)
    return Version(stamp, files.read(path))


def newer_version(path: Path, known: Version | None) -> Version | None:
    """The file as it is now where it differs from `known`, else None. Raises OSError."""
    if known is not None and stamp_of(path) == known.stamp:
        return None
    now = version_of(path)
    return None if known is not None and now.content == known.content else now


def reason(error: OSError) -> str:
    """What the system says of a failure, as a sentence."""
    words = (error.strerror or str(error)).rstrip(".")
    return f"The system says: {words}." if error.strerror else f"{words}."
