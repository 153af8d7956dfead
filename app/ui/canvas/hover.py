"""What lights up under a pointer that rests: the cell that a click would cut out."""

from __future__ import annotations

from PySide6.QtGui import QPainter

from app.ui.canvas.scene import Hit
from app.ui.canvas.sections.strip import StripSection, paint_cut
from app.ui.canvas.surface import Pointer
from app.ui.canvas.view import PlanView


class Hover:
    """Follows the pointer while nothing is pressed."""

    def __init__(self, canvas: PlanView) -> None:
        self._canvas = canvas
        self._cell: tuple[str, int] | None = None

    def follow(self, hit: Hit, pointer: Pointer) -> None:
        """Light up what a click here would cut out, if anything."""
        cell = None
        if hit.block_id is not None and hit.part is not None and hit.part.kind == "cell":
            alone = self._canvas.plan_scene.selection() == (hit.block_id,)
            if pointer.alt or (alone and not pointer.ctrl and not pointer.shift):
                cell = hit.block_id, hit.part.index
        self._show(cell)

    def leave(self) -> None:
        """Light up nothing."""
        self._show(None)

    def paint(self, painter: QPainter) -> None:
        """Draw the light on top of the canvas."""
        if self._cell is None or self._cell[0] not in self._canvas.plan_scene.blocks:
            return
        item = self._canvas.plan_scene.blocks[self._cell[0]]
        strip = item.block_shape.section(StripSection)
        if strip is not None and 1 < strip.n_layers > self._cell[1]:
            cells = strip.cells(self._cell[1], 1).translated(item.pos())
            paint_cut(painter, self._canvas.theme, cells)

    def _show(self, cell: tuple[str, int] | None) -> None:
        scene = self._canvas.plan_scene
        before, self._cell = self._cell, cell
        if before != cell:
            for block_id, _ in filter(None, (before, cell)):
                if block_id in scene.blocks:
                    scene.touched.emit(scene.blocks[block_id].scene_bounds())
