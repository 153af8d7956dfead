"""The columns of the list: what each says of a block, or of one of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from app.memory.amounts import format_bytes
from app.plan.document import TOKENS, Block
from app.plan.kinds import links_into
from app.plan.problem import Problem
from app.ui.canvas.numbers import range_text, scale_text
from app.ui.state.block_kinds import kind_ui, layer_range, scales_of, title_of
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
        place, layers = self._editor.places.get(id_), layer_range(block)
        match column:
            case Column.NUMBER:
                return "" if place is None else str(place[0])
            case Column.BLOCK:
                return title_of(block)
            case Column.WEIGHT_LAYERS:
                return "" if layers is None else range_text(layers.start, layers.stop)
            case Column.PLAN_LAYERS:
                return "" if layers is None or place is None else range_text(*place[1:])
            case Column.INPUT:
                links = links_into(block)
                name = self.name if len(links) == 1 else self.short_name
                return ", ".join(map(name, links))
            case Column.SCALE:
                return ", ".join(map(scale_text, scales_of(block)))
            case Column.MEMORY:
                return "" if layers is None else self._memory(layers)
            case Column.STATE:
                return self._state(id_, problems)

    def of_input(self, id_: str, port: int, column: Column) -> str:
        """What the row of one of a block's inputs says in this column."""
        block = self.plan.blocks[id_]
        link = links_into(block)[port]
        match column:
            case Column.BLOCK:
                return f"Input {port + 1}"
            case Column.INPUT:
                return self.name(link)
            case Column.SCALE:
                return scale_text(scales_of(block)[port])
            case Column.STATE:
                return "" if link is not None else "Nothing feeds it"
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
        kind, number = kind_ui(block), self._editor.number(id_)
        called = kind.title.lower()
        parts = [f"{called} {title_of(block)}" if number is None else f"Block {number}, {called}"]
        if number is not None:
            parts.append(title_of(block))
        layers = layer_range(block)
        if layers is not None:
            parts.append(f"weight layers {_spoken(layers.start, layers.stop)}")
            plan_layers = self._editor.plan_layers(id_)
            if plan_layers is not None:
                parts.append(f"plan layers {_spoken(*plan_layers)}")
        parts += self._inputs_in_words(block)
        state = self._state(id_, problems)
        if state:
            parts.append(state)
        return ", ".join(parts).rstrip(".") + "."

    def _inputs_in_words(self, block: Block) -> list[str]:
        """What feeds the block, each input with its scale where it has one."""
        kind, links, scales = kind_ui(block), links_into(block), scales_of(block)
        if kind.inputs is not None:
            pairs = zip(scales, links, strict=True)
            return [f"{scale:.4g} of {self.name(link)}" for scale, link in pairs]
        words = [f"input from {self.name(link)}" for link in links]
        names = (kind.plan_kind.scale_name(block, n) for n in range(len(scales)))
        return [*words, *(f"{n} {scale:.4g}" for n, scale in zip(names, scales, strict=True))]

    def _memory(self, layers: range) -> str:
        figures = self.layer_bytes[layers.start : layers.stop]
        return format_bytes(sum(figures)) if len(figures) == len(layers) else ""

    def _state(self, id_: str, problems: Sequence[Problem]) -> str:
        words = ["Muted"] if self.plan.blocks[id_].muted else []
        if id_ == self.plan.output:
            words.append("Feeds the output")
        for problem in problems:
            words.append("Unused" if problem.code == "unused" else problem.message)
        return " · ".join(words)


def _spoken(start: int, end: int) -> str:
    return str(start) if end - start <= 1 else f"{start} to {end - 1}"
