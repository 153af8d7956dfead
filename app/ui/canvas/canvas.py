"""The canvas with all that can be done on it: add, delete, copy, paste, arrange, rename."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QWidget

from app.plan import annotating, edits, layout
from app.plan.document import MergeBlock
from app.plan.problem import PlanError
from app.ui import theme as themes
from app.ui.canvas import clipboard, menus
from app.ui.canvas.actions import CanvasActions
from app.ui.canvas.annotations.carrying import Carried
from app.ui.canvas.annotations.typing_in import type_text
from app.ui.canvas.gesture_view import GestureView
from app.ui.canvas.gestures import Pointer
from app.ui.canvas.gestures.drag_link import without_link
from app.ui.canvas.inline_edit import InlineEdit, parse_number
from app.ui.canvas.new_blocks import Kind, with_new_block
from app.ui.canvas.problem_menu import badge_at, show_problems
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import MergeShape, WeightShape, is_terminal, shape_of
from app.ui.canvas.stale_veil import StaleVeil
from app.ui.editor import PlanEditor
from app.ui.theme import GRID

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

    `add_wanted` carries the Pointer where something is to be added.
    """

    add_wanted = Signal(object)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(editor, parent)
        self.commands = CanvasActions(self)
        self._veil = StaleVeil(self)
        self.setAcceptDrops(True)
        self.opened.connect(self._open)
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
        """Lay out all blocks from left to right."""
        plan = self.editor.plan
        sizes = {i: (shape_of(b).width, shape_of(b).height) for i, b in plan.blocks.items()}
        self.editor.apply("Arrange blocks", edits.move(plan, layout.arrange(plan, sizes)))
        self.fit_all()

    def rename(self) -> None:
        """Type another title for the selected block or frame, or the text of a note, in place."""
        ids = self.plan_scene.selection()
        if len(ids) == 1 and ids[0] in self.editor.plan.annotations:
            type_text(self, ids[0])
        elif len(ids) == 1:
            self._type_title(ids[0])

    def reset_scale(self, block_id: str, port: int) -> None:
        """Give a merge's input the share at which all its inputs count alike."""
        plan = self.editor.plan
        merge = plan.blocks[block_id]
        assert isinstance(merge, MergeBlock)
        share = 1.0 / len(merge.inputs)
        self.editor.apply("Reset scale", edits.set_scale(plan, block_id, port, share))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton and self.gesture is None
        block_id = badge_at(self, self.to_scene(event.position())) if is_left else None
        if block_id is None:
            super().mousePressEvent(event)
        else:
            show_problems(self, block_id, event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(event.key())
        if step is None or self.gesture is not None:
            super().keyPressEvent(event)
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = step * (_FAR_STEP if far else GRID)
        if self.plan_scene.selection():
            self._nudge(self.plan_scene.selection(), step)
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

    def _in_words(self, ids: Sequence[str]) -> str:
        """Such as "block", "3 blocks", "note" or "4 things"."""
        known = self.editor.plan.annotations
        kinds = {known[i].kind if i in known else "block" for i in ids}
        kind = kinds.pop() if len(kinds) == 1 else "thing"
        return kind if len(ids) == 1 else f"{len(ids)} {kind}s"

    def _add_text(self, label: str, text: str, centre: QPointF | None) -> None:
        after, ids = clipboard.with_text(self.editor.plan, text, centre)
        self.editor.apply(f"{label} {_blocks(ids)}", after)
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
        elif hit.part.kind == "fader":
            self.reset_scale(hit.block_id, hit.part.index)
        elif hit.part.kind == "number":
            self._type_scale(hit.block_id, hit.part.index)
        elif hit.part.kind in ("title", "body"):
            self._type_title(hit.block_id)

    def _show_menu(self, hit: Hit, pointer: Pointer) -> None:
        menu = menus.menu_for(self, hit, pointer)
        menu.popup(self.viewport().mapToGlobal(pointer.view.toPoint()))

    def _type_scale(self, block_id: str, port: int) -> None:
        plan = self.editor.plan
        merge = plan.blocks[block_id]
        shape = self.plan_scene.blocks[block_id].block_shape
        assert isinstance(merge, MergeBlock)
        assert isinstance(shape, MergeShape)

        def take(text: str) -> None:
            value = parse_number(text)
            if value is None:
                self.notice.emit("A scale has to be a number such as 0.5.")
            else:
                after = edits.set_scale(self.editor.plan, block_id, port, value)
                self.editor.apply("Set scale", after)

        area = self._on_screen(block_id, shape.number(port), least_width=64)
        self._edit_line(area, repr(merge.inputs[port].scale), f"Scale of input {port + 1}", take)

    def _type_title(self, block_id: str) -> None:
        shape = self.plan_scene.blocks[block_id].block_shape
        assert isinstance(shape, MergeShape | WeightShape)

        def take(text: str) -> None:
            self.editor.apply("Rename block", edits.rename(self.editor.plan, block_id, text))

        area = self._on_screen(block_id, shape.title, least_width=140)
        self._edit_line(area, self.editor.plan.blocks[block_id].title, "Title of the block", take)

    def _edit_line(self, area: QRect, text: str, name: str, take: menus.Take) -> None:
        font = themes.canvas_font(themes.NORMAL * max(1.0, min(self.zoom, 1.5)))
        InlineEdit(self.viewport(), area, text, font, name, take)

    def _on_screen(self, block_id: str, rect: QRectF, least_width: int) -> QRect:
        placed = rect.translated(self.plan_scene.blocks[block_id].pos())
        seen = self.viewportTransform().mapRect(placed)
        width, height = max(float(least_width), seen.width()), max(26.0, seen.height())
        centre = seen.center()
        return QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height).toRect()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(KIND_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(KIND_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        kind: Kind = "merge" if event.mimeData().data(KIND_MIME).data() == b"merge" else "weight"
        self.add_block(kind, self.to_scene(event.position()))
        event.acceptProposedAction()


def _blocks(ids: Sequence[str]) -> str:
    return "block" if len(ids) == 1 else f"{len(ids)} blocks"
