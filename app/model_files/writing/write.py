"""Writing a planned model file: aside, then put in place at once, so that nothing half done is
ever there to be taken for a model."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.model_files.errors import ModelFileError
from app.model_files.gguf_header import padded
from app.model_files.writing.copying import Inputs, append, opened
from app.model_files.writing.entries import head, table_row
from app.model_files.writing.planned import Computed, FileRange, PlannedFile
from app.model_files.writing.splitting import split
from app.plan.files import put_in_place

_FLUSH_BYTES = 64 << 20


class WriteStopped(Exception):
    """The user asked for the writing to stop; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class WriteProgress:
    """How far a write is."""

    done_bytes: int
    total_bytes: int
    bytes_per_s: float

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return self.done_bytes / self.total_bytes if self.total_bytes else 1.0

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None before there is one."""
        if not self.bytes_per_s:
            return None
        return (self.total_bytes - self.done_bytes) / self.bytes_per_s


OnProgress = Callable[[WriteProgress], bool]
"""Told from the writing thread after each block; False stops the write."""


def write(
    planned: PlannedFile,
    out: Path,
    on_progress: OnProgress = lambda progress: True,
    max_part_bytes: int | None = None,
) -> tuple[Path, ...]:
    """The files written: `out`, or with `max_part_bytes` of tensors in each its parts, in order.

    Any thread. Takes memory for one computed tensor and some MiB. On any failure, and when it is
    stopped, nothing of it is left and what was there before is as it was. Raises ModelFileError,
    WriteStopped.
    """
    parts = split(planned, out, max_part_bytes)
    paths = tuple(path for path, _ in parts)
    try:
        _require_writable(planned, paths)
        with opened(planned.parts()) as inputs, ExitStack() as files:
            meter = _Meter(planned.tensor_bytes, on_progress)
            for path, part in parts:
                file = files.enter_context(put_in_place(path))
                _write_part(part, file.fileno(), inputs, meter)
            inputs.require_unchanged()
    except OSError as error:
        raise ModelFileError(out, _cannot_write(out, error)) from None
    return paths


def require_writable(planned: PlannedFile, out: Path, max_part_bytes: int | None = None) -> None:
    """That nothing known beforehand keeps the file from being written there, or its parts.

    Raises ModelFileError, OSError.
    """
    _require_writable(planned, [path for path, _ in split(planned, out, max_part_bytes)])


def _require_writable(planned: PlannedFile, paths: Sequence[Path]) -> None:
    """Raises ModelFileError, OSError."""
    read = {part.path for part in planned.parts()}
    for path in paths:
        if path.is_dir():
            raise ModelFileError(path, f"“{path}” is a folder. Choose a file to write to.")
        if path.exists() and not path.is_file():
            raise ModelFileError(path, f"“{path}” is not a regular file. Choose another file.")
        for source in read:
            if path.exists() and source.exists() and path.samefile(source):
                raise ModelFileError(
                    path,
                    f"“{path.name}” is one of the source files. Choose another name.",
                )
    folder = paths[0].resolve().parent
    if not folder.is_dir():
        raise ModelFileError(
            folder, f"There is no folder “{folder}”. Create it, or choose another."
        )
    free_bytes = shutil.disk_usage(folder).free
    if planned.n_bytes > free_bytes:
        raise ModelFileError(
            paths[0],
            f"“{paths[0].name}” needs {_mebibytes(planned.n_bytes)}, but only "
            f"{_mebibytes(free_bytes)} are free on the disk of “{folder}”. Free some space, or "
            "use another disk.",
        )


class _Meter:
    """Counts the bytes written, tells them, and stops the write where it is asked to."""

    def __init__(self, total_bytes: int, on_progress: OnProgress) -> None:
        self._total_bytes = total_bytes
        self._on_progress = on_progress
        self._done_bytes = 0
        self._unflushed_bytes = 0
        self._started = time.monotonic()

    def count(self, out: int, n_bytes: int) -> None:
        self._done_bytes += n_bytes
        self._unflushed_bytes += n_bytes
        if self._unflushed_bytes >= _FLUSH_BYTES:
            _start_flushing(out, self._unflushed_bytes)
            self._unflushed_bytes = 0
        bytes_per_s = self._done_bytes / max(time.monotonic() - self._started, 1e-6)
        if not self._on_progress(WriteProgress(self._done_bytes, self._total_bytes, bytes_per_s)):
            raise WriteStopped


def _write_part(planned: PlannedFile, out: int, inputs: Inputs, meter: _Meter) -> None:
    append(out, head(len(planned.tensors), len(planned.metadata)))
    for value in planned.metadata.values():
        if isinstance(value, FileRange):
            inputs.copy(value, out, on_bytes=lambda n: None)
        else:
            append(out, value)
    rows = bytearray()
    offset = 0
    for tensor in planned.tensors:
        rows += table_row(tensor, offset)
        offset += padded(tensor.content.n_bytes, planned.alignment)
    append(out, rows)
    _pad(out, planned.alignment)
    for tensor in planned.tensors:
        if isinstance(tensor.content, Computed):
            append(out, _made(tensor.content))
            meter.count(out, tensor.content.n_bytes)
        else:
            inputs.copy(tensor.content, out, partial(meter.count, out))
        _pad(out, planned.alignment)


def _start_flushing(out: int, n_bytes: int) -> None:
    """Lets the disk begin with the bytes appended last, where the system can be told to; else all
    waits for it at the very end, when progress has been told."""
    if hasattr(os, "posix_fadvise"):
        end = os.lseek(out, 0, os.SEEK_CUR)
        begin = max(0, end - n_bytes)  # what was appended before lies in another part
        os.posix_fadvise(out, begin, end - begin, os.POSIX_FADV_DONTNEED)


def _made(content: Computed) -> memoryview:
    data = memoryview(content.make())
    assert data.nbytes == content.n_bytes
    return data


def _pad(out: int, alignment: int) -> None:
    position = os.lseek(out, 0, os.SEEK_CUR)
    append(out, bytes(padded(position, alignment) - position))


def _mebibytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.0f} MiB"


def _cannot_write(out: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            fix = "Free some space, or use another disk."
        case errno.EFBIG:
            fix = "The file is too large for this disk: split it, or use another disk."
        case errno.EROFS | errno.EACCES | errno.EPERM:
            fix = "Choose a folder that you can write to."
        case _:
            fix = "Check the disk, or use another one."
    return f"“{out}” cannot be written: {error.strerror or error}. {fix} Nothing was left behind."
