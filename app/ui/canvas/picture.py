"""The plan as a picture for paper and files: as on the canvas, in light colours and at rest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from math import ceil, sqrt

from PySide6.QtCore import QBuffer, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from app.ui.canvas.annotations.painting import AnnotationPainting
from app.ui.canvas.block_faces import Face, TerminalFace
from app.ui.canvas.block_painting import BlockPainting
from app.ui.canvas.items import View
from app.ui.canvas.layer import link_pen
from app.ui.canvas.scene import PlanScene
from app.ui.widgets import theme as themes

PNG_SCALE = 2.0
MOST_PNG_SIDE = 16_000
MOST_PNG_PIXELS = 64_000_000
_MARGIN = 24.0


class Picture:
    """The whole plan, or of it what has these ids and the links among it, without selection.

    `bounds` is the part of the scene it shows.
    """

    def __init__(self, scene: PlanScene, ids: Collection[str] | None = None) -> None:
        self._scene = scene
        ids = (*scene.blocks, *scene.annotations.shown) if ids is None else tuple(ids)
        self._ids = frozenset(ids)
        self.bounds = scene.bounds_of(ids).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def paint(self, painter: QPainter, scale: float) -> None:
        """Paint it in scene coordinates; `scale` is the painter's pixels per scene pixel."""
        scene, ids, b = self._scene, self._ids, self.bounds
        theme = replace(themes.light(), canvas=themes.light().block)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        AnnotationPainting(theme).paint(
            painter,
            [a for a in scene.annotations.shown.values() if a.id in ids],
            (),
            [(b.left(), b.top(), b.right(), b.bottom())],
            View(scale, 1.0, moving=False),
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for link in scene.links.values():
            if link.source in ids and link.key[0] in ids:
                painter.setPen(link_pen(theme, link))
                painter.drawPath(link.path)
        blocks = BlockPainting(theme)
        for block_id, item in scene.blocks.items():
            if block_id in ids:
                painter.translate(item.pos())
                blocks.paint(painter, item.block_shape, _without_badge(item.face), scale)
                painter.translate(-item.pos())

    def paint_into(self, painter: QPainter, page: QRectF, most_scale: float) -> None:
        """Paint it in the middle of a page, as large as fits but at most at this scale."""
        room = page.width() / self.bounds.width(), page.height() / self.bounds.height()
        scale = min(*room, most_scale)
        painter.translate(page.center())
        painter.scale(scale, scale)
        painter.translate(-self.bounds.center())
        self.paint(painter, scale)

    def svg(self, title: str) -> bytes:
        """It as an SVG file, with its words as text."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        size = QSize(ceil(self.bounds.width()), ceil(self.bounds.height()))
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRect(QRect().topLeft(), size))
        generator.setTitle(title)
        generator.setDescription("A Llama Blocks plan")
        painter = QPainter(generator)
        painter.fillRect(QRect(QRect().topLeft(), size), Qt.GlobalColor.white)
        painter.translate(-self.bounds.topLeft())
        self.paint(painter, 1.0)
        painter.end()
        return bytes(buffer.data().data())

    def image(self) -> QImage:
        """It in pixels, two for one of the canvas, fewer where that would be far too many."""
        scale = self.image_scale()
        width, height = self.bounds.width() * scale, self.bounds.height() * scale
        image = QImage(max(1, ceil(width)), max(1, ceil(height)), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.scale(scale, scale)
        painter.translate(-self.bounds.topLeft())
        self.paint(painter, scale)
        painter.end()
        return image

    def image_scale(self) -> float:
        """Pixels of the image for one of the canvas."""
        width, height = self.bounds.width(), self.bounds.height()
        by_area = sqrt(MOST_PNG_PIXELS / (width * height))
        return min(PNG_SCALE, MOST_PNG_SIDE / max(width, height), by_area)


def png(image: QImage) -> bytes:
    """An image as a PNG file. Any thread may call it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _without_badge(face: Face) -> Face:
    return face if isinstance(face, TerminalFace) else face._replace(badge=None)
