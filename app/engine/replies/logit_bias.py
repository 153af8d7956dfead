"""A logit bias as people write it: a text, “=”, and what is added to the logits of its tokens."""

from __future__ import annotations

import math


def parse_bias(text: str) -> tuple[str, float]:
    """The text and the bias of " Paris=-5" or "Paris=-inf". Raises ValueError with a sentence."""
    words, _, value = text.rpartition("=")
    try:
        bias = float(value)
    except ValueError:
        bias = math.nan
    if not words or math.isnan(bias):
        raise ValueError(f"“{text}” is not TEXT=VALUE, such as “ Paris=-5”")
    return words, bias
