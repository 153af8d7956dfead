"""The one layer that paints the whole canvas: background, links, blocks; only what is exposed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log2

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.ui import theme as themes
from app.ui.canvas.block_painting import BlockPainting, shadow
from app.ui.canvas.faces import Face
from app.ui.canvas.items import BlockItem
from app.ui.canvas.links import Link
from app.ui.canvas.scene import PlanScene
from app.ui.canvas.shapes import MARGIN, Shape
from app.ui.theme import Theme

_PLENTY = 48
"""From this many visible blocks or links on, looks are traded for speed while things move."""

_FEW = 16
"""Up to this many visible blocks are drawn afresh at any zoom even while things move."""

_RECTANGLES_BELOW = 0.35
_STRAIGHT_BELOW = 0.6
_PICTURE_BYTES = 96 * 2**20
_DOT_STEP = 24
_DOTS_A_SIDE = 32


@dataclass(frozen=True, slots=True)
class View:
    """How the scene is looked at: zoom, device pixels per pixel, and whether it moves just now."""

    zoom: float
    pixel_ratio: float
    moving: bool

    @property
    def scale(self) -> float:
        """Device pixels per scene pixel."""
        return self.zoom * self.pixel_ratio


class Layer:
    """Paints a PlanScene. Keeps a picture of each block seen, for each power of two of zoom."""

    def __init__(self, scene: PlanScene, theme: Theme) -> None:
        self._scene = scene
        self._painting = BlockPainting(theme)
        self._theme = theme
        self._pictures: OrderedDict[tuple[str, int], tuple[Shape, Face, QPixmap]] = OrderedDict()
        self._picture_bytes = 0
        side = range(_DOTS_A_SIDE)
        self._dots = QPolygonF([QPointF(x * _DOT_STEP, y * _DOT_STEP) for x in side for y in side])
        self.lifted: frozenset[str] = frozenset()

    def paint(self, painter: QPainter, exposed: Iterable[QRectF], view: View) -> None:
        """Paint these rectangles of the scene; the painter's clip is set to them already."""
        areas = list(exposed)
        for area in areas:
            painter.fillRect(area, self._theme.canvas)
        if view.zoom >= 0.5:
            for area in areas:
                self._paint_dots(painter, area)
        links = [
            link
            for link in self._scene.links.values()
            if link.key != self._scene.hidden_link and _seen(link.bounds, areas)
        ]
        self._paint_links(painter, links, view)
        items = [i for i in self._scene.blocks.values() if _seen(i.scene_bounds(), areas)]
        self._paint_blocks(painter, items, view)

    def _paint_dots(self, painter: QPainter, area: QRectF) -> None:
        tile = _DOT_STEP * _DOTS_A_SIDE
        pen = QPen(self._theme.canvas_dots, 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for column in range(floor(area.left() / tile), floor(area.right() / tile) + 1):
            for row in range(floor(area.top() / tile), floor(area.bottom() / tile) + 1):
                painter.drawPoints(self._dots.translated(column * tile, row * tile))

    def _paint_links(self, painter: QPainter, links: list[Link], view: View) -> None:
        plenty = len(links) > _PLENTY
        selected = self._scene.selected_link
        straight = plenty and view.zoom < _STRAIGHT_BELOW
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not (plenty and view.moving))
        if straight:
            pen = QPen(self._theme.link, 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines([link.line for link in links])
        else:
            for link in links:
                painter.setPen(self._link_pen(link))
                painter.drawPath(link.path)
        for link in links:
            if link.key == selected:
                painter.setPen(QPen(self._theme.accent, link.width + 1.5))
                painter.drawPath(link.path)

    def _link_pen(self, link: Link) -> QPen:
        unused = link.scale == 0
        colour = self._theme.link
        if unused:
            colour = themes.mixed(colour, self._theme.canvas, 0.5)
        return QPen(colour, link.width)

    def _paint_blocks(self, painter: QPainter, items: list[BlockItem], view: View) -> None:
        plenty = len(items) > _PLENTY
        self._paint_selection(painter, items, view)
        if plenty and view.zoom < _RECTANGLES_BELOW:
            self._paint_rectangles(painter, items)
        else:
            power = min(3, max(-3, ceil(log2(view.scale) - 1e-9)))
            exact = not plenty and view.scale != 2.0**power
            exact = exact and (len(items) <= _FEW or not view.moving)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not view.moving)
            for item in sorted(items, key=lambda item: item.block_id in self.lifted):
                if item.block_id in self.lifted:
                    shadow(painter, item.block_shape.rect.translated(item.pos()))
                if exact:
                    painter.translate(item.pos())
                    self._painting.paint(painter, item.block_shape, item.face, view.scale)
                    painter.translate(-item.pos())
                else:
                    picture = self._picture(item, power)
                    painter.drawPixmap(item.scene_bounds(), picture, QRectF(picture.rect()))

    def _paint_rectangles(self, painter: QPainter, items: list[BlockItem]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        by_colour: dict[int, list[QRectF]] = {}
        for item in items:
            colour = self._painting.colour_of(item.face).rgb()
            by_colour.setdefault(colour, []).append(item.block_shape.rect.translated(item.pos()))
        for colour, rects in by_colour.items():
            painter.setBrush(QColor.fromRgb(colour))
            painter.drawRects(rects)

    def _paint_selection(self, painter: QPainter, items: list[BlockItem], view: View) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.accent, 2.0 / min(1.0, view.zoom)))
        for item in items:
            if item.isSelected():
                rect = item.block_shape.rect.translated(item.pos())
                painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 8, 8)

    def _picture(self, item: BlockItem, power: int) -> QPixmap:
        key = item.block_id, power
        known = self._pictures.get(key)
        if known is not None and known[0] is item.block_shape and known[1] == item.face:
            self._pictures.move_to_end(key)
            return known[2]
        if known is not None:
            self._forget(key)
        scale = 2.0**power
        bounds = item.block_shape.rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        picture = QPixmap(ceil(bounds.width() * scale), ceil(bounds.height() * scale))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        painter.translate(MARGIN, MARGIN)
        self._painting.paint(painter, item.block_shape, item.face, scale)
        painter.end()
        self._pictures[key] = item.block_shape, item.face, picture
        self._picture_bytes += _n_bytes(picture)
        while self._picture_bytes > _PICTURE_BYTES and len(self._pictures) > 1:
            self._forget(next(iter(self._pictures)))
        return picture

    def _forget(self, key: tuple[str, int]) -> None:
        self._picture_bytes -= _n_bytes(self._pictures.pop(key)[2])


def _seen(bounds: QRectF, areas: list[QRectF]) -> bool:
    return any(bounds.intersects(area) for area in areas)


def _n_bytes(picture: QPixmap) -> int:
    return picture.width() * picture.height() * 4
