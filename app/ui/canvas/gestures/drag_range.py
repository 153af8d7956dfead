"""Drag an edge of a strip: the block borrows more or fewer weight layers."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from app.plan import edits
from app.plan.document import LAYER_LIMIT
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.numbers import count_of_layers, range_text
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import layer_range


class DragRange(Gesture):
    """The plan follows every move; the whole drag is one undo step."""

    cursor = Qt.CursorShape.SizeHorCursor

    def __init__(
        self, canvas: GestureSurface, press: Pointer, block_id: str, *, at_end: bool
    ) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._at_end = at_end
        self._before = canvas.editor.plan
        layers = layer_range(self._before.blocks[block_id])
        strip = canvas.plan_scene.blocks[block_id].block_shape.section(StripSection)
        assert layers is not None
        assert strip is not None
        self._start, self._end = layers.start, layers.stop
        self._cell = max(strip.cell, 2.0)
        self._dragging = False
        self._hint = Hint(canvas)

    def move(self, to: Pointer) -> None:
        self._dragging = self._dragging or self.travelled(to)
        if not self._dragging:
            return
        editor = self.canvas.editor
        n_layers = round((to.scene.x() - self.press.scene.x()) / self._cell)
        start, end = self._start, self._end
        if self._at_end:
            last = max(end, editor.n_weight_layers or LAYER_LIMIT)
            end = min(max(start + 1, end + n_layers), last)
        else:
            start = min(max(0, start + n_layers), end - 1)
        after = edits.set_weights(editor.plan, self._block_id, start, end - start)
        self.apply("Change layers", after)
        words = f"weights {range_text(start, end)}, {count_of_layers(end - start)}"
        self._hint.say(words, to.view)

    def release(self, at: Pointer) -> None:
        self._hint.say(None, QPointF())

    def cancel(self) -> None:
        self.apply("Change layers", self._before)
        self.abandon()

    def abandon(self) -> None:
        self._hint.say(None, QPointF())

    def paint(self, painter: QPainter) -> None:
        self._hint.paint(painter)
