"""Click a block to select it, drag it with all that are selected; one undo step at the release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from app.plan import edits
from app.ui.canvas.gestures.gesture import Gesture, Pointer
from app.ui.canvas.places import inside, on_grid

if TYPE_CHECKING:
    from app.ui.canvas.gesture_view import GestureView


class MoveBlocks(Gesture):
    """Shift adds to the selection, Ctrl takes in or out, a plain click selects one block alone."""

    def __init__(self, canvas: GestureView, press: Pointer, block_id: str) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._was_selected = canvas.plan_scene.blocks[block_id].isSelected()
        self._start: dict[str, QPointF] = {}
        self._select_at_press()

    def move(self, to: Pointer) -> None:
        scene = self.canvas.plan_scene
        if not self._start:
            if not self.travelled(to):
                return
            ids = scene.selected_ids() or (self._block_id,)
            self._start = {i: scene.blocks[i].pos() for i in ids}
            self.canvas.lift(self._start)
        moved = to.scene - self.press.scene
        anchor = self._start.get(self._block_id, next(iter(self._start.values())))
        moved = QPointF(*on_grid(anchor.x() + moved.x(), anchor.y() + moved.y())) - anchor
        places = {i: at + moved for i, at in self._start.items()}
        scene.preview_positions({i: QPointF(*inside(p.x(), p.y())) for i, p in places.items()})

    def release(self, at: Pointer) -> None:
        if not self._start:
            self._select_at_click(at)
            return
        self.canvas.lift(())
        blocks = self.canvas.plan_scene.blocks
        positions = {i: (blocks[i].pos().x(), blocks[i].pos().y()) for i in self._start}
        what = "block" if len(positions) == 1 else f"{len(positions)} blocks"
        editor = self.canvas.editor
        editor.apply(f"Move {what}", edits.move(editor.plan, positions))

    def abandon(self) -> None:
        self.canvas.lift(())
        blocks = self.canvas.editor.plan.blocks
        places = {i: blocks[i].position for i in self._start if i in blocks}
        self.canvas.plan_scene.preview_positions(
            {i: QPointF(*place) for i, place in places.items() if place is not None}
        )

    def _select_at_press(self) -> None:
        scene = self.canvas.plan_scene
        if self.press.shift:
            scene.blocks[self._block_id].setSelected(True)
        elif not self._was_selected and not self.press.ctrl:
            scene.select((self._block_id,))
        elif not self._was_selected:
            scene.blocks[self._block_id].setSelected(True)
        scene.select_link(None)

    def _select_at_click(self, at: Pointer) -> None:
        scene = self.canvas.plan_scene
        if self.press.ctrl and self._was_selected:
            scene.blocks[self._block_id].setSelected(False)
        elif not self.press.ctrl and not self.press.shift:
            scene.select((self._block_id,))
