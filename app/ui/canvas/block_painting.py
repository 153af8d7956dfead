"""How a block looks: draws one face into one painter, in the block's own coordinates."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from app.ui import theme as themes
from app.ui.canvas.faces import (
    Badge,
    Face,
    MergeFace,
    TerminalFace,
    WeightFace,
    range_text,
    scale_text,
)
from app.ui.canvas.shapes import (
    PORT_RADIUS,
    MergeShape,
    Shape,
    WeightShape,
    fader_range,
)
from app.ui.theme import NORMAL, SMALL, TITLE, Theme

_ROUND = 6.0
_DIGIT = 6.5
_NUMBER_STRIDES = (2, 5, 10, 20, 50, 100)
_LEAST_TEXT_PIXELS = 5.5

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class BlockPainting:
    """Draws faces in one theme and the system's font of now."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._title = themes.canvas_font(TITLE, strong=True)
        self._normal = themes.canvas_font(NORMAL)
        self._small = themes.canvas_font(SMALL)
        self._badge = themes.canvas_font(NORMAL, strong=True)
        self._metrics = {id(f): QFontMetricsF(f) for f in (self._title, self._normal, self._small)}

    def paint(self, painter: QPainter, shape: Shape, face: Face, scale: float) -> None:
        """Draw the block. `scale` is device pixels per scene pixel: too small text is left out."""
        if isinstance(face, TerminalFace):
            self._terminal(painter, shape, face, scale)
            return
        self._body(painter, shape, face)
        if isinstance(face, WeightFace) and isinstance(shape, WeightShape):
            self._weight(painter, shape, face, scale)
        elif isinstance(face, MergeFace) and isinstance(shape, MergeShape):
            self._merge(painter, shape, face, scale)
        painter.setOpacity(1.0)
        self._ports(painter, shape, face.linked, face.feeds)
        if face.badge is not None:
            self._draw_badge(painter, shape, face.badge, scale)

    def colour_of(self, face: Face) -> QColor:
        """The one colour that stands for the block when it is too small for more."""
        if isinstance(face, WeightFace) and face.sources:
            colour = self.theme.source(face.sources[0])
            return themes.mixed(colour, self.theme.canvas, 0.6) if face.unused else colour
        return self.theme.link

    def _body(self, painter: QPainter, shape: Shape, face: WeightFace | MergeFace) -> None:
        t = self.theme
        edge = t.edge
        if isinstance(face, WeightFace) and face.sources:
            edge = themes.mixed(t.edge, t.source(face.sources[0]), 0.55)
        pen = QPen(t.quiet if face.unused else edge, 1.0)
        fill = t.block
        if face.unused:
            pen.setDashPattern([4.0, 3.0])
            fill = themes.mixed(t.block, t.canvas, 0.6)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(shape.rect.adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
        painter.setOpacity(0.6 if face.unused else 1.0)

    def _weight(
        self, painter: QPainter, shape: WeightShape, face: WeightFace, scale: float
    ) -> None:
        t = self.theme
        n = f"{face.n_layers} layer{'' if face.n_layers == 1 else 's'}"
        used = self._text(painter, shape.title, n, self._small, t.quiet, _RIGHT, scale)
        title = shape.title.adjusted(0, 0, -used - 8, 0)
        self._heading(painter, title, face.number, face.title, scale)
        self._strip(painter, shape, face, scale)
        weights = range_text(face.weight_start, face.weight_start + face.n_layers)
        self._text(painter, shape.foot, f"weights {weights}", self._small, t.quiet, _LEFT, scale)
        if face.plan_start is not None:
            plan = range_text(face.plan_start, face.plan_start + face.n_layers)
            self._text(painter, shape.foot, f"plan {plan}", self._small, t.quiet, _RIGHT, scale)

    def _strip(self, painter: QPainter, shape: WeightShape, face: WeightFace, scale: float) -> None:
        t, strip, cell = self.theme, shape.strip, shape.cell
        whole = QPainterPath()
        whole.addRoundedRect(strip, 3, 3)
        x = strip.left()
        painter.setPen(Qt.PenStyle.NoPen)
        runs = [(source, len(list(run))) for source, run in groupby(face.sources)]
        for source, length in runs:
            if len(runs) == 1:
                painter.fillPath(whole, t.source(source))
            else:
                part = QPainterPath()
                part.addRect(QRectF(x, strip.top(), length * cell, strip.height()))
                painter.fillPath(whole.intersected(part), t.source(source))
            x += length * cell
        if cell * scale >= 4:
            painter.setPen(QPen(t.block, 1.0))
            notch = strip.height() / 2 if _stride(shape, face) == 1 else 3.0
            xs = [strip.left() + i * cell for i in range(1, face.n_layers)]
            lines = [QLineF(x, strip.top(), x, strip.top() + notch) for x in xs]
            lines += [QLineF(x, strip.bottom() - notch, x, strip.bottom()) for x in xs]
            painter.drawLines(lines)
        if scale * SMALL >= _LEAST_TEXT_PIXELS:
            self._cell_numbers(painter, shape, face)

    def _cell_numbers(self, painter: QPainter, shape: WeightShape, face: WeightFace) -> None:
        """Number the cells: each one, or where they are narrow those of a round number."""
        strip, cell = shape.strip, shape.cell
        stride = _stride(shape, face)
        painter.setFont(self._small)
        for i, source in enumerate(face.sources):
            layer = face.weight_start + i
            if layer % stride == 0:
                painter.setPen(themes.text_on(self.theme.source(source)))
                middle = strip.left() + (i + 0.5) * cell
                half = max(cell, _DIGIT * len(str(layer)) + 2) / 2
                middle = min(max(middle, strip.left() + half), strip.right() - half)
                box = QRectF(middle - half, strip.top(), 2 * half, strip.height())
                painter.drawText(box, _CENTRE, str(layer))

    def _merge(self, painter: QPainter, shape: MergeShape, face: MergeFace, scale: float) -> None:
        t = self.theme
        self._heading(painter, shape.title, face.number, face.title, scale)
        for i, (value, source) in enumerate(zip(face.scales, face.sources, strict=True)):
            colour = t.link if source is None else t.source(source)
            track, port = shape.track(i), shape.in_ports[i]
            x = track.center().x()
            wire = QPainterPath(port)
            wire.lineTo(x - 6, port.y())
            wire.quadTo(x, port.y(), x, port.y() - 6)
            wire.lineTo(x, track.bottom())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.link if face.linked[i] else t.edge, 1.0))
            painter.drawPath(wire)
            self._fader(painter, track, value, colour)
            box = shape.number(i).adjusted(-3, 0, 3, 0)
            self._text(painter, box, scale_text(value), self._normal, t.text, _CENTRE, scale)

    def _fader(self, painter: QPainter, track: QRectF, value: float, colour: QColor) -> None:
        t = self.theme
        low, high = fader_range(value)
        foot, head = track.bottom(), track.top()

        def y_of(scale: float) -> float:
            return foot + (head - foot) * (scale - low) / (high - low)

        zero, y = y_of(0.0), y_of(value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.well)
        painter.drawRoundedRect(track, 2, 2)
        painter.setBrush(colour)
        painter.drawRoundedRect(
            QRectF(track.left(), min(y, zero), track.width(), abs(y - zero)), 2, 2
        )
        if low < 0:
            painter.setPen(QPen(t.quiet, 1.0))
            painter.drawLine(QLineF(track.left() - 4, zero, track.right() + 4, zero))
        painter.setPen(QPen(t.quiet, 1.0))
        painter.setBrush(t.block)
        knob = QRectF(track.center().x() - 10, round(y) - 4, 20, 8)
        painter.drawRoundedRect(knob.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.drawLine(
            QLineF(knob.left() + 5, knob.center().y(), knob.right() - 5, knob.center().y())
        )

    def _terminal(self, painter: QPainter, shape: Shape, face: TerminalFace, scale: float) -> None:
        t = self.theme
        painter.setPen(QPen(t.quiet, 1.0))
        painter.setBrush(t.block)
        rect = shape.rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        self._text(painter, shape.rect, face.title, self._title, t.text, _CENTRE, scale)
        self._ports(painter, shape, (face.linked,) * len(shape.in_ports), face.linked)

    def _ports(
        self, painter: QPainter, shape: Shape, linked: tuple[bool, ...], feeds: bool
    ) -> None:
        ports = [*zip(shape.in_ports, linked, strict=True)]
        if shape.out_port is not None:
            ports.append((shape.out_port, feeds))
        painter.setPen(QPen(self.theme.link, 1.5))
        r = PORT_RADIUS - 0.75
        for port, is_linked in ports:
            painter.setBrush(self.theme.link if is_linked else self.theme.block)
            painter.drawEllipse(port, r, r)

    def _draw_badge(self, painter: QPainter, shape: Shape, badge: Badge, scale: float) -> None:
        t = self.theme
        box = QRectF(shape.width - 10, -9, 18, 18)
        if badge.severity == "error":
            painter.setPen(QPen(t.canvas, 2.0))
            painter.setBrush(t.error)
            painter.drawEllipse(box)
            ink = themes.text_on(t.error)
        else:
            painter.setPen(QPen(t.note, 1.5))
            painter.setBrush(t.block)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
            ink = t.note
        if scale * NORMAL >= _LEAST_TEXT_PIXELS:
            painter.setFont(self._badge)
            painter.setPen(ink)
            painter.drawText(box, _CENTRE, str(badge.count))

    def _heading(
        self, painter: QPainter, area: QRectF, number: int | None, title: str, scale: float
    ) -> None:
        t = self.theme
        used = 0.0
        if number is not None:
            used = 6 + self._text(painter, area, str(number), self._title, t.quiet, _LEFT, scale)
        self._text(painter, area.adjusted(used, 0, 0, 0), title, self._title, t.text, _LEFT, scale)

    def _text(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        font: QFont,
        colour: QColor,
        align: Qt.AlignmentFlag,
        scale: float,
    ) -> float:
        """Write a line, cut with an ellipsis where it does not fit. Returns its width."""
        metrics = self._metrics[id(font)]
        width = metrics.horizontalAdvance(text)
        if width > area.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            width = area.width()
        if font.pixelSize() * scale >= _LEAST_TEXT_PIXELS:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(area, align, text)
        else:
            bar = QRectF(area.left(), area.center().y() - 2, width, 4)
            if align & Qt.AlignmentFlag.AlignRight:
                bar.moveRight(area.right())
            elif align & Qt.AlignmentFlag.AlignHCenter:
                bar.moveCenter(area.center())
            painter.fillRect(bar, QBrush(themes.mixed(colour, self.theme.block, 0.75)))
        return width


def _stride(shape: WeightShape, face: WeightFace) -> int:
    """Every which cell has a number: each one where they are wide enough."""
    width = _DIGIT * len(str(face.weight_start + face.n_layers - 1)) + 3
    if shape.cell >= width:
        return 1
    return next(n for n in _NUMBER_STRIDES if n * shape.cell >= 1.4 * width or n == 100)


def shadow(painter: QPainter, rect: QRectF) -> None:
    """The one soft shadow, under a block that is being dragged."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 12))
    for grow in (10, 8, 6, 4, 2):
        painter.drawRoundedRect(
            rect.adjusted(-grow, -grow, grow, grow).translated(QPointF(0, 5)),
            _ROUND + grow,
            _ROUND + grow,
        )
