"""Between stored tensors and floats, by ggml's own conversions."""

from __future__ import annotations

import ctypes

import numpy as np

from app.engine.native import llama
from app.model_files.tensor_types import TYPE_NUMBERS

_ToFloat = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


class _TypeTraits(ctypes.Structure):
    """`ggml_type_traits` of ggml.h."""

    _fields_ = [
        ("type_name", ctypes.c_char_p),
        ("blck_size", ctypes.c_int64),
        ("blck_size_interleave", ctypes.c_int64),
        ("type_size", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        ("to_float", _ToFloat),
        ("from_float_ref", ctypes.c_void_p),
    ]


_traits_of = llama._lib.ggml_get_type_traits
_traits_of.restype, _traits_of.argtypes = ctypes.POINTER(_TypeTraits), [ctypes.c_int]
_quantize_chunk = llama._lib.ggml_quantize_chunk
_quantize_chunk.restype = ctypes.c_size_t
_quantize_chunk.argtypes = [
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
    *(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p),
]


def dequantised(type_name: str, stored: np.ndarray) -> np.ndarray:
    """float32 np (n,): the items of whole blocks, stored as uint8 np (n_bytes,)."""
    if type_name == "F32":
        return stored.view(np.float32)
    traits = _traits_of(TYPE_NUMBERS[type_name]).contents
    values = np.empty(len(stored) // traits.type_size * traits.blck_size, np.float32)
    traits.to_float(stored.ctypes.data, values.ctypes.data, len(values))
    return values


def quantise(type_name: str, rows: np.ndarray, out: np.ndarray) -> None:
    """Fills `out`, contiguous uint8 np (n_bytes,), with contiguous float32 np (n_rows, n_columns).

    The type must be one of WRITABLE_TYPES and its blocks must fit into a row: else ggml aborts.
    """
    n_rows, n_columns = rows.shape
    n_bytes = _quantize_chunk(
        *(TYPE_NUMBERS[type_name], rows.ctypes.data, out.ctypes.data),
        *(0, n_rows, n_columns, None),
    )
    assert n_bytes == out.nbytes
