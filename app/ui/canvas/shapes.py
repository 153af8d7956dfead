"""Where the parts of a block lie, in the block's own coordinates: outline, ports, title, sections.

Shapes are shared: blocks that look alike in size have the same object, which pictures of them are
known by. A kind of block builds its shape from sections of `app.ui.canvas.sections`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from app.plan.document import TOKENS, Block
from app.plan.kinds import links_into
from app.ui.canvas.pens import Pens
from app.ui.state.block_kinds import kind_ui

OUTPUT = "the output"
"""The id that stands for the output terminal on the canvas."""

PAD = 12
PORT_RADIUS = 5.0
MARGIN = 12
"""How far ports, badge and selection outline may reach beyond the block's rectangle."""

_PORT_REACH = 11.0
_PORT_RING = 9.0

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


class Section(Protocol):
    """A strip of cells, a row of faders or the like: where its parts lie and how it is drawn."""

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        """What lies under a point; small things can be hit from `slop` farther away."""

    def key_parts(self) -> Sequence[Part]:
        """The parts that keys and screen readers can reach, in their order."""

    def area_of(self, part: Part) -> QRectF | None:
        """Where a part lies, None for one of another section."""

    def paint(
        self, painter: QPainter, pens: Pens, figures: Any, linked: Sequence[bool], scale: float
    ) -> None:
        """Draw it. `figures` are the section's own, `linked` says which inputs are linked.

        `scale` is device pixels per scene pixel: what would be too small is left out.
        """


SectionT = TypeVar("SectionT")


@dataclass(frozen=True)
class Shape:
    """The outline and the ports that every block has, and the sections of its kind.

    A terminal has no title; a collapsed block has nothing else, and all its inputs in one place.
    """

    width: float
    height: float
    in_ports: tuple[QPointF, ...]
    out_port: QPointF | None
    sections: tuple[Section, ...] = ()
    has_title: bool = True
    is_collapsed: bool = False

    @property
    def rect(self) -> QRectF:
        return QRectF(0, 0, self.width, self.height)

    @property
    def title(self) -> QRectF:
        return QRectF(PAD, 8, self.width - 2 * PAD, 20)

    def section(self, kind: type[SectionT]) -> SectionT | None:
        """The first section of this class, None without one."""
        return next((s for s in self.sections if isinstance(s, kind)), None)

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        """What lies under a point; ports can be hit from `slop` farther away than they look."""
        reach = _PORT_REACH + slop
        if self.out_port is not None and _distance(at, self.out_port) <= reach:
            return Part("out")
        near = [(_distance(at, port), i) for i, port in enumerate(self.in_ports)]
        if near and min(near)[0] <= reach:
            return Part("in", min(near)[1])
        return self._inner_part(at, slop) if self.rect.contains(at) else None

    def key_parts(self) -> list[Part]:
        """The parts that keys can reach: input ports, those of the sections, the output port."""
        parts = [Part("in", i) for i in range(len(self.in_ports))]
        for section in self.sections:
            parts += section.key_parts()
        return [*parts, Part("out")] if self.out_port is not None else parts

    def area_of(self, part: Part) -> QRectF:
        """Where a part lies, with some room around a port."""
        areas = (section.area_of(part) for section in self.sections)
        area = next((area for area in areas if area is not None), None)
        if area is not None:
            return area
        port = self.in_ports[part.index] if part.kind == "in" else self.out_port
        reach = QPointF(_PORT_RING, _PORT_RING)
        return QRectF(port - reach, port + reach) if port is not None else self.rect

    def _inner_part(self, at: QPointF, slop: float) -> Part:
        for section in self.sections:
            part = section.part_at(at, slop)
            if part is not None:
                return part
        is_title = self.is_collapsed or (self.has_title and self.title.contains(at))
        return Part("title") if is_title else Part("body")


TOKENS_SHAPE = Shape(76, 36, (), QPointF(76, 18), has_title=False)
OUTPUT_SHAPE = Shape(76, 36, (QPointF(0, 18),), None, has_title=False)


@cache
def _collapsed_shape(n_inputs: int) -> Shape:
    return Shape(160, 36, (QPointF(0, 18),) * n_inputs, QPointF(160, 18), is_collapsed=True)


def shape_of(block: Block) -> Shape:
    """The shape of a block of the plan."""
    if block.collapsed:
        return _collapsed_shape(len(links_into(block)))
    shape: Shape = kind_ui(block).shape(block)
    return shape


def is_terminal(block_id: str) -> bool:
    """Whether the id names one of the two fixed ends and no block of the plan."""
    return block_id in (TOKENS, OUTPUT)


def _distance(a: QPointF, b: QPointF) -> float:
    return float(((a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2) ** 0.5)
