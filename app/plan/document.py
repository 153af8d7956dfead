"""The plan as the editor holds it: frozen blocks by stable id, and what feeds the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

TOKENS = "tokens"
"""The id that stands for the token embeddings (input -1 in the file)."""

LAYER_LIMIT = 100_000
"""Weight layers are numbered below this, and a block is no longer; models are far smaller."""

POSITION_LIMIT = 1e7
"""Canvas coordinates are no larger than this, either way."""


@dataclass(frozen=True, slots=True)
class Block:
    """What all blocks have in common; the records below add what their kind holds.

    `position` is the block's top left corner on the canvas in scene units, None until someone has
    placed it. A `muted` block is passed by: what feeds it feeds what it fed. A `collapsed` one is
    drawn small. What a kind of block can do stands in `app.plan.kinds`.
    """

    id: str
    title: str = field(default="", kw_only=True)
    position: tuple[float, float] | None = field(default=None, kw_only=True)
    muted: bool = field(default=False, kw_only=True)
    collapsed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class WeightBlock(Block):
    """A run of `n_layers` plan layers on the weight layers from `weight_start`.

    `input` is a block's id, TOKENS, or None while nothing is linked.
    """

    weight_start: int
    n_layers: int
    input: str | None

    @property
    def weight_end(self) -> int:
        """One past the last weight layer borrowed."""
        return self.weight_start + self.n_layers


@dataclass(frozen=True, slots=True)
class MergeInput:
    """One addend of a merge: the block it comes from (None while unlinked) and its scale."""

    block: str | None
    scale: float


@dataclass(frozen=True, slots=True)
class MergeBlock(Block):
    """The scaled sum of other blocks' outputs, in the order of `inputs`; it has no layers.

    While it is `muted`, its first linked input passes through. With `sums_to_one` a scale that
    is changed takes from or gives to the others, so that their sum stays 1.
    """

    inputs: tuple[MergeInput, ...]
    sums_to_one: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on the canvas that runs nothing: a titled frame behind blocks, or a note.

    `position` is the top left corner and `size` width and height, in scene units; `colour` is an
    index into the palette of the sources.
    """

    id: str
    kind: Literal["frame", "note"]
    text: str
    position: tuple[float, float]
    size: tuple[float, float]
    colour: int = 0


@dataclass(frozen=True, slots=True)
class FileMark:
    """What a model file is known by when it was moved or renamed: its size and a fingerprint."""

    size_bytes: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `blocks` keeps its order of insertion; `output` is the id that feeds the head.

    `sources` are the model files it was made for, as written in the document (the first gives
    vocabulary, embeddings and head), `marks` what is known of those files, by the same names.
    `comments` are comment lines of others, kept on saving. `annotations` are the frames and notes
    by id, in the order in which they are drawn.
    """

    blocks: Mapping[str, Block] = field(default_factory=lambda: MappingProxyType({}))
    output: str | None = None
    sources: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    annotations: Mapping[str, Annotation] = field(default_factory=lambda: MappingProxyType({}))
    marks: Mapping[str, FileMark] = field(default_factory=lambda: MappingProxyType({}))

    def with_blocks(self, *blocks: Block) -> Plan:
        """The plan with these blocks added, or put in the place of those with the same id."""
        return replace(self, blocks=MappingProxyType({**self.blocks, **{b.id: b for b in blocks}}))
