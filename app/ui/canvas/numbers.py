"""Layers and scales as numbers that people read: on blocks, in forms and in lists."""

from __future__ import annotations

from app.plan import layer_ranges


def range_text(start: int, end: int) -> str:
    """The numbers from `start` to before `end` as people write them, with a dash."""
    return layer_ranges.range_text(start, end - 1, "–")


def range_words(kind: str, start: int, end: int) -> str:
    """Such as "weight layers 0 to 21" or "plan layer 4"."""
    if end - start <= 1:
        return f"{kind} layer {start}"
    return f"{kind} layers {start} to {end - 1}"


def scale_text(scale: float) -> str:
    """A scale with two decimals, or three where two would hide something."""
    two = f"{scale:.2f}"
    text = two if abs(float(two) - scale) < 0.0005 else f"{scale:.3f}"
    return text.replace("-", "−")


def count_of_layers(n_layers: int) -> str:
    """Such as "8 layers" or "1 layer"."""
    return f"{n_layers} layer{'' if n_layers == 1 else 's'}"
