"""Weight blocks: a run of plan layers on consecutive weight layers, fed by one input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.plan.document import LAYER_LIMIT, Block, Plan, WeightBlock
from app.plan.json_values import link_in, weights_in
from app.plan.kinds.kind import Field, Json, Kind
from app.plan.kinds.statement import Statement
from app.plan.layer_ranges import range_text
from app.plan.problem import Problem
from app.plan.recipe import RecipeBlock, RecipeWeight, block_line

_FIELDS = (
    Field("START", "start"),
    Field("END", "end"),
    Field("WEIGHT_START", "weight"),
    Field("INPUT", "link"),
)


class WeightKind(Kind[WeightBlock]):
    """Its statement is the note's `WeightBlock`, and it runs as that."""

    name = "weight"
    title = "Weight block"
    keyword = "WeightBlock"
    form = "WeightBlock; START; END; WEIGHT_START; INPUT"
    draft_keys = frozenset({"weights", "input"})
    record = WeightBlock

    def links(self, block: WeightBlock) -> tuple[str | None, ...]:
        return (block.input,)

    def with_links(self, block: WeightBlock, links: Sequence[str | None]) -> WeightBlock:
        return replace(block, input=links[0])

    def layers(self, block: WeightBlock) -> range:
        return range(block.weight_start, block.weight_start + block.n_layers)

    def on_layers(
        self, block: WeightBlock, runs: Sequence[range], new_ids: Iterator[str]
    ) -> Sequence[Block]:
        pieces = [replace(block, weight_start=runs[0].start, n_layers=len(runs[0]))]
        for run, id_ in zip(runs[1:], new_ids, strict=False):
            piece = WeightBlock(
                *(id_, run.start, len(run), pieces[-1].id),
                muted=block.muted,
                collapsed=block.collapsed,
            )
            pieces.append(piece)
        return pieces

    def joined(self, block: WeightBlock, following: Block) -> WeightBlock | None:
        if not isinstance(following, WeightBlock) or following.weight_start != block.weight_end:
            return None
        return replace(block, n_layers=block.n_layers + following.n_layers)

    def refusal(self, block: WeightBlock) -> Problem | None:
        if block.weight_start >= 0 and block.n_layers >= 1 and block.weight_end <= LAYER_LIMIT:
            return None
        return Problem(
            "weight-range",
            "A weight block has at least one layer, and its weight layers are numbered from 0 "
            f"to {LAYER_LIMIT - 1}.",
            "Choose another range.",
        )

    def can_be_written(self, block: WeightBlock) -> bool:
        return block.weight_start >= 0 and block.n_layers >= 1

    def broken_rules(
        self, block: WeightBlock, name: str, plan: Plan, n_weight_layers: int | None
    ) -> Iterator[Problem]:
        n = n_weight_layers
        if not self.can_be_written(block):
            yield Problem(
                "weight-range",
                f"{name} has no layers, or starts below weight layer 0.",
                "Give it at least one layer, starting at weight layer 0 or above.",
            )
        elif n is not None and block.weight_end > n:
            owner = "model has" if len(plan.sources) < 2 else "plan's sources have"
            yield Problem(
                "weight-range",
                f"{name} borrows weight layers {_range_text(block)}, but the {owner} only {n} of "
                f"them, 0 to {n - 1}.",
                f"Choose weight layers below {n}, or open a model that has more layers.",
            )

    def fixes(
        self, code: str, block: WeightBlock, n_weight_layers: int | None
    ) -> Iterator[tuple[str, WeightBlock | None]]:
        if code != "weight-range" or n_weight_layers is None:
            return
        if 0 <= block.weight_start < n_weight_layers:
            n_layers = n_weight_layers - block.weight_start
            yield "Shorten to the model's layers", replace(block, n_layers=n_layers)
        yield "Remove", None

    def lower(
        self, block: WeightBlock, start: int, inputs: Sequence[int], number: int
    ) -> Sequence[RecipeBlock]:
        return (RecipeWeight(start, start + block.n_layers, block.weight_start, inputs[0]),)

    def field(self, at: int) -> Field | None:
        return _FIELDS[at] if at < len(_FIELDS) else None

    def takes(self, n_fields: int) -> bool:
        return n_fields == len(_FIELDS)

    def statement(self, block: WeightBlock, start: int, inputs: Sequence[int]) -> str:
        return block_line(*self.lower(block, start, inputs, 0))

    def read(self, statement: Statement) -> WeightBlock:
        if len(statement.fields) != len(_FIELDS):
            statement.wrong_field_count("four fields")
        start, end, weight_start, source = (
            statement.whole_number(field.name, at) for at, field in enumerate(_FIELDS)
        )
        first, n_layers = statement.layers(start, end, weight_start)
        return WeightBlock(statement.id, first, n_layers, statement.link(source))

    def draft_data(self, block: WeightBlock, links: Sequence[int | None]) -> Json:
        data: Json = {"weights": [block.weight_start, block.weight_end]}
        return data if links[0] is None else data | {"input": links[0]}

    def draft_in(self, data: Json, id_: str) -> tuple[WeightBlock, tuple[int | None, ...]] | None:
        weights = weights_in(data.get("weights"))
        if weights is None:
            return None
        return WeightBlock(id_, *weights, None), (link_in(data.get("input")),)

    def content(self, block: WeightBlock) -> tuple[object, ...]:
        return block.weight_start, block.n_layers

    def words(self, block: WeightBlock) -> str:
        return f"weight layers {block.weight_start} to {block.weight_end - 1}"

    def unnamed(self, block: WeightBlock) -> str:
        return f"The weight block on weight layers {_range_text(block)}"


def _range_text(block: WeightBlock) -> str:
    return range_text(block.weight_start, block.weight_end - 1)
