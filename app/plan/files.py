"""Plans on disk: reading one whatever it holds, and saving so that a failure loses nothing."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.plan.problem import Problem
from app.plan.reader import ReadPlan, read_plan

MAX_FILE_BYTES = 8 * 1024 * 1024
"""A plan is far smaller; what is larger is not read."""


def load(path: str | os.PathLike[str], n_weight_layers: int | None = None) -> ReadPlan:
    """The plan in a file and its problems, as `plan_in`. Raises OSError as `read` does."""
    return plan_in(read(path), n_weight_layers)


def read(path: str | os.PathLike[str]) -> bytes:
    """What a file holds, cut a byte past what a plan may be. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def plan_in(content: bytes, n_weight_layers: int | None = None) -> ReadPlan:
    """The plan in what a file holds and its problems, as `read_plan`."""
    if content.startswith(b"GGUF"):
        return read_plan("GGUF")
    if len(content) > MAX_FILE_BYTES:
        too_large = Problem(
            "not-a-plan",
            f"The file is larger than {MAX_FILE_BYTES // 2**20} MiB, so it is not a plan.",
            "Open a layerBlocks text file.",
        )
        return ReadPlan(None, (too_large,))
    return read_plan(text_in(content), n_weight_layers)


def text_in(content: bytes) -> str:
    """The text in what a file holds.

    UTF-8 is expected; UTF-16 with its mark and, for comments written long ago, Latin-1 are coped
    with.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def save(path: str | os.PathLike[str], text: str) -> None:
    """The text as the file's whole content, in UTF-8 with `\\n` line ends, as `save_bytes`."""
    save_bytes(path, text.encode("utf-8"))


def save_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """The data as the file's whole content, as `put_in_place`."""
    with put_in_place(path) as file:
        file.write(data)


@contextlib.contextmanager
def put_in_place(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write, which becomes the one at `path` when the block ends.

    It is written aside in the same folder and put in place at once: on any failure (OSError) the
    old file stays as it was. A link is followed; the old file's mode is kept, and a new file gets
    what `open` gives. What a process that was killed has left of an earlier write to `path` is
    taken away.
    """
    target = Path(path).resolve()
    remove_left_over(target)
    old_mode = _mode(target)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    # The system takes the umask and the folder's rules off the mode: to ask for the umask is to
    # change it, for the files of all threads. What replaces a private file is private from the
    # start.
    handle = os.open(
        aside,
        os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC,
        0o666 if old_mode is None else 0o600,
    )
    try:
        with contextlib.suppress(OSError):
            _lock(handle)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if old_mode is not None:
            os.chmod(aside, old_mode)
        os.replace(aside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise
    _sync_folder(target.parent)


def remove_left_over(target: Path) -> None:
    """Removes what killed processes have written aside for this file: what nobody has locked."""
    for aside in target.parent.glob(f".{glob.escape(target.name)}.????????.new"):
        with contextlib.suppress(OSError), open(aside, "rb") as file:
            _lock(file.fileno())
            aside.unlink()


def _lock(file: int) -> None:
    """Until the file is closed, as it is when the process is killed. Raises OSError where another
    has the lock."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _mode(file: Path) -> int | None:
    """A file's permissions; None where there is none."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
