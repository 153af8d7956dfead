"""Drag a merge's fader: the plan follows every move, the whole drag is one undo step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from app.plan import edits
from app.plan.problem import PlanError
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.sections.faders import FadersSection, fader_range
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import scales_of

_HOLD = 24.0
"""Scene pixels for which a fader rests at its end before the value goes on beyond."""

_FINE = 10.0


class DragFader(Gesture):
    """The value follows the drag from where it was; with Shift ten times finer.

    Where the plan refuses a value it stays at the last one before, and the pointer says why.
    """

    cursor = Qt.CursorShape.SizeVerCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, block_id: str, port: int) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._port = port
        self._before = canvas.editor.plan
        scale = scales_of(self._before.blocks[block_id])[port]
        faders = canvas.plan_scene.blocks[block_id].block_shape.section(FadersSection)
        assert faders is not None
        self._low, self._high = fader_range(scale)
        self._pixels = faders.track(port).height()
        self._last_y = press.scene.y()
        self._height = (scale - self._low) * self._per_unit
        self._dragging = False
        self._hint = Hint(canvas)

    @property
    def _per_unit(self) -> float:
        return self._pixels / (self._high - self._low)

    def move(self, to: Pointer) -> None:
        if not self._dragging:
            if not self.travelled(to):
                return
            self._dragging = True
            self._last_y = self.press.scene.y()
        step = self._last_y - to.scene.y()
        self._last_y = to.scene.y()
        self._height += step / _FINE if to.shift else step
        value = self._low + _with_rests(self._height, self._pixels) / self._per_unit
        scale = round(value, 3 if to.shift else 2)
        try:
            after = edits.set_scale(self._before, self._block_id, self._port, scale)
        except PlanError as error:
            self._hint.say(str(error), to.view, refused=True)
        else:
            self._hint.say(None, to.view)
            self.apply("Set scale", after)

    def release(self, at: Pointer) -> None:
        self.abandon()

    def cancel(self) -> None:
        self.abandon()
        self.apply("Set scale", self._before)

    def abandon(self) -> None:
        self._hint.say(None, self.press.view)

    def paint(self, painter: QPainter) -> None:
        self._hint.paint(painter)


def _with_rests(height: float, pixels: float) -> float:
    """The height along the fader, resting at both ends for a while before it goes on."""
    if height > pixels:
        return max(pixels, height - _HOLD)
    if height < 0:
        return min(0.0, height + _HOLD)
    return height
