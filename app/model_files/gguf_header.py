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
_MAX_HEADER_BYTES = 256 << 20
_MAX_TENSORS = 1 << 17
_MAX_FIELDS = 1 << 16
_MAX_TEXT_BYTES = 48 << 20
"""Of all single texts together, so that no header takes much memory."""
_MAX_STRINGS = 1 << 22
"""Of all lists together, so that no header takes long."""
_MAX_KEPT_ITEMS = 4096
_MAX_KEPT = 1 << 20
_MAX_NAME_BYTES = 63
_MAX_DIMENSIONS = 4
_ALIGNMENT = "general.alignment"
_DEFAULT_ALIGNMENT = 32
_MAX_ALIGNMENT = 1 << 16
_TOKENS = "tokenizer.ggml.tokens"


class Damaged(Exception):
    """The content contradicts the format or itself; the message goes on after "It is damaged: ".

    `offset` is the byte of the file where that stands, None where it stands in no one place.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class CutOff(Exception):
    """The file ends inside the header, in what begins at the byte `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class UnsupportedVersion(Exception):
    """A GGUF version that llama.cpp does not read."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version
        self.is_big_endian = version != 0 and version & 0xFFFF == 0


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
    n_tensors = cursor.count(24, _MAX_TENSORS, "tensors")
    n_fields = cursor.count(13, _MAX_FIELDS, "metadata values")

    scalars: dict[str, Scalar] = {}
    arrays: dict[str, tuple[int | float | bool, ...]] = {}
    lengths: dict[str, int] = {}
    entries: dict[str, Entry] = {}
    tokens_sha256 = ""
    for _ in range(n_fields):
        entry_begin = cursor.position
        key = cursor.string()
        if not key or key in entries:
            what = f"the metadata name “{shown(key)}” occurs twice" if key else "a name is empty"
            raise Damaged(f"{what}.", entry_begin)
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
            raise Damaged(f"“{shown(key)}” has the unknown type {kind}.", entry_begin)
        entries[key] = Entry(entry_begin, cursor.position, kind)

    alignment = scalars.get(_ALIGNMENT, _DEFAULT_ALIGNMENT)
    if type(alignment) is not int or not _is_alignment(alignment) or _ALIGNMENT in lengths:
        raise Damaged(
            f"“{_ALIGNMENT}” is {shown(str(alignment))}, but must be one power of two, up "
            f"to {_MAX_ALIGNMENT:,}.",
            entries[_ALIGNMENT].begin,
        )
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
        begin = cursor.position
        name = cursor.string(_MAX_NAME_BYTES)
        if name in names:
            raise Damaged(f"the tensor “{shown(name)}” occurs twice.", begin)
        names.add(name)
        n_dims = cursor.u32()
        if n_dims > _MAX_DIMENSIONS:
            raise Damaged(f"the tensor “{shown(name)}” has {n_dims} dimensions.", begin)
        shape = tuple(cursor.u64() for _ in range(n_dims))
        kind = cursor.u32()
        offset = cursor.u64()
        if kind not in TENSOR_TYPES:
            raise Damaged(f"the tensor “{shown(name)}” has the unknown type {kind}.", begin)
        tensor_type = TENSOR_TYPES[kind]
        n_items = 1
        for n in shape:
            n_items *= n
        if n_items >= 1 << 63 or (shape[0] if shape else 1) % tensor_type.block_items:
            raise Damaged(f"the tensor “{shown(name)}” cannot have the shape {list(shape)}.", begin)
        if offset != next_offset:
            raise Damaged(f"the tensor “{shown(name)}” does not follow the one before it.", begin)
        n_bytes = n_items // tensor_type.block_items * tensor_type.block_bytes
        next_offset = padded(offset + n_bytes, alignment)
        tensors.append(Tensor(name, shape, tensor_type.name, n_bytes, offset))
    return tuple(tensors)


def _is_alignment(n: int) -> bool:
    return 0 < n <= _MAX_ALIGNMENT and n & (n - 1) == 0


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
        self._text_bytes_left = _MAX_TEXT_BYTES
        self._strings_left = _MAX_STRINGS
        self._kept_left = _MAX_KEPT

    def _require(self, n_bytes: int) -> None:
        """Nothing, when that many bytes more may belong to the header."""
        if self.position + n_bytes > self._size_bytes:
            raise CutOff(self.position)
        if self.position + n_bytes > _MAX_HEADER_BYTES:
            raise Damaged(f"its header is longer than {_MAX_HEADER_BYTES:,} bytes.", self.position)

    def _hold(self, n_bytes: int) -> int:
        """The place in the window of the next `n_bytes`, which are there after the call."""
        begin = self.position - self._window_start
        if begin >= 0 and begin + n_bytes <= len(self._window):
            return begin
        self._require(n_bytes)
        self._file.seek(self.position)
        self._window = self._file.read(max(n_bytes, _WINDOW_BYTES))
        self._window_start = self.position
        if len(self._window) < n_bytes:
            raise CutOff(self.position)
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

    def count(self, item_bytes: int, limit: int, what: str) -> int:
        """A count of items that take at least `item_bytes` each."""
        begin = self.position
        n = self.u64()
        if n > min(limit, self._size_bytes // item_bytes):
            raise Damaged(f"it announces {n:,} {what}, more than is possible.", begin)
        return n

    def string(self, limit: int = _MAX_TEXT_BYTES) -> str:
        start = self.position
        length = self.u64()
        limit = min(limit, self._text_bytes_left)
        if length > limit:
            raise Damaged(f"it announces a text of {length:,} bytes; {limit:,} are allowed.", start)
        self._text_bytes_left -= length
        begin = self._hold(length)
        self.position += length
        return self._window[begin : begin + length].decode("utf-8", errors="replace")

    def array(self, key: str) -> tuple[int, int, tuple[int | float | bool, ...] | None]:
        """Its items' type, its length, and the items when they are numbers and few."""
        start = self.position
        kind = self.u32()
        length = self.u64()
        if kind == STRING and length <= self._strings_left:
            self._strings_left -= length
            self._skip_strings(length)
            return kind, length, None
        if kind not in SCALARS:
            raise Damaged(f"the list “{shown(key)}” has {length:,} items of type {kind}.", start)
        n_bytes = length * SCALARS[kind].size
        if length > min(_MAX_KEPT_ITEMS, self._kept_left):
            self._require(n_bytes)
            self.position += n_bytes
            return kind, length, None
        self._kept_left -= length
        begin = self._hold(n_bytes)
        self.position += n_bytes
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
            n_bytes = self._window_start + at - self.position
            self._require(n_bytes)
            self.position += n_bytes
