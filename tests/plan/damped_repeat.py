"""A third kind of block, which the program does not know: a range run again, and damped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.plan.document import LAYER_LIMIT, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.json_records import FiniteNumber, value_of
from app.plan.json_values import link_in, plain, weights_in
from app.plan.kinds import Kind, register, unregister
from app.plan.kinds.kind import Field, Json
from app.plan.kinds.statement import Statement
from app.plan.layer_ranges import range_text
from app.plan.problem import Problem
from app.plan.recipe import RecipeBlock, RecipeMerge, RecipeWeight, scale_text

FIELDS = (
    Field("START", "start"),
    Field("END", "end"),
    Field("WEIGHT_START", "weight"),
    Field("INPUT", "link"),
    Field("SCALE", "scale"),
)


@dataclass(frozen=True, slots=True)
class DampedRepeat(Block):
    """Weight layers F run on x, of which the block gives (1 - scale) x + scale F(x)."""

    weight_start: int
    n_layers: int
    input: str | None
    scale: float

    @property
    def weight_end(self) -> int:
        return self.weight_start + self.n_layers


class DampedRepeatKind(Kind[DampedRepeat]):
    name = "damped-repeat"
    title = "Damped repeat"
    keyword = "DampedRepeat"
    form = "DampedRepeat; START; END; WEIGHT_START; INPUT; SCALE"
    draft_keys = frozenset({"repeat", "input", "damping"})
    record = DampedRepeat

    def links(self, block: DampedRepeat) -> tuple[str | None, ...]:
        return (block.input,)

    def with_links(self, block: DampedRepeat, links: Sequence[str | None]) -> DampedRepeat:
        return replace(block, input=links[0])

    def layers(self, block: DampedRepeat) -> range:
        return range(block.weight_start, block.weight_end)

    def on_layers(
        self, block: DampedRepeat, runs: Sequence[range], new_ids: Iterator[str]
    ) -> Sequence[Block]:
        if len(runs) == 1:
            return (replace(block, weight_start=runs[0].start, n_layers=len(runs[0])),)
        first = WeightBlock(block.id, runs[0].start, len(runs[0]), block.input, title=block.title)
        chain = [replace(first, position=block.position, muted=block.muted)]
        for run in runs[1:]:
            chain.append(WeightBlock(next(new_ids), run.start, len(run), chain[-1].id))
        inputs = MergeInput(block.input, 1 - block.scale), MergeInput(chain[-1].id, block.scale)
        return (*chain, MergeBlock(next(new_ids), inputs))

    def scales(self, block: DampedRepeat) -> tuple[float, ...]:
        return (block.scale,)

    def scale_name(self, _block: DampedRepeat, _index: int) -> str:
        return "damping"

    def with_scale(self, block: DampedRepeat, _index: int, scale: float) -> DampedRepeat:
        return replace(block, scale=float(scale))

    def refusal(self, block: DampedRepeat) -> Problem | None:
        if self.can_be_written(block) and block.weight_end <= LAYER_LIMIT:
            return None
        return Problem("damped-repeat", "No layers to repeat.", "Choose some, and a finite scale.")

    def can_be_written(self, block: DampedRepeat) -> bool:
        return block.weight_start >= 0 and block.n_layers >= 1 and math.isfinite(block.scale)

    def broken_rules(
        self, block: DampedRepeat, name: str, _plan: Plan, n_weight_layers: int | None
    ) -> Iterator[Problem]:
        if n_weight_layers is not None and block.weight_end > n_weight_layers:
            layers = range_text(block.weight_start, block.weight_end - 1)
            yield Problem(
                "repeat-range", f"{name} repeats weight layers {layers}.", "Choose others."
            )

    def oddities(self, block: DampedRepeat, name: str) -> Iterator[Problem]:
        if not 0 <= block.scale <= 1:
            yield Problem("not-damped", f"{name} has a scale of {block.scale:g}.", "Allowed.")

    def fixes(
        self, code: str, block: DampedRepeat, n_weight_layers: int | None
    ) -> Iterator[tuple[str, DampedRepeat | None]]:
        if code == "not-damped":
            yield "Damp it", replace(block, scale=min(max(block.scale, 0.0), 1.0))
        if code == "repeat-range" and n_weight_layers is not None:
            if block.weight_start < n_weight_layers:
                yield "Shorten it", replace(block, n_layers=n_weight_layers - block.weight_start)
            yield "Remove", None

    def lower(
        self, block: DampedRepeat, start: int, inputs: Sequence[int], number: int
    ) -> Sequence[RecipeBlock]:
        again = RecipeWeight(start, start + block.n_layers, block.weight_start, inputs[0])
        return again, RecipeMerge(((inputs[0], 1 - block.scale), (number, block.scale)))

    def field(self, at: int) -> Field | None:
        return FIELDS[at] if at < len(FIELDS) else None

    def takes(self, n_fields: int) -> bool:
        return n_fields == len(FIELDS)

    def statement(self, block: DampedRepeat, start: int, inputs: Sequence[int]) -> str:
        numbers = (start, start + block.n_layers, block.weight_start, inputs[0])
        return "; ".join((self.keyword, *map(str, numbers), scale_text(block.scale)))

    def read(self, statement: Statement) -> DampedRepeat:
        if not self.takes(len(statement.fields)):
            statement.wrong_field_count("five fields")
        start, end, weight_start, source = (
            statement.whole_number(FIELDS[at].name, at) for at in range(4)
        )
        first, n_layers = statement.layers(start, end, weight_start)
        link, scale = statement.link(source), statement.scale(4)
        return DampedRepeat(statement.id, first, n_layers, link, scale)

    def draft_data(self, block: DampedRepeat, links: Sequence[int | None]) -> Json:
        data: Json = {"repeat": [block.weight_start, block.weight_end]}
        if links[0] is not None:
            data["input"] = links[0]
        return data | {"damping": plain(block.scale)}

    def draft_in(self, data: Json, id_: str) -> tuple[DampedRepeat, tuple[int | None, ...]] | None:
        weights = weights_in(data.get("repeat"))
        numbers = value_of(tuple[FiniteNumber], (data.get("damping"),))
        if weights is None or numbers is None:
            return None
        return DampedRepeat(id_, *weights, None, *numbers), (link_in(data.get("input")),)

    def content(self, block: DampedRepeat) -> tuple[object, ...]:
        return block.weight_start, block.n_layers, block.scale

    def words(self, block: DampedRepeat) -> str:
        return f"weight layers {block.weight_start} to {block.weight_end - 1} again, damped"


KIND = DampedRepeatKind()


@contextmanager
def known() -> Iterator[None]:
    """The kind is known while this lasts."""
    register(KIND)
    try:
        yield
    finally:
        unregister(KIND)


def with_a_damped_repeat(scale: float = 0.25) -> Plan:
    """All 30 layers of the bundled model, 10 to 14 of them twice."""
    return Plan(output="tail").with_blocks(
        WeightBlock("trunk", 0, 15, "tokens"),
        DampedRepeat("again", 10, 5, "trunk", scale, title="Again", position=(120.0, 40.0)),
        WeightBlock("tail", 15, 15, "again"),
    )


def written_by_hand(scale: float = 0.25) -> Plan:
    """The same in kinds that the program knows."""
    return Plan(output="tail").with_blocks(
        WeightBlock("trunk", 0, 15, "tokens"),
        WeightBlock("again", 10, 5, "trunk"),
        MergeBlock("mix", (MergeInput("trunk", 1 - scale), MergeInput("again", scale))),
        WeightBlock("tail", 15, 15, "mix"),
    )
