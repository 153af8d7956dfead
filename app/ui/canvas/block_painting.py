"""How a block looks: draws one face into one painter, in the block's own coordinates."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from app.ui.canvas.block_faces import Badge, BlockFace, Face, TerminalFace
from app.ui.canvas.links import curve
from app.ui.canvas.pens import CENTRE, LEAST_TEXT_PIXELS, LEFT, Pens
from app.ui.canvas.shapes import PORT_RADIUS, Shape
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import NORMAL, Theme

_ROUND = 6.0


class BlockPainting:
    """Draws faces in one theme and the system's font of now."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._pens = Pens(theme)

    def paint(self, painter: QPainter, shape: Shape, face: Face, scale: float) -> None:
        """Draw the block. `scale` is device pixels per scene pixel: too small text is left out."""
        if isinstance(face, TerminalFace):
            self._terminal(painter, shape, face, scale)
            return
        self._body(painter, shape, face)
        self._heading(painter, shape.title, face, scale)
        for section, figures in zip(shape.sections, face.figures, strict=False):
            section.paint(painter, self._pens, figures, face.linked, scale)
        painter.setOpacity(1.0)
        if face.passes is not None:
            self._passing(painter, shape, face.passes)
        self._ports(painter, shape, face.linked, face.feeds)
        if face.badge is not None:
            self._draw_badge(painter, shape, face.badge, scale)

    def colour_of(self, face: Face) -> QColor:
        """The one colour that stands for the block when it is too small for more."""
        if isinstance(face, TerminalFace) or face.source is None:
            return self.theme.link
        colour = self.theme.source(face.source)
        faint = face.unused or face.passes is not None
        return themes.mixed(colour, self.theme.canvas, 0.6) if faint else colour

    def _body(self, painter: QPainter, shape: Shape, face: BlockFace) -> None:
        t = self.theme
        edge = t.edge
        if face.source is not None:
            edge = themes.mixed(t.edge, t.source(face.source), 0.55)
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

    def _terminal(self, painter: QPainter, shape: Shape, face: TerminalFace, scale: float) -> None:
        t = self.theme
        painter.setPen(QPen(t.quiet, 1.0))
        painter.setBrush(t.block)
        rect = shape.rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        pens = self._pens
        pens.write(painter, shape.rect, face.title, pens.title, t.text, CENTRE, scale)
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
        if scale * NORMAL >= LEAST_TEXT_PIXELS:
            painter.setFont(self._pens.badge)
            painter.setPen(ink)
            painter.drawText(box, CENTRE, str(badge.count))

    def _heading(self, painter: QPainter, area: QRectF, face: BlockFace, scale: float) -> None:
        t, pens = self.theme, self._pens
        indent = 0.0
        prefix = "muted" if face.passes is not None else face.number
        if prefix is not None:
            indent = 6 + pens.write(painter, area, str(prefix), pens.title, t.quiet, LEFT, scale)
        rest = area.adjusted(indent, 0, 0, 0)
        pens.write(painter, rest, face.title, pens.title, t.text, LEFT, scale)


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
