"""What runs: a plan lowered to numbered blocks in file order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache


@dataclass(frozen=True, slots=True)
class RecipeWeight:
    """Plan layers `[start, end)` on weight layers from `weight_start`, fed by a block or -1."""

    start: int
    end: int
    weight_start: int
    input: int


@dataclass(frozen=True, slots=True)
class RecipeMerge:
    """The sum of `scale * out(block)` over `(block, scale)` pairs."""

    inputs: tuple[tuple[int, float], ...]


RecipeBlock = RecipeWeight | RecipeMerge
Scales = tuple[tuple[int, int, float], ...]
"""Block, input (from 0) and scale of each."""


@dataclass(frozen=True)
class Recipe:
    """The blocks of a valid plan in file order; the last one is the output.

    Where blocks of the file run as several of these, `file_numbers` has the file's number of each;
    else it is empty, and both have the same numbers. It does not tell recipes apart.
    """

    blocks: tuple[RecipeBlock, ...]
    file_numbers: tuple[int, ...] = field(default=(), compare=False)

    @classmethod
    def whole(cls, n_layers: int) -> Recipe:
        """One block over all `n_layers` weight layers: the ordinary model."""
        return cls((RecipeWeight(0, n_layers, 0, -1),))

    @cached_property
    def n_plan_layers(self) -> int:
        """How many layers the file counts, unused blocks included (TotalLayers)."""
        return sum(b.end - b.start for b in self.blocks if isinstance(b, RecipeWeight))

    @cached_property
    def live(self) -> frozenset[int]:
        """The numbers of the blocks that the output depends on, its own among them."""
        live = set(range(len(self.blocks))[-1:])
        for number in range(len(self.blocks) - 1, -1, -1):
            if number in live:
                live.update(i for i in inputs_of(self.blocks[number]) if i >= 0)
        return frozenset(live)

    @cached_property
    def weight_layers(self) -> tuple[int, ...]:
        """The distinct weight layers that live blocks borrow, ascending."""
        layers: set[int] = set()
        for number in self.live:
            block = self.blocks[number]
            if isinstance(block, RecipeWeight):
                layers.update(
                    range(block.weight_start, block.weight_start + block.end - block.start)
                )
        return tuple(sorted(layers))

    @cached_property
    def text(self) -> str:
        """The recipe as layerBlocks text without comments; merges keep all their inputs."""
        lines = [block_line(b) for b in self.blocks] + [total_line(self.n_plan_layers)]
        return "\n".join(lines) + "\n"

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that stand for what runs: equal for equal recipes."""
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()[:12]

    def file_number(self, block: int) -> int:
        """The file's number of the block that runs as this one, among others; -1 for the tokens."""
        return self.file_numbers[block] if self.file_numbers and block >= 0 else block

    def scale(self, block: int, input: int) -> float:
        """The scale at input `input` (from 0) of merge `block`; ValueError as `with_scale`."""
        return self._merge(block, input).inputs[input][1]

    def with_scale(self, block: int, input: int, scale: float) -> Recipe:
        """The recipe with another scale at input `input` (from 0) of merge `block`.

        Raises ValueError when there is no such merge or input.
        """
        merge = self._merge(block, input)
        pairs = list(merge.inputs)
        pairs[input] = (pairs[input][0], scale)
        changed = replace(merge, inputs=tuple(pairs))
        return replace(self, blocks=(*self.blocks[:block], changed, *self.blocks[block + 1 :]))

    def _merge(self, block: int, input: int) -> RecipeMerge:
        merge = self.blocks[block] if 0 <= block < len(self.blocks) else None
        n_inputs = len(merge.inputs) if isinstance(merge, RecipeMerge) else 0
        if not isinstance(merge, RecipeMerge) or not 0 <= input < n_inputs:
            raise ValueError(
                f"Block {block} has no scale {input}: "
                + (
                    f"its inputs are 0 to {n_inputs - 1}."
                    if n_inputs
                    else "it is not a merge block."
                )
            )
        return merge


def inputs_of(block: RecipeBlock) -> tuple[int, ...]:
    """The numbers of the blocks that feed this one, in port order; -1 for the tokens."""
    if isinstance(block, RecipeWeight):
        return (block.input,)
    return tuple(number for number, _ in block.inputs)


def changed_scales(running: Recipe, edited: Recipe) -> Scales | None:
    """The scales that differ, as edited; None when more than scales differ."""
    if len(running.blocks) != len(edited.blocks):
        return None
    scales = []
    for number, (before, after) in enumerate(zip(running.blocks, edited.blocks, strict=True)):
        if not (isinstance(before, RecipeMerge) and isinstance(after, RecipeMerge)):
            if before != after:
                return None
            continue
        if [b for b, _ in before.inputs] != [b for b, _ in after.inputs]:
            return None
        for port, ((_, old), (_, new)) in enumerate(zip(before.inputs, after.inputs, strict=True)):
            if old != new:
                scales.append((number, port, new))
    return tuple(scales)


def block_line(block: RecipeBlock) -> str:
    """The block's line in a layerBlocks file."""
    if isinstance(block, RecipeWeight):
        return f"WeightBlock; {block.start}; {block.end}; {block.weight_start}; {block.input}"
    fields = "; ".join(f"{number}; {scale_text(scale)}" for number, scale in block.inputs)
    return f"MergeBlock; {fields}"


def total_line(n_plan_layers: int) -> str:
    """The line that closes a layerBlocks file."""
    return f"TotalLayers; {n_plan_layers}"


@lru_cache(maxsize=4096)
def scale_text(scale: float) -> str:
    """The shortest decimal that reads back to the same double; exponents for huge or tiny only."""
    shortest = repr(scale)
    plain = format(Decimal(shortest), "f").removesuffix(".0")
    return plain if len(plain) <= 25 else shortest
