"""The header of a GGUF file: its metadata and its table of tensors, read without the weights.

`gguf.GGUFReader` makes array objects for every token of a vocabulary (3 s for 49,152 tokens) and
believes any count it is told. This reads through a bounded window, steps over long lists and
refuses what llama.cpp refuses.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from app.model_files.errors import shown
from app.model_files.tensor_types import TENSOR_TYPES

Scalar = int | float | bool | str

STRING = 8
ARRAY = 9
SCALARS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_U32 = SCALARS[4]
_U64 = SCALARS[10]

_WINDOW_BYTES = 1 << 20
_MAX_STRING_BYTES = 16 << 20
_MAX_STRINGS = 1 << 24
_MAX_KEPT_ITEMS = 4096
_MAX_NAME_BYTES = 63
_MAX_DIMENSIONS = 4
_DEFAULT_ALIGNMENT = 32
_TOKENS = "tokenizer.ggml.tokens"


class Damaged(Exception):
    """The bytes contradict the format; the message goes on after "The file is damaged: "."""


class CutOff(Exception):
    """The file ends inside the header."""


class UnsupportedVersion(Exception):
    """A GGUF version that llama.cpp does not read."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version
        self.is_big_endian = version & 0xFFFF == 0


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the table; `shape` is ne, the contiguous dimension first."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    n_bytes: int
    offset: int
    """From the start of the tensor data."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a metadata value is stored in its file, with its name before it."""

    begin: int
    end: int
    kind: int
    """GGUF's number of the value's type; of a list, that of its items."""


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """What a GGUF file says about itself."""

    scalars: Mapping[str, Scalar]
    arrays: Mapping[str, tuple[int | float | bool, ...]]
    """Number arrays short enough to be one value a layer."""
    lengths: Mapping[str, int]
    """The length of every array, those not kept included."""
    entries: Mapping[str, Entry]
    """Every metadata value, in the order of the file."""
    alignment: int
    """Of each tensor's offset, in bytes."""
    tokens_sha256: str
    """Of the vocabulary's token list as stored, '' without one."""
    tensors: tuple[Tensor, ...]
    data_offset: int

    @property
    def end(self) -> int:
        """The size in bytes of a complete file, without padding after the last tensor."""
        return self.data_offset + max((t.offset + t.n_bytes for t in self.tensors), default=0)


