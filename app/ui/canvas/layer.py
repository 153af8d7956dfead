"""The one layer that paints the whole canvas, from frames to blocks; only what is exposed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from math import ceil, floor, inf, log2
from time import perf_counter
from typing import TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.ui.canvas.annotations.painting import AnnotationPainting
from app.ui.canvas.block_faces import Face
from app.ui.canvas.block_painting import BlockPainting, shadow
from app.ui.canvas.items import BlockItem, Box, View
from app.ui.canvas.links import Link
from app.ui.canvas.scene import PlanScene
from app.ui.canvas.shapes import MARGIN, Shape
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import Theme

_PLENTY = 48
"""From this many visible blocks or links on, looks are traded for speed while things move."""

_SEVERAL = 24
"""From this many visible links on, they are drawn with hard edges while things move."""

_FEW = 6
"""Up to this many visible blocks are drawn afresh at any zoom even while things move."""

_RECTANGLES_BELOW = 0.35
_RECTANGLES_BELOW_MOVING = 0.5
_STRAIGHT_BELOW = 0.6
_FRAME_S = 0.0015
"""So long a frame may draw new pictures while things move; what it lacks then is drawn at rest."""

_MOST_PICTURE_PIXELS = 8_000_000
_PICTURE_BYTES = 96 * 2**20
_LEAST_POWER, _MOST_POWER = -3, 3
_DOT_STEP = 24
_LEAST_DOT_PIXELS = 18.0


Boxed = TypeVar("Boxed", BlockItem, Link)


class Layer:
    """Paints a PlanScene. Keeps a picture of each block seen, for each power of two of zoom."""

    def __init__(self, scene: PlanScene, theme: Theme) -> None:
        self._scene = scene
        self._painting = BlockPainting(theme)
        self._annotations = AnnotationPainting(theme)
        self._theme = theme
        self._pictures: OrderedDict[tuple[str, int], tuple[Shape, Face, QPixmap]] = OrderedDict()
        self._picture_bytes = 0
        self.lifted: frozenset[str] = frozenset()

    def paint(self, painter: QPainter, exposed: Iterable[QRectF], view: View) -> None:
        """Paint these rectangles of the scene; the painter's clip is set to them already."""
        areas = list(exposed)
        for area in areas:
            painter.fillRect(area, self._theme.canvas)
        for area in areas:
            self._paint_dots(painter, area, view)
        boxes = [(a.left(), a.top(), a.right(), a.bottom()) for a in areas]
        annotations = self._scene.annotations
        self._annotations.paint(
            painter, annotations.shown.values(), annotations.selected, boxes, view
        )
        hidden = self._scene.hidden_link
        links = [i for i in _touching(self._scene.links.values(), boxes) if i.key != hidden]
        self._paint_links(painter, links, view)
        self._paint_blocks(painter, _touching(self._scene.blocks.values(), boxes), view)

    def _paint_dots(self, painter: QPainter, area: QRectF, view: View) -> None:
        step = float(_DOT_STEP)
        while step * view.zoom < _LEAST_DOT_PIXELS:
            step *= 2
        left, top = floor(area.left() / step), floor(area.top() / step)
        across, down = ceil(area.right() / step) - left, ceil(area.bottom() / step) - top
        size = max(1.0, round(1.5 * view.pixel_ratio))
        pen = QPen(self._theme.canvas_dots, size)
        pen.setCosmetic(True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen)
        dots = _dots(_in_sixteens(across + 1), _in_sixteens(down + 1), step)
        painter.drawPoints(dots.translated(left * step, top * step))

    def _paint_links(self, painter: QPainter, links: list[Link], view: View) -> None:
        selected = self._scene.selected_link
        straight = len(links) > _PLENTY and view.zoom < _STRAIGHT_BELOW
        hard = len(links) > _SEVERAL and view.moving
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not hard)
        if straight:
            pen = QPen(self._theme.link, 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines([link.line for link in links])
        else:
            for link in links:
                painter.setPen(link_pen(self._theme, link))
                painter.drawPath(link.path)
        for link in links:
            if link.key == selected:
                painter.setPen(QPen(self._theme.accent, link.width + 1.5))
                painter.drawPath(link.path)

    def _paint_blocks(self, painter: QPainter, items: list[BlockItem], view: View) -> None:
        plenty = len(items) > _PLENTY
        self._paint_selection(painter, items, view)
        least = _RECTANGLES_BELOW_MOVING if view.moving else _RECTANGLES_BELOW
        if plenty and view.zoom < least:
            self._paint_rectangles(painter, items)
        else:
            power = min(_MOST_POWER, max(_LEAST_POWER, ceil(log2(view.scale) - 1e-9)))
            exact = not plenty and view.scale != 2.0**power
            exact = exact and (len(items) <= _FEW or not view.moving)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, exact or not view.moving)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not view.moving)
            drawn_by = perf_counter() + _FRAME_S if view.moving else inf
            for item in sorted(items, key=lambda item: item.block_id in self.lifted):
                if item.block_id in self.lifted:
                    shadow(painter, item.scene_rect())
                if exact or _is_vast(item, power):
                    painter.translate(item.pos())
                    self._painting.paint(painter, item.block_shape, item.face, view.scale)
                    painter.translate(-item.pos())
                else:
                    picture = self._known_picture(item, power)
                    if picture is None and perf_counter() < drawn_by:
                        picture = self._picture(item, power)
                    for other in _near(power) if picture is None else ():
                        picture = picture or self._known_picture(item, other)
                    if picture is None:
                        painter.fillRect(item.scene_rect(), self._painting.colour_of(item.face))
                    else:
                        painter.drawPixmap(item.scene_bounds(), picture, QRectF(picture.rect()))

    def _paint_rectangles(self, painter: QPainter, items: list[BlockItem]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        by_colour: dict[int, list[QRectF]] = {}
        for item in items:
            colour = self._painting.colour_of(item.face).rgb()
            by_colour.setdefault(colour, []).append(item.scene_rect())
        for colour, rects in by_colour.items():
            painter.setBrush(QColor.fromRgb(colour))
            painter.drawRects(rects)

    def _paint_selection(self, painter: QPainter, items: list[BlockItem], view: View) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.accent, 2.0 / min(1.0, view.zoom)))
        for item in items:
            if item.isSelected():
                rect = item.scene_rect()
                painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 8, 8)

    def _known_picture(self, item: BlockItem, power: int) -> QPixmap | None:
        """The block's picture as it looks now, where it has been drawn."""
        entry = self._pictures.get((item.block_id, power))
        if entry is None or entry[0] is not item.block_shape or entry[1] != item.face:
            return None
        self._pictures.move_to_end((item.block_id, power))
        return entry[2]

    def _picture(self, item: BlockItem, power: int) -> QPixmap:
        """Draw the block's picture, to be known from now on."""
        key = item.block_id, power
        if key in self._pictures:
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


