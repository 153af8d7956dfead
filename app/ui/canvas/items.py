"""The things on the canvas that can be hit and selected; one layer paints them all."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.ui.canvas.block_faces import Face
from app.ui.canvas.shapes import MARGIN, Shape, is_terminal

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in scene coordinates: quicker to compare than a QRectF."""


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


class BlockItem(QGraphicsItem):
    """A block or a terminal: where it is, what it shows, whether it is selected.

    `left` and `top` are where it stands, `box` is all that may be painted for it.
    """

    def __init__(self, block_id: str, shape: Shape, face: Face) -> None:
        super().__init__()
        self.block_id = block_id
        self.block_shape = shape
        self.face = face
        self.left = self.top = 0.0
        self.box: Box = (0.0, 0.0, 0.0, 0.0)
        self._measure()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, not is_terminal(block_id))

    def boundingRect(self) -> QRectF:
        return self.block_shape.rect

    def paint(
        self,
        painter: object,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Nothing: the canvas's layer paints every block."""

    def take_look(self, shape: Shape, face: Face) -> bool:
        """Take another look. Returns whether it differs from the one before."""
        if shape is self.block_shape and (face is self.face or face == self.face):
            return False
        if shape is not self.block_shape:
            self.prepareGeometryChange()
        self.block_shape, self.face = shape, face
        self._measure()
        return True

    def place(self, left: float, top: float) -> bool:
        """Put the block's top left corner here. Returns whether it was elsewhere."""
        if (left, top) == (self.left, self.top):
            return False
        self.left, self.top = left, top
        self.setPos(left, top)
        self._measure()
        return True

    def scene_bounds(self) -> QRectF:
        """All that may be painted for the block, in scene coordinates."""
        left, top, right, bottom = self.box
        return QRectF(left, top, right - left, bottom - top)

    def scene_rect(self) -> QRectF:
        """The block's rectangle in scene coordinates."""
        return QRectF(self.left, self.top, self.block_shape.width, self.block_shape.height)

    def in_port(self, index: int) -> QPointF:
        """An input port in scene coordinates."""
        return self.pos() + self.block_shape.in_ports[index]

    def out_port(self) -> QPointF:
        """The output port in scene coordinates. The output terminal has none."""
        port = self.block_shape.out_port
        assert port is not None
        return self.pos() + port

    def _measure(self) -> None:
        shape, left, top = self.block_shape, self.left, self.top
        self.box = (
            left - MARGIN,
            top - MARGIN,
            left + shape.width + MARGIN,
            top + shape.height + MARGIN,
        )
