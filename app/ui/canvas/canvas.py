"""The canvas with all that can be done on it: add, delete, copy, paste, arrange, rename."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from app.plan import annotating, edits
from app.plan.document import Plan
from app.plan.problem import PlanError
from app.ui.canvas import block_commands, clipboard, in_place, menus
from app.ui.canvas.actions import CanvasActions
from app.ui.canvas.annotations.carrying import Carried
from app.ui.canvas.annotations.typing_in import type_text
from app.ui.canvas.gesture_view import GestureView
from app.ui.canvas.gestures import Pointer
from app.ui.canvas.gestures.drag_link import without_link
from app.ui.canvas.gestures.link_target import LinkTarget, with_inserted
from app.ui.canvas.minimap import Minimap
from app.ui.canvas.new_blocks import Kind, with_new_block
from app.ui.canvas.problem_menu import badge_at, show_problems
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import CollapsedShape, is_terminal
from app.ui.canvas.stale_veil import StaleVeil
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
"""The kind of block, "weight" or "merge", that is dragged from the palette."""


class Canvas(GestureView):
    """The node editor. `commands` holds its actions, for menus and toolbars.

    `add_wanted` carries the Pointer where something is to be added, `sweep_wanted` the merge and
    the input whose fader is to be swept.
    """

    add_wanted = Signal(object)
    sweep_wanted = Signal(str, int)

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

    def ask_what_to_add(self) -> None:
        """Ask for the search palette, at the pointer if it is over the canvas."""
        at = self.menu_point()
        self.add_wanted.emit(self.pointer_at(at, Qt.KeyboardModifier.NoModifier))

    def add_block(self, kind: Kind, at: QPointF | None = None) -> None:
        """Add a block around a point of the scene, by default the middle of what is seen."""
        plan = self.editor.plan
        centre = self.seen_rect().center() if at is None else at
        after, block_id = with_new_block(
            plan, kind, self.editor.n_weight_layers, self.selected_ids(), centre
        )
        self.editor.apply("Add weight block" if kind == "weight" else "Add merge block", after)
        if at is None:
            self.show_block(block_id)
        else:
            self.plan_scene.select((block_id,))

    def delete(self) -> None:
        """Delete what is selected: a link, or else blocks, frames and notes.

        What the blocks fed is left unlinked; what stands in a frame stays.
        """
        link = self.plan_scene.selected_link
        if self.commands.keyboard.part.delete():
            return
        if link is not None:
            self.editor.apply("Remove link", without_link(self.editor.plan, link))
            return
        self._remove("Delete", self.plan_scene.selection(), heal=False)

    def delete_and_join(self) -> None:
        """Delete what is selected; what fed the blocks feeds what they fed."""
        self._remove("Delete", self.plan_scene.selection(), heal=True)

    def select_all(self) -> None:
        """Select every block, frame and note."""
        plan = self.editor.plan
        self.plan_scene.select((*plan.blocks, *plan.annotations))

    def invert_selection(self) -> None:
        """Select what is not selected, and nothing else."""
        plan = self.editor.plan
        self.plan_scene.select({*plan.blocks, *plan.annotations} - {*self.plan_scene.selection()})

    def copy(self) -> None:
        """Put what is selected on the clipboard, as layerBlocks text."""
        ids = self.plan_scene.selection()
        if ids:
            QGuiApplication.clipboard().setText(clipboard.text_of(self.editor.plan, ids))

    def cut(self) -> None:
        """Put what is selected on the clipboard and delete it."""
        ids = self.plan_scene.selection()
        if ids:
            self.copy()
            self._remove("Cut", ids, heal=False)

    def paste(self) -> None:
        """Add the blocks of a layerBlocks text on the clipboard, at the pointer or midway."""
        text = QGuiApplication.clipboard().text()
        at = self.to_scene(self.menu_point())
        try:
            self._add_text("Paste", text, at)
        except PlanError as error:
            first = error.problems[0]
            self.notice.emit(f"Nothing was pasted. {first.message} {first.fix}")

    def duplicate(self) -> None:
        """Add a copy of what is selected beside it."""
        ids = self.plan_scene.selection()
        if ids:
            self._add_text("Duplicate", clipboard.text_of(self.editor.plan, ids), None)

    def arrange(self) -> None:
        """Lay out all blocks from left to right, or the selected ones where they stand."""
        block_commands.arrange(self)
        if len(self.selected_ids()) < 2:
            self.fit_all()

    def rename(self) -> None:
        """Type another title for the selected block or frame, or the text of a note, in place."""
        ids = self.plan_scene.selection()
        if len(ids) == 1 and ids[0] in self.editor.plan.annotations:
            type_text(self, ids[0])
        elif len(ids) == 1:
            in_place.type_title(self, ids[0])

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
            self.attempt(partial(self._nudge, self.plan_scene.selection(), step))
        else:
            self.pan_by(step * -_FAR_STEP)

    def _nudge(self, ids: tuple[str, ...], step: QPointF) -> None:
        after = Carried(self.plan_scene, ids).moved(self.editor.plan, step)
        self.editor.apply(f"Move {self._in_words(ids)}", after, merge_key=("nudge", ids))

    def _remove(self, verb: str, ids: Sequence[str], *, heal: bool) -> None:
        if ids:
            after = edits.remove(self.editor.plan, ids, heal=heal)
            after = annotating.remove_annotations(after, ids)
            self.editor.apply(f"{verb} {self._in_words(ids)}", after)

    def _in_words(self, ids: Sequence[str], plan: Plan | None = None) -> str:
        """Such as "block", "3 blocks", "note" or "4 things"."""
        known = (self.editor.plan if plan is None else plan).annotations
        kinds = {known[i].kind if i in known else "block" for i in ids}
        kind = kinds.pop() if len(kinds) == 1 else "thing"
        return kind if len(ids) == 1 else f"{len(ids)} {kind}s"

    def _add_text(self, label: str, text: str, centre: QPointF | None) -> None:
        after, ids = clipboard.with_text(self.editor.plan, text, centre)
        self.editor.apply(f"{label} {self._in_words(ids, after)}", after)
        self.plan_scene.select(ids)

    def _open(self, hit: Hit, pointer: Pointer) -> None:
        """What a double click does, by what it hits."""
        if hit.annotation is not None:
            type_text(self, hit.annotation.id)
        elif hit.block_id is None or hit.part is None:
            if hit.link is None:
                self.add_wanted.emit(pointer)
        elif is_terminal(hit.block_id):
            return
        elif isinstance(self.plan_scene.blocks[hit.block_id].block_shape, CollapsedShape):
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
        menu = menus.menu_for(self, hit, pointer)
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
            self.add_block(_kind_of(event), self.to_scene(event.position()))
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


def _kind_of(event: QDropEvent) -> Kind:
    """The kind of block on the card that is dragged."""
    return "merge" if event.mimeData().data(KIND_MIME).data() == b"merge" else "weight"
