"""The part of the selected block that the keys are on: a port, a cell or a fader, with its ring."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from app.plan import edits
from app.ui.canvas import block_commands
from app.ui.canvas.in_place import type_scale
from app.ui.canvas.keyboard.key_link import begin_link
from app.ui.canvas.keyboard.parts import input_is_free, sentence_of
from app.ui.canvas.layer_cut import with_layers_cut
from app.ui.canvas.shapes import Part
from app.ui.canvas.surface import GestureSurface
from app.ui.state.block_kinds import kind_ui, layer_range, scales_of

STEP, FINE_STEP = 0.05, 0.005

_STEPS = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}
_UP_DOWN = {Qt.Key.Key_Up.value: 1, Qt.Key.Key_Down.value: -1}
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class CurrentPart(QObject):
    """At most one part, and only while its block alone is selected.

    `changed` tells of another part, or none.
    """

    changed = Signal()

    def __init__(self, canvas: GestureSurface) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._block_id: str | None = None
        self._part: Part | None = None
        canvas.selection_changed.connect(self._follow)
        canvas.editor.changed.connect(self._follow)
        canvas.editor.replaced.connect(self._follow)

    @property
    def place(self) -> tuple[str, Part] | None:
        """The block and the part of it, None while there is none."""
        if self._block_id is None or self._part is None:
            return None
        return self._block_id, self._part

    def step(self, by: int) -> None:
        """Go to the next part of the selected block, or to the one before."""
        parts = self._parts()
        if not parts:
            return
        if self._part is None:
            self.choose(parts[0 if by > 0 else -1])
        else:
            self.choose(parts[min(len(parts) - 1, max(0, parts.index(self._part) + by))])

    def choose(self, part: Part) -> None:
        """Make a part of the selected block the current one, and say what it is."""
        canvas, scene = self._canvas, self._canvas.plan_scene
        (block_id,) = canvas.selected_ids()
        self._block_id, self._part = block_id, part
        key = block_id, part.index
        scene.select_link(key if part.kind == "in" and key in scene.links else None)
        canvas.bring_into_sight(self._area().adjusted(-24, -24, 24, 24))
        canvas.notice.emit(sentence_of(canvas.editor, block_id, part))
        canvas.viewport().update()
        self.changed.emit()

    def leave(self) -> bool:
        """Be on no part. Returns whether there was one."""
        was = self._part
        self._block_id = self._part = None
        if was is not None:
            self._canvas.plan_scene.select_link(None)
            self._canvas.viewport().update()
            self.changed.emit()
        return was is not None

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means here. Returns whether it means anything."""
        key, plain = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        fine = bool(event.modifiers() & _SHIFT)
        if Qt.Key.Key_0.value <= key <= Qt.Key.Key_9.value and not plain:
            return self.choose_fader((key - Qt.Key.Key_0.value - 1) % 10)
        if self._part is None:
            return False
        if key == Qt.Key.Key_Escape:
            return self.leave()
        if key in _STEPS and not plain:
            self.step(_STEPS[key])
            return True
        if key in _UP_DOWN and self._part.kind == "fader" and not plain & ~_SHIFT:
            self._change_scale(_UP_DOWN[key] * (FINE_STEP if fine else STEP))
            return True
        return False

    def enter(self) -> bool:
        """Type the current fader's scale, or begin a link. Returns whether there was a part."""
        if self.place is None:
            return False
        block_id, part = self.place
        if part.kind == "fader":
            type_scale(self._canvas, block_id, part.index)
        elif part.kind == "in":
            begin_link(self._canvas, target=(block_id, part.index))
        elif part.kind == "out":
            begin_link(self._canvas, source=block_id)
        else:
            self.delete()
        return True

    def delete(self) -> bool:
        """Take the current part away, or say why not. Returns whether the key has its meaning here.

        A linked input leaves it to the canvas, which deletes the link that is selected with it.
        """
        if self.place is None:
            return False
        block_id, part = self.place
        canvas, plan = self._canvas, self._canvas.editor.plan
        block = plan.blocks[block_id]
        if part.kind == "in" and not input_is_free(canvas.editor, block_id, part.index):
            return False
        layers, inputs = layer_range(block), kind_ui(block).inputs
        if part.kind == "cell" and layers is not None and len(layers) > 1:
            after, _ = with_layers_cut(plan, block_id, (layers[part.index],))
            canvas.editor.apply("Leave out layer", after)
        elif part.kind == "fader" and inputs is not None and len(scales_of(block)) > inputs.least:
            block_commands.remove_input(canvas, block_id, part.index)
        else:
            canvas.notice.emit(
                "This part cannot be deleted. Press Esc first to delete the whole block."
            )
        return True

    def paint(self, painter: QPainter) -> None:
        """Draw the ring on top of the canvas."""
        if self._part is None:
            return
        theme, zoom = self._canvas.theme, min(1.0, self._canvas.zoom)
        area, reach = self._area(), 2.0 / zoom
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = area.adjusted(-reach, -reach, reach, reach)
        round_by = area.width() / 2 if self._part.kind in ("in", "out") else 4.0
        for colour, width in ((theme.block, 5.0), (theme.accent, 2.5)):
            painter.setPen(QPen(colour, width / zoom))
            painter.drawRoundedRect(area, round_by, round_by)

    def choose_fader(self, index: int) -> bool:
        part = Part("fader", index)
        if part in self._parts():
            self.choose(part)
            return True
        return False

    def _change_scale(self, by: float) -> None:
        assert self.place is not None
        block_id, part = self.place
        editor = self._canvas.editor
        scale = round(scales_of(editor.plan.blocks[block_id])[part.index] + by, 3)
        if self._canvas.attempt(partial(set_scale, self._canvas, block_id, part, scale)):
            self._canvas.notice.emit(sentence_of(editor, block_id, part))

    def _parts(self) -> list[Part]:
        ids = self._canvas.selected_ids()
        if len(ids) != 1:
            return []
        return self._canvas.plan_scene.blocks[ids[0]].block_shape.key_parts()

    def _area(self) -> QRectF:
        assert self._block_id is not None
        assert self._part is not None
        item = self._canvas.plan_scene.blocks[self._block_id]
        return item.block_shape.area_of(self._part).translated(item.pos())

    def _follow(self, _change: object = None) -> None:
        """Let go of a part that is there no more, or whose block is not the one selected."""
        if self._part is None:
            return
        if self._canvas.selected_ids() != (self._block_id,) or self._part not in self._parts():
            self.leave()


def set_scale(canvas: GestureSurface, block_id: str, fader: Part, scale: float) -> None:
    """Move a fader: one undo step for a run of moves. Raises PlanError."""
    after = edits.set_scale(canvas.editor.plan, block_id, fader.index, scale)
    key = "key scale", block_id, fader.index
    canvas.editor.apply("Set scale", after, merge_key=key)
