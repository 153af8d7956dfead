"""How the tensor types of ggml are laid out: a number of items in a block of bytes."""

from __future__ import annotations

from typing import NamedTuple


class TensorType(NamedTuple):
    """One ggml type: `block_bytes` hold `block_items` neighbouring items of a row."""

    name: str
    block_items: int
    block_bytes: int


TENSOR_TYPES = {
    0: TensorType("F32", 1, 4),
    1: TensorType("F16", 1, 2),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    9: TensorType("Q8_1", 32, 40),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    15: TensorType("Q8_K", 256, 292),
    16: TensorType("IQ2_XXS", 256, 66),
    17: TensorType("IQ2_XS", 256, 74),
    18: TensorType("IQ3_XXS", 256, 98),
    19: TensorType("IQ1_S", 256, 50),
    20: TensorType("IQ4_NL", 32, 18),
    21: TensorType("IQ3_S", 256, 110),
    22: TensorType("IQ2_S", 256, 82),
    23: TensorType("IQ4_XS", 256, 136),
    24: TensorType("I8", 1, 1),
    25: TensorType("I16", 1, 2),
    26: TensorType("I32", 1, 4),
    27: TensorType("I64", 1, 8),
    28: TensorType("F64", 1, 8),
    29: TensorType("IQ1_M", 256, 56),
    30: TensorType("BF16", 1, 2),
    34: TensorType("TQ1_0", 256, 54),
    35: TensorType("TQ2_0", 256, 66),
    39: TensorType("MXFP4", 32, 17),
    40: TensorType("NVFP4", 64, 36),
    41: TensorType("Q1_0", 128, 18),
    42: TensorType("Q2_0", 64, 18),
}
"""By ggml's type number; numbers that are absent were withdrawn by ggml."""

TYPE_NUMBERS = {tensor_type.name: number for number, tensor_type in TENSOR_TYPES.items()}


def n_bytes_of(type_name: str, n_items: int) -> int:
    """What so many items take, whole blocks of them."""
    kind = TENSOR_TYPES[TYPE_NUMBERS[type_name]]
    return n_items // kind.block_items * kind.block_bytes


WRITABLE_TYPES = (
    *("F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q5_1", "Q5_0", "Q4_K", "Q4_1", "Q4_0"),
    *("IQ4_NL", "IQ4_XS", "NVFP4", "MXFP4", "Q3_K", "IQ3_S", "Q2_K", "Q2_0", "TQ2_0", "TQ1_0"),
    "Q1_0",
)
"""Those that `ggml_quantize_chunk` makes of floats, finest first, without the ones for which
`llama-quantize` wants an importance matrix."""

_ROWS_FIT = {
    **dict.fromkeys(("IQ3_S", "IQ4_XS"), "IQ4_NL"),
    **dict.fromkeys(("Q2_0", "Q2_K", "Q3_K", "TQ1_0", "TQ2_0"), "Q4_0"),
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}


def fitting_type(type_name: str, n_columns: int) -> str:
    """The type, or the one that `llama-quantize` takes in its place where its blocks do not fit
    into a row (`tensor_type_fallback`)."""
    for candidate in (type_name, _ROWS_FIT.get(type_name)):
        if candidate and n_columns % TENSOR_TYPES[TYPE_NUMBERS[candidate]].block_items == 0:
            return candidate
    return "F16"