def read_header(file: BinaryIO, size_bytes: int) -> GGUFHeader:
    """The header of an open file that begins with the magic `GGUF`.

    Raises Damaged, CutOff, UnsupportedVersion, OSError.
    """
    cursor = _Cursor(file, size_bytes, position=4)
    version = cursor.u32()
    if version not in (2, 3):
        raise UnsupportedVersion(version)
    n_tensors = cursor.count(24, "tensors")
    n_fields = cursor.count(13, "metadata values")

    scalars: dict[str, Scalar] = {}
    arrays: dict[str, tuple[int | float | bool, ...]] = {}
    lengths: dict[str, int] = {}
    entries: dict[str, Entry] = {}
    tokens_sha256 = ""
    for _ in range(n_fields):
        entry_begin = cursor.position
        key = cursor.string()
        if not key or key in scalars or key in lengths:
            raise Damaged(f"the metadata name “{shown(key)}” is empty or there twice.")
        kind = cursor.u32()
        if kind == STRING:
            scalars[key] = cursor.string()
        elif kind == ARRAY:
            begin = cursor.position
            kind, lengths[key], items = cursor.array(key)
            if items is not None:
                arrays[key] = items
            if key == _TOKENS:
                tokens_sha256 = cursor.sha256_since(begin)
        elif kind in SCALARS:
            scalars[key] = cursor.scalar(SCALARS[kind])
        else:
            raise Damaged(f"“{shown(key)}” has the unknown type {kind}.")
        entries[key] = Entry(entry_begin, cursor.position, kind)

    alignment = scalars.get("general.alignment", _DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise Damaged(f"the alignment of its tensors is {alignment}, which is no power of two.")
    tensors = _read_tensors(cursor, n_tensors, alignment)
    data_offset = padded(cursor.position, alignment)
    return GGUFHeader(
        scalars, arrays, lengths, entries, alignment, tokens_sha256, tensors, data_offset
    )


def _read_tensors(cursor: _Cursor, n_tensors: int, alignment: int) -> tuple[Tensor, ...]:
    tensors: list[Tensor] = []
    names: set[str] = set()
    next_offset = 0
    for _ in range(n_tensors):
        name = cursor.string(_MAX_NAME_BYTES)
        if name in names:
            raise Damaged(f"the tensor “{shown(name)}” is there twice.")
        names.add(name)
        n_dims = cursor.u32()
        if n_dims > _MAX_DIMENSIONS:
            raise Damaged(f"the tensor “{shown(name)}” has {n_dims} dimensions.")
        shape = tuple(cursor.u64() for _ in range(n_dims))
        kind = cursor.u32()
        offset = cursor.u64()
        if kind not in TENSOR_TYPES:
            raise Damaged(f"the tensor “{shown(name)}” has the unknown type {kind}.")
        tensor_type = TENSOR_TYPES[kind]
        n_items = 1
        for n in shape:
            n_items *= n
        if n_items >= 1 << 63 or (shape[0] if shape else 1) % tensor_type.block_items:
            raise Damaged(f"the tensor “{shown(name)}” cannot have the shape {list(shape)}.")
        if offset != next_offset:
            raise Damaged(f"the tensor “{shown(name)}” does not follow the one before it.")
        n_bytes = n_items // tensor_type.block_items * tensor_type.block_bytes
        next_offset = padded(offset + n_bytes, alignment)
        tensors.append(Tensor(name, shape, tensor_type.name, n_bytes, offset))
    return tuple(tensors)


def padded(n: int, alignment: int) -> int:
    """`n` bytes and what fills them up to the next multiple of `alignment`."""
    return (n + alignment - 1) // alignment * alignment


class _Cursor:
    """Reads forward through a file, at most a window or one string of it in memory."""

    def __init__(self, file: BinaryIO, size_bytes: int, position: int) -> None:
        self.position = position
        self._file = file
        self._size_bytes = size_bytes
        self._window = b""
        self._window_start = 0

    def _hold(self, n_bytes: int) -> int:
        """The place in the window of the next `n_bytes`, which are there after the call."""
        begin = self.position - self._window_start
        if begin >= 0 and begin + n_bytes <= len(self._window):
            return begin
        if self.position + n_bytes > self._size_bytes:
            raise CutOff
        self._file.seek(self.position)
        self._window = self._file.read(max(n_bytes, _WINDOW_BYTES))
        self._window_start = self.position
        if len(self._window) < n_bytes:
            raise CutOff
        return 0

    def scalar(self, kind: struct.Struct) -> int | float | bool:
        begin = self._hold(kind.size)
        self.position += kind.size
        value: int | float | bool = kind.unpack_from(self._window, begin)[0]
        return value

    def u32(self) -> int:
        return int(self.scalar(_U32))

    def u64(self) -> int:
        return int(self.scalar(_U64))

    def count(self, item_bytes: int, what: str) -> int:
        """A count of items that take at least `item_bytes` each."""
        n = self.u64()
        if n > self._size_bytes // item_bytes:
            raise Damaged(f"it announces {n:,} {what}, more than a file of this size can hold.")
        return n

    def string(self, limit: int = _MAX_STRING_BYTES) -> str:
        length = self.u64()
        if length > limit:
            raise Damaged(f"it announces a text of {length:,} bytes where {limit:,} are allowed.")
        begin = self._hold(length)
        self.position += length
        return self._window[begin : begin + length].decode("utf-8", errors="replace")

    def array(self, key: str) -> tuple[int, int, tuple[int | float | bool, ...] | None]:
        """Its items' type, its length, and the items when they are numbers and few."""
        kind = self.u32()
        length = self.u64()
        if kind == STRING and length <= _MAX_STRINGS:
            self._skip_strings(length)
            return kind, length, None
        if kind not in SCALARS:
            raise Damaged(f"the list “{shown(key)}” has {length:,} items of type {kind}.")
        item_bytes = SCALARS[kind].size
        if self.position + length * item_bytes > self._size_bytes:
            raise CutOff
        if length > _MAX_KEPT_ITEMS:
            self.position += length * item_bytes
            return kind, length, None
        begin = self._hold(length * item_bytes)
        self.position += length * item_bytes
        code = f"<{length}{SCALARS[kind].format[1:]}"
        return kind, length, struct.unpack_from(code, self._window, begin)

    def sha256_since(self, begin: int) -> str:
        """The digest in hex of the bytes from `begin` up to here."""
        digest = hashlib.sha256()
        self._file.seek(begin)
        for at in range(begin, self.position, _WINDOW_BYTES):
            digest.update(self._file.read(min(_WINDOW_BYTES, self.position - at)))
        return digest.hexdigest()

    def _skip_strings(self, n: int) -> None:
        unpack_from = _U64.unpack_from
        while n:
            at = self._hold(8)
            window = self._window
            last = len(window) - 8
            while n and at <= last:
                at += 8 + unpack_from(window, at)[0]
                n -= 1
            self.position = self._window_start + at
            if self.position > self._size_bytes:
                raise CutOff
