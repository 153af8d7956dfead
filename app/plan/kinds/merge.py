"""Merge blocks: the scaled sum of other blocks' outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

from msgspec import Meta

from app.plan import scales
from app.plan.document import Block, MergeBlock, MergeInput, Plan
from app.plan.json_records import FiniteNumber, value_of
from app.plan.json_values import link_in, plain
from app.plan.kinds.kind import Field, Json, Kind
from app.plan.kinds.statement import Statement
from app.plan.problem import PlanError, Problem
from app.plan.recipe import RecipeBlock, RecipeMerge, block_line

MAX_MERGE_INPUTS = 16
"""No input is added to a merge beyond these; a file may hold more."""

_Pairs = Annotated[tuple[tuple[Any, FiniteNumber], ...], Meta(min_length=2)]
_FIELDS = (Field("BLOCK", "link"), Field("SCALE", "scale"))


class MergeKind(Kind[MergeBlock]):
    """Its statement is the note's `MergeBlock` with two or more inputs, and it runs as that."""

    name = "merge"
    title = "Merge block"
    keyword = "MergeBlock"
    form = "MergeBlock; BLOCK; SCALE; BLOCK; SCALE"
    draft_keys = frozenset({"merge"})
    comment_keys = frozenset({"sums_to_one"})
    adds_ports = True
    record = MergeBlock

    def links(self, block: MergeBlock) -> tuple[str | None, ...]:
        return tuple([i.block for i in block.inputs])

    def with_links(self, block: MergeBlock, links: Sequence[str | None]) -> MergeBlock:
        inputs = [MergeInput(k, i.scale) for k, i in zip(links, block.inputs, strict=True)]
        return replace(block, inputs=tuple(inputs))

    def port_name(self, _block: MergeBlock, port: int) -> str:
        return f"input {port + 1}"

    def with_port(self, block: MergeBlock, scale: float) -> MergeBlock:
        if len(block.inputs) >= MAX_MERGE_INPUTS:
            message = f"A merge block has {MAX_MERGE_INPUTS} inputs at most."
            fix = "Merge some of them in another merge block first."
            raise PlanError([Problem("too-many-inputs", message, fix, block_id=block.id)])
        return _with_inputs(block, (*block.inputs, MergeInput(None, float(scale))))

    def without_port(self, block: MergeBlock, port: int) -> MergeBlock:
        if len(block.inputs) <= 2:
            raise PlanError([replace(_too_few_inputs(), block_id=block.id)])
        return _with_inputs(block, (*block.inputs[:port], *block.inputs[port + 1 :]))

    def scales(self, block: MergeBlock) -> tuple[float, ...]:
        return tuple([i.scale for i in block.inputs])

    def with_scale(self, block: MergeBlock, index: int, scale: float) -> MergeBlock:
        values = [float(scale) if n == index else s for n, s in enumerate(self.scales(block))]
        if not block.sums_to_one:
            return with_scales(block, values)
        balanced = scales.shared(values, index)
        if not scales.sum_is_one(balanced):
            message = f"With a scale of {scale:g} here, the others cannot bring the sum to 1."
            fix = "Choose a smaller number, or turn off “Keep the sum at 1” first."
            raise PlanError([Problem("scale-too-large", message, fix, block_id=block.id)])
        return with_scales(block, balanced)

    def refusal(self, block: MergeBlock) -> Problem | None:
        if len(block.inputs) < 2:
            return _too_few_inputs()
        return None if _are_finite(block) else scales.not_finite()

    def can_be_written(self, block: MergeBlock) -> bool:
        return len(block.inputs) >= 2 and _are_finite(block)

    def broken_rules(
        self, block: MergeBlock, name: str, _plan: Plan, _n_weight_layers: int | None
    ) -> Iterator[Problem]:
        if len(block.inputs) < 2:
            yield Problem(
                "too-few-inputs",
                f"{name} merges fewer than two inputs.",
                "Add an input, or link around the block and delete it.",
            )
        if not _are_finite(block):
            yield Problem(
                "scale-not-finite",
                f"{name} has a scale that is not a finite number.",
                "Use a number such as 0.5.",
            )

    def oddities(self, block: MergeBlock, name: str) -> Iterator[Problem]:
        total = sum(self.scales(block))
        if math.isfinite(total) and abs(total - 1.0) > 1e-6:
            yield Problem(
                "scales-sum",
                f"The scales of {name[:1].lower()}{name[1:]} add up to {total:.6g}, not 1.",
                "That is allowed. Scales that add up to 1 keep the signal at its usual strength.",
            )

    def fixes(
        self, code: str, block: MergeBlock, _n_weight_layers: int | None
    ) -> Iterator[tuple[str, MergeBlock | None]]:
        total = sum(self.scales(block))
        if code != "scales-sum" or not total:
            return
        if all(math.isfinite(scale / total) for scale in self.scales(block)):
            yield "Scale to a sum of 1", with_scales(block, scales.normalised(self.scales(block)))

    def lower(
        self, block: MergeBlock, _start: int, inputs: Sequence[int], _number: int
    ) -> Sequence[RecipeBlock]:
        return (RecipeMerge(tuple(zip(inputs, self.scales(block), strict=True))),)

    def field(self, at: int) -> Field | None:
        return _FIELDS[at % 2]

    def takes(self, n_fields: int) -> bool:
        return n_fields >= 4 and n_fields % 2 == 0

    def statement(self, block: MergeBlock, start: int, inputs: Sequence[int]) -> str:
        return block_line(*self.lower(block, start, inputs, 0))

    def read(self, statement: Statement) -> MergeBlock:
        n_fields = len(statement.fields)
        if n_fields < 4:
            statement.problem(
                "too-few-inputs",
                f"Merge block {statement.number} needs at least two inputs, each a block and a "
                "scale.",
                f"Write it as {self.form}.",
            )
        elif n_fields % 2:
            statement.wrong_field_count("pairs of fields")
        inputs = []
        for at in range(0, n_fields, 2):
            source = statement.whole_number("BLOCK", at)
            scale = statement.scale(at + 1)
            inputs.append(MergeInput(statement.link(source), scale))
        while len(inputs) < 2:
            inputs.append(MergeInput(None, 1.0))
        return MergeBlock(statement.id, tuple(inputs))

    def draft_data(self, block: MergeBlock, links: Sequence[int | None]) -> Json:
        pairs = zip(links, self.scales(block), strict=True)
        return {"merge": [[link, plain(scale)] for link, scale in pairs]}

    def draft_in(self, data: Json, id_: str) -> tuple[MergeBlock, tuple[int | None, ...]] | None:
        pairs = value_of(_Pairs, data.get("merge"))
        if pairs is None:
            return None
        inputs = tuple(MergeInput(None, scale) for _, scale in pairs)
        return MergeBlock(id_, inputs), tuple(link_in(link) for link, _ in pairs)

    def comment_data(self, block: MergeBlock) -> Json:
        return {"sums_to_one": True} if block.sums_to_one else {}

    def with_comment_data(self, block: MergeBlock, data: Json) -> tuple[MergeBlock, Problem | None]:
        if data.get("sums_to_one") is not True:
            return block, None
        if scales.sum_is_one(self.scales(block)):
            return replace(block, sums_to_one=True), None
        return block, Problem(
            "sum-not-kept",
            "A merge block is marked to keep the sum of its scales at 1, but they add up to "
            "something else.",
            "The scales stay as written; turn on “Keep the sum at 1” again in the editor.",
        )

    def content(self, block: MergeBlock) -> tuple[object, ...]:
        return self.scales(block)

    def words(self, block: MergeBlock) -> str:
        return f"merge of {len(block.inputs)} inputs"

    def as_stated(self, block: MergeBlock) -> MergeBlock:
        return replace(block, sums_to_one=False) if block.sums_to_one else block

    def with_state_of(self, block: MergeBlock, old: Block) -> MergeBlock:
        keeps_sum = isinstance(old, MergeBlock) and old.sums_to_one
        return replace(block, sums_to_one=keeps_sum and scales.sum_is_one(self.scales(block)))


def with_scales(merge: MergeBlock, values: Sequence[float]) -> MergeBlock:
    """The merge with these scales, one for each input."""
    inputs = [replace(i, scale=scale) for i, scale in zip(merge.inputs, values, strict=True)]
    return replace(merge, inputs=tuple(inputs))


def _with_inputs(merge: MergeBlock, inputs: tuple[MergeInput, ...]) -> MergeBlock:
    """The merge with other inputs; where it keeps its sum at 1, they grow or shrink to that."""
    merge = replace(merge, inputs=inputs)
    if not merge.sums_to_one:
        return merge
    return with_scales(merge, scales.normalised([i.scale for i in inputs]))


def _too_few_inputs() -> Problem:
    return Problem(
        "too-few-inputs",
        "A merge block keeps at least two inputs.",
        "Unlink the input instead, or delete the block.",
    )


def _are_finite(merge: MergeBlock) -> bool:
    return all(math.isfinite(i.scale) for i in merge.inputs)
