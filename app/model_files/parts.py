"""The file of a model, or the parts of a split one: opened, and their headers checked.

Parts are named `NAME-00001-of-00003.gguf` and so on (llama.cpp: `llama_split_path`); the first
holds the metadata, each its own share of the tensors.
"""

from __future__ import annotations

import stat
from os import stat_result
from pathlib import Path
from typing import BinaryIO

from app.model_files.errors import ModelFileError
from app.model_files.gguf_header import (
    CutOff,
    Damaged,
    GGUFHeader,
    Tensor,
    UnsupportedVersion,
    read_header,
)
from app.model_files.lookalike import describe
from app.model_files.model_file import FilePart

MAX_PARTS = 9999


Parts = tuple[tuple[FilePart, GGUFHeader], ...]
"""The parts of a model in order, each with its own header."""


def read_headers(path: Path) -> Parts:
    """Every part with its header, in order. Raises ModelFileError."""
    part, header = _read_part(path)
    n_parts = _split_number(path, header, "count", 1) or 1
    if n_parts == 1:
        return ((part, header),)
    number = _split_number(path, header, "no", 0)
    names = _part_names(path, number, n_parts)
    if number != 0:
        raise ModelFileError(
            path,
            f"“{path.name}” is part {number + 1} of {n_parts} of a split model. Open its first "
            f"part, “{names[0]}”, instead.",
        )
    parts = [(part, header)]
    for index, name in enumerate(names[1:], 1):
        part_path = path.with_name(name)
        if not part_path.exists():
            raise ModelFileError(
                path,
                f"“{path.name}” is split into {n_parts} parts, and part {index + 1}, “{name}”, "
                "is missing. Put all parts into one folder.",
            )
        part, part_header = _read_part(part_path)
        if (
            _split_number(part_path, part_header, "no", 0) != index
            or _split_number(part_path, part_header, "count", 1) != n_parts
        ):
            raise ModelFileError(
                part_path,
                f"“{name}” is not part {index + 1} of {n_parts}, as its name says. Download or "
                "copy it again.",
            )
        parts.append((part, part_header))
    _check_tensors(path, header, [tensor for _, other in parts for tensor in other.tensors])
    return tuple(parts)


def _part_names(path: Path, number: int, n_parts: int) -> list[str]:
    """What all parts are called, given one with its number from 0."""
    ending = part_name("", number, n_parts)
    prefix = path.name.removesuffix(ending)
    if prefix in ("", path.name):
        raise ModelFileError(
            path,
            f"“{path.name}” is part {number + 1} of {n_parts} of a split model, so its name must "
            f"end in “{ending}”. Give all parts their original names.",
        )
    return [part_name(prefix, n, n_parts) for n in range(n_parts)]


def part_name(prefix: str, number: int, n_parts: int) -> str:
    """What a part is called, its number counted from 0."""
    return f"{prefix}-{number + 1:05d}-of-{n_parts:05d}.gguf"


def _split_number(path: Path, header: GGUFHeader, key: str, default: int) -> int:
    value = header.scalars.get(f"split.{key}", default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PARTS:
        raise damaged(path, Damaged(f"“split.{key}” is not a number of parts."))
    return value


def _check_tensors(path: Path, header: GGUFHeader, tensors: list[Tensor]) -> None:
    n_announced = header.scalars.get("split.tensors.count", len(tensors))
    if len({tensor.name for tensor in tensors}) != n_announced:
        raise ModelFileError(
            path,
            f"The parts of “{path.name}” do not belong together: they do not hold the "
            f"{n_announced} different tensors that the first one announces. Download or copy "
            "them again.",
        )


def _read_part(path: Path) -> tuple[FilePart, GGUFHeader]:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    _require_regular(path, status)
    try:
        with path.open("rb") as file:
            header = _read_checked_header(path, file, status.st_size)
    except OSError as error:
        raise _unreadable(path, error) from None
    return FilePart(path, status.st_size, status.st_mtime_ns), header


def damaged(path: Path, damage: Damaged) -> ModelFileError:
    """The error to raise for a file whose content contradicts itself."""
    where = "" if damage.offset is None else f" at byte {damage.offset:,}"
    return ModelFileError(
        path, f"“{path.name}” is damaged{where}: {damage} Download or copy it again."
    )


def _unreadable(path: Path, error: OSError | ValueError) -> ModelFileError:
    if isinstance(error, FileNotFoundError):
        return ModelFileError(path, f"There is no file “{path}”. Choose another model file.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ModelFileError(
        path, f"“{path}” cannot be read: {reason}. Check the path and its permissions."
    )


def _require_regular(path: Path, status: stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ModelFileError(path, f"“{path}” is a folder. Choose the GGUF file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError(path, f"“{path}” is not a regular file. Choose a GGUF file.")
    if status.st_size == 0:
        raise ModelFileError(path, f"“{path.name}” is empty. Download or copy it again.")


def _read_checked_header(path: Path, file: BinaryIO, size_bytes: int) -> GGUFHeader:
    head = file.read(4096)
    if not head.startswith(b"GGUF"):
        kind = describe(head)
        looks = f"it looks like {kind}" if kind else "it does not begin with “GGUF”"
        raise ModelFileError(
            path, f"“{path.name}” is not a GGUF model: {looks}. Choose a file in GGUF format."
        )
    try:
        header = read_header(file, size_bytes)
    except CutOff as cut:
        raise ModelFileError(
            path,
            f"“{path.name}” is cut off or damaged at byte {cut.offset:,}: its header continues "
            f"past the end of the file, at {size_bytes:,} bytes. Download or copy it again.",
        ) from None
    except UnsupportedVersion as error:
        raise ModelFileError(path, _about_version(path, error)) from None
    except Damaged as damage:
        raise damaged(path, damage) from None
    missing_bytes = header.end - size_bytes
    if missing_bytes > 0:
        raise ModelFileError(
            path,
            f"“{path.name}” is cut off: {missing_bytes:,} of {header.end:,} bytes are missing. "
            "Download or copy it again.",
        )
    return header


def _about_version(path: Path, error: UnsupportedVersion) -> str:
    if error.is_big_endian:
        return (
            f"“{path.name}” is a GGUF file for big-endian machines. Convert it with "
            "gguf-convert-endian, or use the little-endian file."
        )
    return (
        f"“{path.name}” is GGUF version {error.version}; versions 2 and 3 can be read. Convert "
        "the model again with a current llama.cpp."
    )
