"""What options may be set to: each is read from its text, or refused in words.

All raise ArgumentTypeError, or ValueError for what is no number at all.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable

from app.engine.replies.logit_bias import parse_bias
from app.engine.replies.sampling_limits import Limits
from app.memory.amounts import parse_bytes
from app.memory.context_settings import Setting
from app.memory.kv_types import KV_TYPES
from app.model_files.tensor_types import TYPE_NUMBERS, WRITABLE_TYPES

_FLASH_ATTENTION = {"on": True, "off": False, "auto": None}


def positive(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise ArgumentTypeError(f"“{text}” is not a positive number")
    return value


def number_of(setting: Setting) -> Callable[[str], int]:
    """Reads a whole number in the setting's range."""

    def read(text: str) -> int:
        value = int(text)
        reason = setting.why_not(value)
        if reason is not None:
            raise ArgumentTypeError(reason)
        return value

    return read


def n_bytes(text: str) -> int:
    """An amount of memory, such as 12GiB."""
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def within(limits: Limits) -> Callable[[str], float]:
    """Reads a number that lies within the limits, a whole one where they are whole."""

    def read(text: str) -> float:
        try:
            value = int(text) if limits.is_whole else float(text)
        except ValueError:
            value = math.nan
        if not limits.low <= value <= limits.high:
            kind = "whole number" if limits.is_whole else "number"
            raise ArgumentTypeError(
                f"“{text}” is not a {kind} from {limits.low:g} to {_plain(limits.high)}"
            )
        return value

    return read


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def bias(text: str) -> tuple[str, float]:
    """A text and what is added to the logits of its tokens."""
    try:
        return parse_bias(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def kv_type(text: str) -> str:
    """How a KV cache is kept."""
    if text.lower() not in KV_TYPES:
        raise ArgumentTypeError(f"“{text}” is not a KV cache type ({', '.join(KV_TYPES)})")
    return text.lower()


def tensor_type(text: str) -> str:
    """What a tensor of floats can be stored as."""
    name = text.upper()
    if name in WRITABLE_TYPES:
        return name
    if name in TYPE_NUMBERS:
        raise ArgumentTypeError(
            f"“{text}” cannot be written without an importance matrix; choose one of "
            f"{', '.join(WRITABLE_TYPES)}"
        )
    raise ArgumentTypeError(f"“{text}” is not a tensor type ({', '.join(WRITABLE_TYPES)})")


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
