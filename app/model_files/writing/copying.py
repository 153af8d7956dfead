"""Bytes from file to file, by the system itself where it can, else through one small buffer."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from app.model_files.errors import ModelFileError
from app.model_files.model_file import FilePart
from app.model_files.writing.planned import FileRange

_BLOCK_BYTES = 16 << 20
_BUFFER_BYTES = 4 << 20
_SYSTEM_CANNOT = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
}


class Inputs:
    """The files that are read, and whether they are still those whose headers were read."""

    def __init__(self, files: dict[FilePart, BinaryIO]) -> None:
        self._files = files
        self._system_copies = hasattr(os, "copy_file_range")

    def copy(self, stored: FileRange, out: int, on_bytes: Callable[[int], None]) -> None:
        """Appends to the file `out`; tells the bytes of each block. Raises ModelFileError,
        OSError."""
        source = self._files[stored.part]
        begin, end = stored.begin, stored.begin + stored.n_bytes
        while begin < end:
            n = self._copy_block(source, begin, min(end - begin, _BLOCK_BYTES), out)
            if n == 0:
                raise changed(stored.part)
            begin += n
            on_bytes(n)

    def _copy_block(self, source: BinaryIO, begin: int, n: int, out: int) -> int:
        """How many bytes were copied: 0 at the source's end."""
        if self._system_copies:
            try:
                done = os.copy_file_range(source.fileno(), out, n, begin)
            except OSError as error:
                if error.errno not in _SYSTEM_CANNOT:
                    raise
                done = 0
            if done:
                return done
            self._system_copies = False
        source.seek(begin)
        data = source.read(min(n, _BUFFER_BYTES))
        append(out, data)
        return len(data)

    def require_unchanged(self) -> None:
        """Raises ModelFileError for a file that is not the one whose header was read."""
        for part, file in self._files.items():
            opened = os.fstat(file.fileno())
            try:
                there = part.path.stat()
            except OSError:
                raise changed(part) from None
            if (opened.st_dev, opened.st_ino) != (there.st_dev, there.st_ino) or part.has_changed():
                raise changed(part)


@contextmanager
def opened(parts: Iterable[FilePart]) -> Iterator[Inputs]:
    """The files, open, which have to be as they were when their headers were read.

    Raises ModelFileError.
    """
    with ExitStack() as stack:
        files: dict[FilePart, BinaryIO] = {}
        for part in dict.fromkeys(parts):
            try:
                files[part] = stack.enter_context(part.path.open("rb", buffering=0))
            except OSError:
                raise changed(part) from None
        inputs = Inputs(files)
        inputs.require_unchanged()
        yield inputs


def append(out: int, data: bytes | bytearray | memoryview) -> None:
    """Writes all of it to the file descriptor. Raises OSError."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(out, rest) :]


def changed(part: FilePart) -> ModelFileError:
    """The error to raise for a file that is not as it was when its header was read."""
    return ModelFileError(
        part.path,
        f"“{part.path.name}” was changed, moved or cut off since it was opened. Nothing was "
        "written; open it again.",
    )
