"""A strip with a cell for each weight layer, in its source's colour, and its figures below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise, repeat
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from app.memory.amounts import format_bytes
from app.ui.canvas.numbers import count_of_layers, range_text
from app.ui.canvas.pens import LEAST_TEXT_PIXELS, LEFT, RIGHT, Pens
from app.ui.canvas.shapes import PAD, Part
from app.ui.state.block_kinds import LayerFigures
from app.ui.state.editor import PlanEditor
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import SMALL, Theme

_MIN_STRIP, _MAX_STRIP = 160, 480
_CELL, _MAX_CELL = 16, 32
_N_FULL_CELLS = 12
"""Up to this many cells all have their full width; each further one adds half of that."""

_DIGIT = 6.5
_NUMBER_STRIDES = [n * 10**power for power in range(6) for n in (1, 2, 5)]
_SHADE, _LEAST_LEVEL = 0.3, 0.1


class StripFigures(NamedTuple):
    """What a strip shows. `runs` are its cells in order, as (source, how many of it).

    `plan_layers` are the plan layers [start, end) that the block runs, None while it has none.
    """

    weight_start: int
    n_layers: int
    plan_layers: tuple[int, int] | None
    runs: tuple[tuple[int, int], ...]
    n_bytes: int | None
    influence: tuple[float, ...]


def strip_figures(
    editor: PlanEditor, block_id: str, layers: range, layer_figures: LayerFigures
) -> StripFigures:
    """The figures of a block that runs these weight layers."""
    plan_layers = editor.plan_layers(block_id)
    runs = _runs(editor, layers)
    return StripFigures(layers.start, len(layers), plan_layers, runs, *layer_figures)


def _runs(editor: PlanEditor, layers: range) -> tuple[tuple[int, int], ...]:
    """The sources of the cells, and how many cells each has."""
    first, last = editor.source_of(layers.start), editor.source_of(layers.stop - 1)
    starts = editor.source_starts[first + 1 : last + 1]
    edges = (layers.start, *starts, layers.stop)
    return tuple((first + n, end - start) for n, (start, end) in enumerate(pairwise(edges)))


@dataclass(frozen=True)
class StripSection:
    """The strip, and two foot lines: the weight layers and the plan layers, their count and size.

    `top` is where the strip begins. The inner width of the block is that of the foot lines.
    """

    n_layers: int
    top: float = 32.0

    @cached_property
    def cell(self) -> float:
        """The width of one cell."""
        strip = _CELL * min(self.n_layers, (self.n_layers + _N_FULL_CELLS) / 2)
        return min(_MAX_CELL, max(_MIN_STRIP, min(_MAX_STRIP, strip)) / self.n_layers)

    @cached_property
    def inner_width(self) -> float:
        return max(_MIN_STRIP, ceil(self.n_layers * self.cell / 4) * 4)

    @property
    def bottom(self) -> float:
        """Where the section ends."""
        return self.top + 56

    @property
    def strip(self) -> QRectF:
        return QRectF(PAD, self.top, self.n_layers * self.cell, 20)

    @property
    def foot(self) -> QRectF:
        return QRectF(PAD, self.top + 24, self.inner_width, 16)

    @property
    def range(self) -> QRectF:
        """Where the borrowed weight layers are written."""
        return QRectF(PAD, self.top + 24, self.inner_width * 0.55, 16)

    @property
    def last_line(self) -> QRectF:
        return QRectF(PAD, self.top + 40, self.inner_width, 16)

    def cells(self, first: int, n: int) -> QRectF:
        """The rectangle of `n` cells from number `first` on."""
        strip, cell = self.strip, self.cell
        return QRectF(strip.left() + first * cell, strip.top(), n * cell, strip.height())

    def cell_at(self, x: float) -> int:
        """The cell nearest to a place along the strip."""
        return min(self.n_layers - 1, max(0, int((x - PAD) // self.cell)))

    def part_at(self, at: QPointF, slop: float) -> Part | None:
        strip = self.strip
        grip = min(6.0 + slop, max(3.0, min(strip.width() / 3, self.cell / 3 + slop)))
        if strip.top() - 2 <= at.y() <= strip.bottom() + 2:
            if abs(at.x() - strip.right()) <= grip:
                return Part("strip-end")
            if abs(at.x() - strip.left()) <= grip:
                return Part("strip-start")
            if strip.left() < at.x() < strip.right():
                return Part("cell", self.cell_at(at.x()))
        return Part("range") if self.range.contains(at) else None

    def key_parts(self) -> Sequence[Part]:
        return [Part("cell", i) for i in range(self.n_layers)]

    def area_of(self, part: Part) -> QRectF | None:
        if part.kind == "range":
            return self.range
        return self.cells(part.index, 1) if part.kind == "cell" else None

    def paint(
        self,
        painter: QPainter,
        pens: Pens,
        figures: StripFigures,
        _linked: Sequence[bool],
        scale: float,
    ) -> None:
        quiet, small = pens.theme.quiet, pens.small
        _paint_cells(painter, pens, self, figures, scale)
        start = figures.weight_start
        weights = f"weights {range_text(start, start + figures.n_layers)}"
        pens.write(painter, self.foot, weights, small, quiet, LEFT, scale)
        if figures.plan_layers is not None:
            plan = f"plan {range_text(*figures.plan_layers)}"
            pens.write(painter, self.foot, plan, small, quiet, RIGHT, scale)
        n = count_of_layers(figures.n_layers)
        pens.write(painter, self.last_line, n, small, quiet, LEFT, scale)
        if figures.n_bytes is not None:
            amount = format_bytes(figures.n_bytes)
            pens.write(painter, self.last_line, amount, small, quiet, RIGHT, scale)


def _paint_cells(
    painter: QPainter, pens: Pens, section: StripSection, figures: StripFigures, scale: float
) -> None:
    t, strip, cell = pens.theme, section.strip, section.cell
    whole = QPainterPath()
    whole.addRoundedRect(strip, 3, 3)
    x = strip.left()
    painter.setPen(Qt.PenStyle.NoPen)
    for source, length in figures.runs:
        if len(figures.runs) == 1:
            painter.fillPath(whole, t.source(source))
        else:
            part = QPainterPath()
            part.addRect(QRectF(x, strip.top(), length * cell, strip.height()))
            painter.fillPath(whole.intersected(part), t.source(source))
        x += length * cell
    if figures.influence:
        _influence(painter, t, section, figures)
    if cell * scale >= 4:
        painter.setPen(QPen(t.block, 1.0))
        notch = strip.height() / 2 if _stride(section, figures) == 1 else 3.0
        xs = [strip.left() + i * cell for i in range(1, figures.n_layers)]
        lines = [QLineF(x, strip.top(), x, strip.top() + notch) for x in xs]
        lines += [QLineF(x, strip.bottom() - notch, x, strip.bottom()) for x in xs]
        painter.drawLines(lines)
    if scale * SMALL >= LEAST_TEXT_PIXELS:
        painter.setFont(pens.small)
        _cell_numbers(painter, t, section, figures)


def _influence(painter: QPainter, t: Theme, section: StripSection, figures: StripFigures) -> None:
    """Fill each cell from below, the higher the more its layer changes."""
    painter.setPen(Qt.PenStyle.NoPen)
    sources = chain.from_iterable(repeat(*run) for run in figures.runs)
    for i, (source, share) in enumerate(zip(sources, figures.influence, strict=True)):
        level = section.cells(i, 1)
        level.setTop(level.bottom() - level.height() * (_LEAST_LEVEL + share * (1 - _LEAST_LEVEL)))
        shade = QColor(themes.text_on(t.source(source)))
        shade.setAlphaF(_SHADE)
        painter.fillRect(level, shade)


def _cell_numbers(
    painter: QPainter, t: Theme, section: StripSection, figures: StripFigures
) -> None:
    """Number the cells: each one, or where they are narrow those of a round number."""
    strip, cell = section.strip, section.cell
    stride, end = _stride(section, figures), figures.weight_start
    for source, length in figures.runs:
        start, end = end, end + length
        painter.setPen(themes.text_on(t.source(source)))
        for layer in range(start + -start % stride, end, stride):
            middle = strip.left() + (layer - figures.weight_start + 0.5) * cell
            half = max(cell, _DIGIT * len(str(layer)) + 2) / 2
            middle = min(max(middle, strip.left() + half), strip.right() - half)
            box = QRectF(middle - half, strip.top(), 2 * half, strip.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(layer))


def _stride(section: StripSection, figures: StripFigures) -> int:
    """Every which cell has a number: each one where they are wide enough."""
    width = _DIGIT * len(str(figures.weight_start + figures.n_layers - 1)) + 3
    if section.cell >= width:
        return 1
    return next(n for n in _NUMBER_STRIDES[1:] if n * section.cell >= 1.4 * width)


def paint_cut(painter: QPainter, t: Theme, cells: QRectF) -> None:
    """Mark cells, given in the painter's coordinates, as those that a click would cut out."""
    fill = QColor(t.error)
    fill.setAlpha(90)
    painter.setPen(QPen(t.error, 1.5))
    painter.setBrush(fill)
    painter.drawRoundedRect(cells.adjusted(0.5, -2.5, -0.5, 2.5), 2, 2)
    arm = min(5.0, cells.width() / 2 - 2)
    if arm > 1:
        at = cells.center()
        painter.setPen(QPen(t.block, 2.0))
        painter.drawLine(QLineF(at.x() - arm, at.y() - arm, at.x() + arm, at.y() + arm))
        painter.drawLine(QLineF(at.x() - arm, at.y() + arm, at.x() + arm, at.y() - arm))
