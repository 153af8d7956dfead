"""The things on the canvas that can be hit and selected; one layer paints them all."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.ui.canvas.faces import Face
from app.ui.canvas.shapes import MARGIN, Shape, is_terminal


class BlockItem(QGraphicsItem):
    """A block or a terminal: where it is, what it shows, whether it is selected."""

    def __init__(self, block_id: str, shape: Shape, face: Face) -> None:
        super().__init__()
        self.block_id = block_id
        self.block_shape = shape
        self.face = face
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
        if face == self.face and shape is self.block_shape:
            return False
        if shape is not self.block_shape:
            self.prepareGeometryChange()
        self.block_shape, self.face = shape, face
        return True

    def scene_bounds(self) -> QRectF:
        """All that may be painted for the block, in scene coordinates."""
        grown = self.block_shape.rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        return grown.translated(self.pos())

    def in_port(self, index: int) -> QPointF:
        """An input port in scene coordinates."""
        return self.pos() + self.block_shape.in_ports[index]

    def out_port(self) -> QPointF:
        """The output port in scene coordinates. The output terminal has none."""
        port = self.block_shape.out_port
        assert port is not None
        return self.pos() + port
