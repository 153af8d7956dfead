"""A model file that is to be written, known to the byte before anything is: its metadata, its
table of tensors, and where each tensor's bytes come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.model_files.model_file import FilePart


@dataclass(frozen=True, slots=True)
class FileRange:
    """Bytes that are copied from a file as they are."""

    part: FilePart
    begin: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Computed:
    """Bytes that are made when their turn comes and let go when they are written.

    `make` gives `n_bytes` of them and may read the files in `parts`, which have to
    stay as they are meanwhile.
    """

    make: Callable[[], bytes | bytearray | memoryview]
    n_bytes: int
    parts: tuple[FilePart, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """One tensor to be written; `shape` is ne, the contiguous dimension first."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    content: FileRange | Computed


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A whole model file, in the order in which it is written."""

    metadata: Mapping[str, bytes | FileRange]
    """By name, each value as it stands in a file, its name included (`entries.entry`)."""
    tensors: tuple[PlannedTensor, ...]
    alignment: int
    """Of each tensor's offset, in bytes; what `general.alignment` says, else 32."""

    @property
    def tensor_bytes(self) -> int:
        """Of all tensors, without padding."""
        return sum(tensor.content.n_bytes for tensor in self.tensors)

    @property
    def n_bytes(self) -> int:
        """What the file weighs, but for padding and the table of tensors: some kilobytes."""
        return self.tensor_bytes + sum(
            value.n_bytes if isinstance(value, FileRange) else len(value)
            for value in self.metadata.values()
        )

    def parts(self) -> Iterator[FilePart]:
        """Every file that is read for it, some of them more than once."""
        for content in (*self.metadata.values(), *(tensor.content for tensor in self.tensors)):
            if isinstance(content, FileRange):
                yield content.part
            elif isinstance(content, Computed):
                yield from content.parts
