"""Metadata values and the table of tensors, as they stand in a GGUF file.

`gguf.GGUFWriter` packs every token of a vocabulary anew, one by one: 0.4 s for 49,152 tokens, as
long as it takes to copy the model they belong to. Here what is not new is copied as it is stored.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from app.model_files.gguf_header import ARRAY, SCALARS, STRING, Scalar
from app.model_files.tensor_types import TYPE_NUMBERS
from app.model_files.writing.planned import PlannedTensor

BOOL = 7
U16 = 2
U32 = 4
I32 = 5
F32 = 6
U64 = 10
F64 = 12
_VERSION = 3


def entry(key: str, kind: int, value: Scalar | Sequence[Scalar]) -> bytes:
    """A value with its name before it; `kind` is GGUF's number of its type, or of its items'."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return _text(key) + struct.pack("<I", kind) + _packed(kind, value)
    items = b"".join(_packed(kind, item) for item in value)
    return _text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + items


def text_entry(key: str, value: str | Sequence[str]) -> bytes:
    """A text, or a list of texts, with its name before it."""
    return entry(key, STRING, value)


def head(n_tensors: int, n_values: int) -> bytes:
    """What a file begins with."""
    return b"GGUF" + struct.pack("<IQQ", _VERSION, n_tensors, n_values)


def table_row(tensor: PlannedTensor, offset: int) -> bytes:
    """What the table says of a tensor that begins `offset` bytes into the tensor data."""
    n_dims = len(tensor.shape)
    numbers = (n_dims, *tensor.shape, TYPE_NUMBERS[tensor.type_name], offset)
    return _text(tensor.name) + struct.pack(f"<I{n_dims}QIQ", *numbers)


def _packed(kind: int, value: Scalar) -> bytes:
    return _text(str(value)) if kind == STRING else SCALARS[kind].pack(value)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data
