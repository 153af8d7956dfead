"""How a WeightBlock's strip looks: a cell for each weight layer, in its source's colour."""

from __future__ import annotations

from itertools import chain, repeat

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from app.ui.canvas.faces import WeightFace
from app.ui.canvas.shapes import WeightShape
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import SMALL, Theme

_DIGIT = 6.5
_NUMBER_STRIDES = [n * 10**power for power in range(6) for n in (1, 2, 5)]
_LEAST_TEXT_PIXELS = 5.5
_SHADE, _LEAST_LEVEL = 0.3, 0.1


def paint_strip(
    painter: QPainter, t: Theme, font: QFont, shape: WeightShape, face: WeightFace, scale: float
) -> None:
    """Draw the strip. `scale` is device pixels per scene pixel: too small a number is left out."""
    strip, cell = shape.strip, shape.cell
    whole = QPainterPath()
    whole.addRoundedRect(strip, 3, 3)
    x = strip.left()
    painter.setPen(Qt.PenStyle.NoPen)
    for source, length in face.runs:
        if len(face.runs) == 1:
            painter.fillPath(whole, t.source(source))
        else:
            part = QPainterPath()
            part.addRect(QRectF(x, strip.top(), length * cell, strip.height()))
            painter.fillPath(whole.intersected(part), t.source(source))
        x += length * cell
    if face.influence:
        _influence(painter, t, shape, face)
    if cell * scale >= 4:
        painter.setPen(QPen(t.block, 1.0))
        notch = strip.height() / 2 if _stride(shape, face) == 1 else 3.0
        xs = [strip.left() + i * cell for i in range(1, face.n_layers)]
        lines = [QLineF(x, strip.top(), x, strip.top() + notch) for x in xs]
        lines += [QLineF(x, strip.bottom() - notch, x, strip.bottom()) for x in xs]
        painter.drawLines(lines)
    if scale * SMALL >= _LEAST_TEXT_PIXELS:
        painter.setFont(font)
        _cell_numbers(painter, t, shape, face)


def _influence(painter: QPainter, t: Theme, shape: WeightShape, face: WeightFace) -> None:
    """Fill each cell from below, the higher the more its layer changes."""
    painter.setPen(Qt.PenStyle.NoPen)
    sources = chain.from_iterable(repeat(*run) for run in face.runs)
    for i, (source, share) in enumerate(zip(sources, face.influence, strict=True)):
        level = shape.cells(i, 1)
        level.setTop(level.bottom() - level.height() * (_LEAST_LEVEL + share * (1 - _LEAST_LEVEL)))
        shade = QColor(themes.text_on(t.source(source)))
        shade.setAlphaF(_SHADE)
        painter.fillRect(level, shade)


def _cell_numbers(painter: QPainter, t: Theme, shape: WeightShape, face: WeightFace) -> None:
    """Number the cells: each one, or where they are narrow those of a round number."""
    strip, cell = shape.strip, shape.cell
    stride, end = _stride(shape, face), face.weight_start
    for source, length in face.runs:
        start, end = end, end + length
        painter.setPen(themes.text_on(t.source(source)))
        for layer in range(start + -start % stride, end, stride):
            middle = strip.left() + (layer - face.weight_start + 0.5) * cell
            half = max(cell, _DIGIT * len(str(layer)) + 2) / 2
            middle = min(max(middle, strip.left() + half), strip.right() - half)
            box = QRectF(middle - half, strip.top(), 2 * half, strip.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(layer))


def _stride(shape: WeightShape, face: WeightFace) -> int:
    """Every which cell has a number: each one where they are wide enough."""
    width = _DIGIT * len(str(face.weight_start + face.n_layers - 1)) + 3
    if shape.cell >= width:
        return 1
    return next(n for n in _NUMBER_STRIDES[1:] if n * shape.cell >= 1.4 * width)


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
