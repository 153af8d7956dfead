"""How a block looks: draws one face into one painter, in the block's own coordinates."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from app.memory.amounts import format_bytes
from app.ui.canvas.faces import (
    Badge,
    Face,
    MergeFace,
    TerminalFace,
    WeightFace,
    count_of_layers,
    range_text,
    scale_text,
)
from app.ui.canvas.links import curve
from app.ui.canvas.shapes import (
    PORT_RADIUS,
    CollapsedShape,
    MergeShape,
    Shape,
    WeightShape,
    fader_range,
)
from app.ui.canvas.strip_painting import paint_strip
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import NORMAL, SMALL, TITLE, Theme

_ROUND = 6.0
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
        elif isinstance(shape, CollapsedShape):
            self._heading(painter, shape.title, face, scale)
        painter.setOpacity(1.0)
        if face.passes is not None:
            self._passing(painter, shape, face.passes)
        self._ports(painter, shape, face.linked, face.feeds)
        if face.badge is not None:
            self._draw_badge(painter, shape, face.badge, scale)

    def colour_of(self, face: Face) -> QColor:
        """The one colour that stands for the block when it is too small for more."""
        if isinstance(face, WeightFace):
            colour = self.theme.source(face.runs[0][0])
            faint = face.unused or face.passes is not None
            return themes.mixed(colour, self.theme.canvas, 0.6) if faint else colour
        return self.theme.link

    def _body(self, painter: QPainter, shape: Shape, face: WeightFace | MergeFace) -> None:
        t = self.theme
        edge = t.edge
        if isinstance(face, WeightFace):
            edge = themes.mixed(t.edge, t.source(face.runs[0][0]), 0.55)
        pen = QPen(t.quiet if face.unused else edge, 1.0)
        fill = t.block
        if face.unused:
            pen.setDashPattern([4.0, 3.0])
            fill = themes.mixed(t.block, t.canvas, 0.6)
        painter.setPen(pen)
        painter.setBrush(fill)
        rect = shape.rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, _ROUND, _ROUND)
        if face.passes is not None:
            painter.setBrush(QBrush(t.edge, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(rect, _ROUND, _ROUND)
            painter.setOpacity(0.7)
        elif face.unused:
            painter.setOpacity(0.6)

    def _passing(self, painter: QPainter, shape: Shape, port: int) -> None:
        """The way of what passes through a muted block."""
        if shape.out_port is None:
            return
        pen = QPen(self.theme.link, 2.0)
        pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(curve(shape.in_ports[port], shape.out_port))

    def _weight(
        self, painter: QPainter, shape: WeightShape, face: WeightFace, scale: float
    ) -> None:
        t = self.theme
        self._heading(painter, shape.title, face, scale)
        paint_strip(painter, t, self._small, shape, face, scale)
        weights = range_text(face.weight_start, face.weight_start + face.n_layers)
        self._text(painter, shape.foot, f"weights {weights}", self._small, t.quiet, _LEFT, scale)
        if face.plan_start is not None:
            plan = range_text(face.plan_start, face.plan_start + face.n_layers)
            self._text(painter, shape.foot, f"plan {plan}", self._small, t.quiet, _RIGHT, scale)
        n = count_of_layers(face.n_layers)
        self._text(painter, shape.last_line, n, self._small, t.quiet, _LEFT, scale)
        if face.n_bytes is not None:
            amount = format_bytes(face.n_bytes)
            self._text(painter, shape.last_line, amount, self._small, t.quiet, _RIGHT, scale)

    def _merge(self, painter: QPainter, shape: MergeShape, face: MergeFace, scale: float) -> None:
        t = self.theme
        self._heading(painter, shape.title, face, scale)
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
        total = f"sum {scale_text(sum(face.scales))}"
        self._text(painter, shape.sum, total, self._small, t.quiet, _RIGHT, scale)
        self._lock(painter, shape.lock, closed=face.sums_to_one)
        if shape.add_input is not None:
            self._plus(painter, shape.add_input)

    def _lock(self, painter: QPainter, area: QRectF, *, closed: bool) -> None:
        t = self.theme
        colour = t.accent if closed else themes.mixed(t.quiet, t.block, 0.35)
        middle = area.center()
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shackle = QRectF(middle.x() - 3, middle.y() - 6, 6, 8)
        if not closed:
            shackle.translate(3, 0)
        painter.drawArc(shackle, 0, 180 * 16)
        side = middle.y() - 2
        for x in (shackle.left(), shackle.right()) if closed else (shackle.left(),):
            painter.drawLine(QLineF(x, side, x, side + 2))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(middle.x() - 4.5, middle.y(), 9, 6.5), 1.5, 1.5)

    def _plus(self, painter: QPainter, area: QRectF) -> None:
        t, at = self.theme, area.center()
        painter.setPen(QPen(t.edge, 1.0))
        painter.setBrush(t.block)
        painter.drawEllipse(at, 7.0, 7.0)
        painter.setPen(QPen(t.quiet, 1.5))
        painter.drawLines([QLineF(at.x() - 3.5, at.y(), at.x() + 3.5, at.y())])
        painter.drawLines([QLineF(at.x(), at.y() - 3.5, at.x(), at.y() + 3.5)])

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
        self, painter: QPainter, area: QRectF, face: WeightFace | MergeFace, scale: float
    ) -> None:
        t = self.theme
        used = 0.0
        prefix = "muted" if face.passes is not None else face.number
        if prefix is not None:
            used = 6 + self._text(painter, area, str(prefix), self._title, t.quiet, _LEFT, scale)
        rest = area.adjusted(used, 0, 0, 0)
        self._text(painter, rest, face.title, self._title, t.text, _LEFT, scale)

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
