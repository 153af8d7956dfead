"""Press on a strip: a drag slides what it borrows, a click cuts a layer out."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from app.plan import edits
from app.plan.document import LAYER_LIMIT
from app.ui.canvas.gestures.cut_cells import cut_out
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.numbers import range_text
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import layer_range


class DragStrip(Gesture):
    """Only a click on the block that alone was selected before cuts; any other click selects it.

    The plan follows every move of a drag, and the whole drag is one undo step.
    """

    cursor = Qt.CursorShape.SizeHorCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, block_id: str, cell: int) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._cell_pressed = cell
        self._before = canvas.editor.plan
        layers = layer_range(self._before.blocks[block_id])
        strip = canvas.plan_scene.blocks[block_id].block_shape.section(StripSection)
        assert layers is not None
        assert strip is not None
        self._layers = layers
        self._cell = max(strip.cell, 2.0)
        self._may_cut = canvas.plan_scene.selection() == (block_id,)
        self._dragging = False
        self._hint = Hint(canvas)
        canvas.plan_scene.select((block_id,))

    def move(self, to: Pointer) -> None:
        self._dragging = self._dragging or self.travelled(to)
        if not self._dragging:
            return
        start, n = self._layers.start, len(self._layers)
        last = max(start, (self.canvas.editor.n_weight_layers or LAYER_LIMIT) - n)
        n_cells = round((to.scene.x() - self.press.scene.x()) / self._cell)
        start = min(max(0, start + n_cells), last)
        self.apply("Slide layers", edits.set_weights(self._before, self._block_id, start, n))
        self._hint.say(f"weights {range_text(start, start + n)}", to.view)

    def release(self, at: Pointer) -> None:
        self._hint.say(None, QPointF())
        if not self._dragging and self._may_cut:
            self.acted = True
            cut_out(self.canvas, self._block_id, (self._layers[self._cell_pressed],))

    def cancel(self) -> None:
        self.apply("Slide layers", self._before)
        self.abandon()

    def abandon(self) -> None:
        self._hint.say(None, QPointF())

    def paint(self, painter: QPainter) -> None:
        self._hint.paint(painter)
