"""The kinds of block in words: what each is called, what it does, and what else it goes by."""

from __future__ import annotations

from dataclasses import dataclass

from app.ui.canvas.new_blocks import Kind


@dataclass(frozen=True, slots=True)
class KindWords:
    """`also` are other words that people search it by."""

    kind: Kind
    name: str
    sentence: str
    icon: str
    also: tuple[str, ...]


WEIGHT = KindWords(
    "weight",
    "Weight block",
    "Runs a range of the model's layers, one after the other.",
    "weight-block",
    ("range of layers", "repeat layers", "leave out layers", "run"),
)
MERGE = KindWords(
    "merge",
    "Merge block",
    "Adds up what several blocks put out, each by its own scale.",
    "merge-block",
    ("sum", "blend", "mix", "average", "combine", "ratio"),
)
