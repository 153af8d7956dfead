"""Where the parts of a block lie, in the block's own coordinates: sizes, ports, strip, faders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from app.plan.document import TOKENS, Block, WeightBlock
from app.plan.edits import MAX_MERGE_INPUTS
from app.plan.kinds import links_into

OUTPUT = "the output"
"""The id that stands for the output terminal on the canvas."""

PAD = 12
PORT_RADIUS = 5.0
MARGIN = 12
"""How far ports, badge and selection outline may reach beyond the block's rectangle."""

_MIN_STRIP, _MAX_STRIP = 160, 480
_CELL, _MAX_CELL = 16, 32
_N_FULL_CELLS = 12
"""Up to this many cells all have their full width; each further one adds half of that."""

_COLUMN = 44

_PORT_REACH = 11.0

PartKind = (
    Literal["body", "title", "in", "out"]
    | Literal["strip-start", "strip-end", "cell", "range"]
    | Literal["fader", "number", "add-input", "lock"]
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a block that can be pressed; `index` counts input ports, faders and cells."""

    kind: PartKind
    index: int = 0


@dataclass(frozen=True)
class Shape:
    """The outline and the ports that every kind of block has."""

    width: float
    height: float
    in_ports: tuple[QPointF, ...]
    out_port: QPointF | None

    @property
    def rect(self) -> QRectF:
        return QRectF(0, 0, self.width, self.height)

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        """What lies under a point; ports can be hit from `slop` farther away than they look."""
        reach = _PORT_REACH + slop
        if self.out_port is not None and _distance(at, self.out_port) <= reach:
            return Part("out")
        near = [(_distance(at, port), i) for i, port in enumerate(self.in_ports)]
        if near and min(near)[0] <= reach:
            return Part("in", min(near)[1])
        return self._inner_part(at, slop) if self.rect.contains(at) else None

    def _inner_part(self, at: QPointF, slop: float) -> Part:
        return Part("body")


@dataclass(frozen=True)
class WeightShape(Shape):
    """A WeightBlock: a title, the strip of cells, and two foot lines with its figures."""

    n_layers: int
    cell: float

    @property
    def title(self) -> QRectF:
        return QRectF(PAD, 8, self.width - 2 * PAD, 20)

    @property
    def strip(self) -> QRectF:
        return QRectF(PAD, 32, self.n_layers * self.cell, 20)

    @property
    def foot(self) -> QRectF:
        return QRectF(PAD, 56, self.width - 2 * PAD, 16)

    @property
    def range(self) -> QRectF:
        """Where the borrowed weight layers are written."""
        return QRectF(PAD, 56, (self.width - 2 * PAD) * 0.55, 16)

    @property
    def last_line(self) -> QRectF:
        return QRectF(PAD, 72, self.width - 2 * PAD, 16)

    def cells(self, first: int, n: int) -> QRectF:
        """The rectangle of `n` cells from number `first` on."""
        strip = self.strip
        return QRectF(strip.left() + first * self.cell, strip.top(), n * self.cell, strip.height())

    def cell_at(self, x: float) -> int:
        """The cell nearest to a place along the strip."""
        return min(self.n_layers - 1, max(0, int((x - self.strip.left()) // self.cell)))

    def _inner_part(self, at: QPointF, slop: float) -> Part:
        strip = self.strip
        grip = min(6.0 + slop, max(3.0, min(strip.width() / 3, self.cell / 3 + slop)))
        if strip.top() - 2 <= at.y() <= strip.bottom() + 2:
            if abs(at.x() - strip.right()) <= grip:
                return Part("strip-end")
            if abs(at.x() - strip.left()) <= grip:
                return Part("strip-start")
            if strip.left() < at.x() < strip.right():
                return Part("cell", self.cell_at(at.x()))
        if self.range.contains(at):
            return Part("range")
        return Part("title") if self.title.contains(at) else Part("body")


@dataclass(frozen=True)
class MergeShape(Shape):
    """A MergeBlock: upright faders side by side; under them each input's way from port to fader.

    Its foot has a plus for one more input and the sum with its lock.
    """

    @property
    def title(self) -> QRectF:
        return QRectF(PAD, 8, self.width - 2 * PAD, 20)

    def number(self, index: int) -> QRectF:
        """Where the scale of this input is written."""
        return QRectF(self._left + index * _COLUMN, 32, _COLUMN, 16)

    def track(self, index: int) -> QRectF:
        """The groove of this input's fader."""
        return QRectF(self._left + index * _COLUMN + _COLUMN / 2 - 2, 52, 4, 64)

    def column_at(self, x: float) -> int | None:
        """The input whose fader stands at this x, None beside them all."""
        index = int((x - self._left) // _COLUMN)
        return index if 0 <= index < len(self.in_ports) else None

    @property
    def add_input(self) -> QRectF | None:
        """The plus for one more input, None when there can be no more."""
        if len(self.in_ports) >= MAX_MERGE_INPUTS:
            return None
        return QRectF(PAD - 4, self.height - 26, 18, 18)

    @property
    def lock(self) -> QRectF:
        """The lock that keeps the sum at 1."""
        return QRectF(self.width - PAD - 14, self.height - 26, 18, 18)

    @property
    def sum(self) -> QRectF:
        """Where the sum of the scales is written."""
        return QRectF(PAD + 16, self.height - 25, self.width - 2 * PAD - 16 - 18, 16)

    @property
    def _left(self) -> float:
        return (self.width - len(self.in_ports) * _COLUMN) / 2

    def _inner_part(self, at: QPointF, slop: float) -> Part:
        if self.add_input is not None and self.add_input.adjusted(-2, -2, 2, 2).contains(at):
            return Part("add-input", len(self.in_ports))
        if self.lock.adjusted(-2, -2, 2, 2).contains(at):
            return Part("lock")
        for index in range(len(self.in_ports)):
            if self.number(index).contains(at):
                return Part("number", index)
            track = self.track(index)
            if track.adjusted(-12, -6, 12, 6).contains(at):
                return Part("fader", index)
        return Part("title") if self.title.contains(at) else Part("body")


@dataclass(frozen=True)
class CollapsedShape(Shape):
    """A collapsed block: its title, with all inputs in one place."""

    @property
    def title(self) -> QRectF:
        return QRectF(PAD, 8, self.width - 2 * PAD, 20)

    def _inner_part(self, at: QPointF, slop: float) -> Part:
        return Part("title")


@dataclass(frozen=True)
class TerminalShape(Shape):
    """The tokens at the left or the output at the right."""


@cache
def _weight_shape(n_layers: int) -> WeightShape:
    strip = _CELL * min(n_layers, (n_layers + _N_FULL_CELLS) / 2)
    cell = min(_MAX_CELL, max(_MIN_STRIP, min(_MAX_STRIP, strip)) / n_layers)
    inner = max(_MIN_STRIP, ceil(n_layers * cell / 4) * 4)
    width = inner + 2 * PAD
    return WeightShape(width, 96, (QPointF(0, 42),), QPointF(width, 42), n_layers, cell)


@cache
def _merge_shape(n_inputs: int) -> MergeShape:
    width = max(n_inputs, 2) * _COLUMN + 2 * PAD
    ports = tuple(QPointF(0, 132 + 16 * i) for i in range(n_inputs))
    height = 148 + 16 * max(n_inputs, 2)
    return MergeShape(width, height, ports, QPointF(width, height / 2))


@cache
def _collapsed_shape(n_inputs: int) -> CollapsedShape:
    return CollapsedShape(160, 36, (QPointF(0, 18),) * n_inputs, QPointF(160, 18))


TOKENS_SHAPE = TerminalShape(76, 36, (), QPointF(76, 18))
OUTPUT_SHAPE = TerminalShape(76, 36, (QPointF(0, 18),), None)


BlockShape = WeightShape | MergeShape | CollapsedShape


def shape_of(block: Block) -> BlockShape:
    """The shape of a block of the plan."""
    if block.collapsed:
        return _collapsed_shape(len(links_into(block)))
    if isinstance(block, WeightBlock):
        return _weight_shape(max(1, block.n_layers))
    return _merge_shape(len(links_into(block)))


def is_terminal(block_id: str) -> bool:
    """Whether the id names one of the two fixed ends and no block of the plan."""
    return block_id in (TOKENS, OUTPUT)


def fader_range(scale: float) -> tuple[float, float]:
    """The values at the foot and the head of a fader that shows this scale."""
    return min(0.0, float(-ceil(-scale))), max(1.0, float(ceil(scale)))


def _distance(a: QPointF, b: QPointF) -> float:
    return float(((a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2) ** 0.5)
