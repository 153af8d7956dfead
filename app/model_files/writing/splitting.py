"""Model files in parts, named and marked as llama-gguf-split does (`split.*`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.model_files.errors import ModelFileError
from app.model_files.parts import MAX_PARTS, part_name
from app.model_files.writing.entries import I32, U16, entry
from app.model_files.writing.planned import PlannedFile, PlannedTensor

_IN_ALL_PARTS = {"general.alignment"}


def split(
    planned: PlannedFile, out: Path, max_part_bytes: int | None
) -> tuple[tuple[Path, PlannedFile], ...]:
    """What is written where: one file, or parts of at most that many bytes of tensors each.

    A tensor larger than that has a part for itself. Raises ModelFileError for parts of no bytes and
    for too many parts.
    """
    if max_part_bytes is not None and max_part_bytes < 1:
        raise ModelFileError(out, "Parts cannot be 0 B in size. Use a size such as 4 GiB.")
    groups = _groups(planned.tensors, max_part_bytes)
    if len(groups) == 1:
        return ((out, planned),)
    if len(groups) > MAX_PARTS:
        raise ModelFileError(
            out,
            f"“{out.name}” would be split into {len(groups):,} parts; {MAX_PARTS:,} are "
            "possible. Allow larger parts.",
        )
    prefix = out.name.removesuffix(".gguf")
    in_all = {name: planned.metadata[name] for name in _IN_ALL_PARTS & planned.metadata.keys()}
    parts = []
    for number, tensors in enumerate(groups):
        metadata = {
            **(planned.metadata if number == 0 else in_all),
            "split.no": entry("split.no", U16, number),
            "split.count": entry("split.count", U16, len(groups)),
            "split.tensors.count": entry("split.tensors.count", I32, len(planned.tensors)),
        }
        path = out.with_name(part_name(prefix, number, len(groups)))
        parts.append((path, replace(planned, metadata=metadata, tensors=tensors)))
    return tuple(parts)


def _groups(
    tensors: Iterable[PlannedTensor], max_bytes: int | None
) -> list[tuple[PlannedTensor, ...]]:
    groups: list[list[PlannedTensor]] = [[]]
    n_bytes = 0
    for tensor in tensors:
        n_bytes += tensor.content.n_bytes
        if max_bytes is not None and groups[-1] and n_bytes > max_bytes:
            groups.append([])
            n_bytes = tensor.content.n_bytes
        groups[-1].append(tensor)
    return [tuple(group) for group in groups]
