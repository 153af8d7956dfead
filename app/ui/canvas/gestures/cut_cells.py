"""Cut cells of a strip: with Alt held a click cuts one weight layer out, a drag several."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.layer_cut import with_layers_cut
from app.ui.canvas.numbers import range_text
from app.ui.canvas.sections.strip import StripSection, paint_cut
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import layer_range


class CutCells(Gesture):
    """The cells from the one pressed to the one under the pointer are cut out at the release."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, block_id: str, cell: int) -> None:
        super().__init__(canvas, press)
        layers = layer_range(canvas.editor.plan.blocks[block_id])
        strip = canvas.plan_scene.blocks[block_id].block_shape.section(StripSection)
        assert layers is not None
        assert strip is not None
        self._block_id, self._borrowed, self._strip = block_id, layers, strip
        self._first = self._last = cell
        self._hint = Hint(canvas)

    def move(self, to: Pointer) -> None:
        left = self.canvas.plan_scene.blocks[self._block_id].left
        self._last = self._strip.cell_at(to.scene.x() - left)
        layers = self._layers
        self._hint.say(f"leave out {range_text(layers.start, layers.stop)}", to.view)
        self._repaint()

    def release(self, at: Pointer) -> None:
        self.acted = True
        self.abandon()
        cut_out(self.canvas, self._block_id, self._layers)

    def abandon(self) -> None:
        self._hint.say(None, QPointF())
        self._repaint()

    def paint(self, painter: QPainter) -> None:
        first, last = sorted((self._first, self._last))
        corner = self.canvas.plan_scene.blocks[self._block_id].pos()
        cells = self._strip.cells(first, last + 1 - first)
        paint_cut(painter, self.canvas.theme, cells.translated(corner))
        self._hint.paint(painter)

    @property
    def _layers(self) -> range:
        first, last = sorted((self._first, self._last))
        return self._borrowed[first : last + 1]

    def _repaint(self) -> None:
        scene = self.canvas.plan_scene
        if self._block_id in scene.blocks:
            scene.touched.emit(scene.blocks[self._block_id].scene_bounds())


def cut_out(canvas: GestureSurface, block_id: str, layers: Collection[int]) -> None:
    """Cut weight layers out of a block, in one undo step, and select what follows them."""
    plan = canvas.editor.plan
    borrowed = layer_range(plan.blocks[block_id])
    assert borrowed is not None
    if len(layers) == len(borrowed):
        canvas.notice.emit("A block keeps at least one layer. Delete the block instead.")
        return
    after, ids = with_layers_cut(plan, block_id, layers)
    what = "layer" if len(layers) == 1 else f"{len(layers)} layers"
    canvas.editor.apply(f"Leave out {what}", after)
    canvas.plan_scene.select(ids[-1:])