def link_pen(theme: Theme, link: Link) -> QPen:
    """The pen for a link: fainter where nothing comes through."""
    unused = link.scale == 0
    colour = themes.mixed(theme.link, theme.canvas, 0.5) if unused else theme.link
    return QPen(colour, link.width)


@cache
def _near(power: int) -> tuple[int, ...]:
    """The other powers, those whose pictures can best stand in first."""
    others = {*range(_LEAST_POWER, _MOST_POWER + 1)} - {power}
    return tuple(sorted(others, key=lambda other: abs(other - power - 0.25)))


def _in_sixteens(n: int) -> int:
    """At least `n`, so that frames of almost the same size need no new dots."""
    return -(-n // 16) * 16


@lru_cache(maxsize=64)
def _dots(across: int, down: int, step: float) -> QPolygonF:
    """The corners of a lattice from the origin."""
    return QPolygonF([QPointF(x * step, y * step) for x in range(across) for y in range(down)])


def _touching(things: Iterable[Boxed], areas: Sequence[Box]) -> list[Boxed]:
    """The things whose boxes touch one of the areas."""
    lefts, tops, rights, bottoms = zip(*areas, strict=True)
    left, top, right, bottom = min(lefts), min(tops), max(rights), max(bottoms)
    near = [
        thing
        for thing in things
        if (b := thing.box)[0] < right and b[2] > left and b[1] < bottom and b[3] > top
    ]
    if len(areas) == 1:
        return near
    numbers: set[int] = set()
    for left, top, right, bottom in areas:
        numbers.update(
            [
                n
                for n, thing in enumerate(near)
                if (b := thing.box)[0] < right and b[2] > left and b[1] < bottom and b[3] > top
            ]
        )
    return [near[n] for n in sorted(numbers)]


def _is_vast(item: BlockItem, power: int) -> bool:
    """Whether a picture of the block, as of a merge of a thousand inputs, would be too large."""
    return item.block_shape.width * item.block_shape.height * 4.0**power > _MOST_PICTURE_PIXELS


def _n_bytes(picture: QPixmap) -> int:
    return picture.width() * picture.height() * 4
