"""The columns of the list: what each says of a block, or of one input of a merge."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from app.memory.amounts import format_bytes
from app.plan.document import TOKENS, MergeBlock, MergeInput, WeightBlock
from app.plan.kinds import links_into
from app.plan.problem import Problem
from app.ui.canvas.faces import range_text, scale_text, title_of
from app.ui.state.editor import PlanEditor


class Column(IntEnum):
    """The columns; `BLOCK` is the one that opens, so it is Qt's first, but shown second."""

    BLOCK = 0
    NUMBER = 1
    WEIGHT_LAYERS = 2
    PLAN_LAYERS = 3
    INPUT = 4
    SCALE = 5
    MEMORY = 6
    STATE = 7


HEADERS = ("Block", "No.", "Weight layers", "Plan layers", "Input", "Scale", "Memory", "State")


class Cells:
    """The words of the cells, made when they are asked for.

    `plan` is the one that the rows were made for: for a moment the editor may be ahead of it.
    """

    def __init__(self, editor: PlanEditor) -> None:
        self._editor = editor
        self.plan = editor.plan
        self.layer_bytes: Sequence[int] = ()
        """What each weight layer and its KV cache take; empty while no model is known."""

    def of_block(self, id_: str, column: Column, problems: Sequence[Problem]) -> str:
        """What a block's row says in this column."""
        block = self.plan.blocks[id_]
        place = self._editor.places.get(id_)
        weight = block if isinstance(block, WeightBlock) else None
        match column:
            case Column.NUMBER:
                return "" if place is None else str(place[0])
            case Column.BLOCK:
                return title_of(block)
            case Column.WEIGHT_LAYERS:
                return range_text(weight.weight_start, weight.weight_end) if weight else ""
            case Column.PLAN_LAYERS:
                return range_text(*place[1:]) if weight and place is not None else ""
            case Column.INPUT:
                links = links_into(block)
                return ", ".join(map(self.short_name, links)) if links[1:] else self.name(links[0])
            case Column.SCALE:
                if isinstance(block, MergeBlock):
                    return ", ".join(scale_text(i.scale) for i in block.inputs)
                return ""
            case Column.MEMORY:
                return self._memory(weight) if weight else ""
            case Column.STATE:
                return self._state(id_, problems)

    def of_input(self, port: int, merge_input: MergeInput, column: Column) -> str:
        """What the row of a merge's input says in this column."""
        match column:
            case Column.BLOCK:
                return f"Input {port + 1}"
            case Column.INPUT:
                return self.name(merge_input.block)
            case Column.SCALE:
                return scale_text(merge_input.scale)
            case Column.STATE:
                return "" if merge_input.block is not None else "Nothing feeds it"
        return ""

    def name(self, id_: str | None) -> str:
        """A block that feeds another: its number, where it has one, and its title."""
        if id_ is None:
            return "Not linked"
        if id_ == TOKENS:
            return "Tokens"
        number, title = self._editor.number(id_), title_of(self.plan.blocks[id_])
        return title if number is None else f"{number}  {title}"

    def short_name(self, id_: str | None) -> str:
        """As `name`, without the title where there is a number."""
        number = None if id_ in (None, TOKENS) else self._editor.number(id_ or "")
        return self.name(id_) if number is None else str(number)

    def sentence(self, id_: str, problems: Sequence[Problem]) -> str:
        """The whole row in a sentence, for a screen reader."""
        block = self.plan.blocks[id_]
        kind = "weight block" if isinstance(block, WeightBlock) else "merge block"
        number = self._editor.number(id_)
        parts = [f"{kind} {title_of(block)}" if number is None else f"Block {number}, {kind}"]
        if number is not None:
            parts.append(title_of(block))
        if isinstance(block, WeightBlock):
            parts.append(f"weight layers {_spoken(block.weight_start, block.weight_end)}")
            layers = self._editor.plan_layers(id_)
            if layers is not None:
                parts.append(f"plan layers {_spoken(*layers)}")
            parts.append(f"input from {self.name(block.input)}")
        elif isinstance(block, MergeBlock):
            parts += [f"{i.scale:.4g} of {self.name(i.block)}" for i in block.inputs]
        state = self._state(id_, problems)
        if state:
            parts.append(state)
        return ", ".join(parts).rstrip(".") + "."

    def _memory(self, block: WeightBlock) -> str:
        layers = self.layer_bytes[block.weight_start : block.weight_end]
        return format_bytes(sum(layers)) if len(layers) == block.n_layers else ""

    def _state(self, id_: str, problems: Sequence[Problem]) -> str:
        words = ["Muted"] if self.plan.blocks[id_].muted else []
        if id_ == self.plan.output:
            words.append("Feeds the output")
        for problem in problems:
            words.append("Unused" if problem.code == "unused" else problem.message)
        return " · ".join(words)


def _spoken(start: int, end: int) -> str:
    return str(start) if end - start <= 1 else f"{start} to {end - 1}"
