"""The canvas: the edit view with its actions, menus and keys, and what is dropped on it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from app.plan.document import Plan
from app.ui.canvas import block_commands, in_place, menus
from app.ui.canvas.actions import CanvasActions
from app.ui.canvas.annotations.text_edit import type_text
from app.ui.canvas.edit_view import EditView
from app.ui.canvas.gestures.link_target import LinkTarget, with_inserted
from app.ui.canvas.minimap import Minimap
from app.ui.canvas.new_blocks import with_new_block
from app.ui.canvas.problem_menu import badge_at, show_problems
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import is_terminal
from app.ui.canvas.stale_veil import StaleVeil
from app.ui.canvas.surface import Pointer
from app.ui.state.block_kinds import BlockKindUi, kind_ui_named
from app.ui.state.editor import PlanEditor
from app.ui.widgets.theme import GRID

_ARROWS: dict[int, QPointF] = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_FAR_STEP = 24

KIND_MIME = "application/x-llama-blocks-kind"
"""The name of the kind of block that is dragged from the palette."""


class Canvas(EditView):
    """The node editor. `commands` holds its actions, for menus and toolbars."""

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(editor, parent)
        self.commands = CanvasActions(self)
        self.minimap = Minimap(self)
        self._veil = StaleVeil(self)
        self._card_target = LinkTarget(self)
        self.setAcceptDrops(True)
        self.opened.connect(lambda hit, at: self.attempt(partial(self._open, hit, at)))
        self.menu_wanted.connect(self._show_menu)

    def set_stale(self, stale: bool) -> None:
        """Say that another view holds a plan that cannot be shown yet, or no longer."""
        self._veil.set_stale(stale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton and self.gesture is None
        block_id = badge_at(self, self.to_scene(event.position())) if is_left else None
        if block_id is None:
            super().mousePressEvent(event)
        else:
            show_problems(self, block_id, event.position())

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawBackground(painter, rect)
        self._card_target.paint(painter)
        self.commands.keyboard.part.paint(painter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.commands.keyboard.press(event):
            return
        step = _ARROWS.get(event.key())
        if step is None or self.gesture is not None:
            super().keyPressEvent(event)
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = step * (_FAR_STEP if far else GRID)
        if self.plan_scene.selection():
            self.attempt(partial(self.nudge, self.plan_scene.selection(), step))
        else:
            self.pan_by(step * -_FAR_STEP)

    def _open(self, hit: Hit, pointer: Pointer) -> None:
        """What a double click does, by what it hits."""
        if hit.annotation is not None:
            type_text(self, hit.annotation.id)
        elif hit.block_id is None or hit.part is None:
            if hit.link is None:
                self.add_wanted.emit(pointer)
        elif is_terminal(hit.block_id):
            return
        elif self.plan_scene.blocks[hit.block_id].block_shape.is_collapsed:
            block_commands.expand(self, hit.block_id)
        elif hit.part.kind == "fader":
            block_commands.reset_scale(self, hit.block_id, hit.part.index)
        elif hit.part.kind == "number":
            in_place.type_scale(self, hit.block_id, hit.part.index)
        elif hit.part.kind == "range":
            in_place.type_range(self, hit.block_id)
        elif hit.part.kind in ("title", "body"):
            in_place.type_title(self, hit.block_id)

    def _show_menu(self, hit: Hit, pointer: Pointer) -> None:
        menu = menus.menu_for(self, self.commands, hit, pointer)
        menu.popup(self.viewport().mapToGlobal(pointer.view.toPoint()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(KIND_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(KIND_MIME):
            self._aim_card(event)
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._card_target.leave()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        plan, block_id = self._aim_card(event)
        key, reason = self._card_target.key, self._card_target.reason
        self._card_target.leave()
        if reason is not None:
            self.notice.emit(reason)
        if key is None or reason is not None:
            self.add_block(_kind_of(event).name, self.to_scene(event.position()))
        else:
            self.editor.apply("Insert block", with_inserted(plan, block_id, key))
            self.plan_scene.select((block_id,))
        event.acceptProposedAction()

    def _aim_card(self, event: QDropEvent) -> tuple[Plan, str]:
        """Aim a dragged card at the links. Returns the plan with its block, and the block's id."""
        pointer = self.pointer_at(event.position(), event.modifiers())
        target, n = self._card_target, self.editor.n_weight_layers
        link = None if target.key is None else self.plan_scene.links.get(target.key)
        before = () if link is None else (link.source,)
        after, block_id = with_new_block(
            self.editor.plan, _kind_of(event), n, before, pointer.scene
        )
        target.aim(after, block_id, pointer, pointer.scene)
        return after, block_id


def _kind_of(event: QDropEvent) -> BlockKindUi:
    """The kind of block on the card that is dragged."""
    return kind_ui_named(bytes(event.mimeData().data(KIND_MIME).data()).decode())
