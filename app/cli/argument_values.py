"""What options may be set to: each is read from its text, or refused in words.

All raise ArgumentTypeError, or ValueError for what is no number at all.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError

from app.engine.replies.logit_bias import parse_bias
from app.memory.amounts import parse_bytes
from app.memory.kv_types import KV_TYPES
from app.model_files.tensor_types import TYPE_NUMBERS, WRITABLE_TYPES

_FLASH_ATTENTION = {"on": True, "off": False, "auto": None}


def positive(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise ArgumentTypeError(f"“{text}” is not a positive number")
    return value


def n_bytes(text: str) -> int:
    """An amount of memory, such as 12GiB."""
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A number of things, -1 for no limit."""
    value = int(text)
    if value < -1:
        raise ArgumentTypeError(f"“{text}” is not a count (-1: no limit)")
    return value


def whole(text: str) -> int:
    """A whole number from 0 on."""
    value = int(text)
    if not 0 <= value < 2**31:
        raise ArgumentTypeError(f"“{text}” is not a whole number from 0 on")
    return value


def number(text: str) -> float:
    """A finite number."""
    value = float(text)
    if not math.isfinite(value):
        raise ArgumentTypeError(f"“{text}” is not a finite number")
    return value


def at_least_0(text: str) -> float:
    """A number from 0 on."""
    value = number(text)
    if not 0 <= value < 1e6:
        raise ArgumentTypeError(f"“{text}” is not a number from 0 on")
    return value


def share(text: str) -> float:
    """A number between 0 and 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"“{text}” is not a share between 0 and 1")
    return value


def bias(text: str) -> tuple[str, float]:
    """A text and what is added to the logits of its tokens."""
    try:
        return parse_bias(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def kv_type(text: str) -> str:
    """How a KV cache is kept."""
    if text.lower() not in KV_TYPES:
        raise ArgumentTypeError(f"“{text}” is no type for a KV cache ({', '.join(KV_TYPES)})")
    return text.lower()


def tensor_type(text: str) -> str:
    """What a tensor of floats can be stored as."""
    name = text.upper()
    if name in WRITABLE_TYPES:
        return name
    if name in TYPE_NUMBERS:
        raise ArgumentTypeError(
            f"“{text}” cannot be made of averages without an importance matrix; there are "
            f"{', '.join(WRITABLE_TYPES)}"
        )
    raise ArgumentTypeError(f"“{text}” is no type of one tensor ({', '.join(WRITABLE_TYPES)})")


def flash_attention(text: str) -> bool | None:
    """On, off, or None for “auto”."""
    if text not in _FLASH_ATTENTION:
        raise ArgumentTypeError(f"“{text}” is not on, off or auto")
    return _FLASH_ATTENTION[text]


def scale(text: str) -> tuple[int, int, float]:
    """A merge block, one of its inputs, and a scale."""
    try:
        where, value = text.split("=")
        block, port = where.split(":")
        factor = float(value)
        if not math.isfinite(factor):
            raise ValueError
        return int(block), int(port), factor
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not of the form BLOCK:INPUT=VALUE") from error
