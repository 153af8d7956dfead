"""What can be done to the plan on the canvas: add, delete, copy, paste, arrange, rename, nudge."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication

from app.plan import annotating, edits
from app.plan.document import Plan
from app.plan.problem import PlanError
from app.ui.canvas import block_commands, clipboard, in_place
from app.ui.canvas.annotations.move_set import MoveSet
from app.ui.canvas.annotations.text_edit import type_text
from app.ui.canvas.gesture_view import GestureView
from app.ui.canvas.gestures.drag_link import without_link
from app.ui.canvas.new_blocks import with_new_block
from app.ui.state.block_kinds import kind_ui_named


class EditView(GestureView):
    """A view with the verbs that actions, menus and keys call.

    `add_wanted` carries the Pointer where something is to be added, `sweep_wanted` the merge and
    the input whose fader is to be swept.
    """

    add_wanted = Signal(object)
    sweep_wanted = Signal(str, int)

    def ask_what_to_add(self) -> None:
        """Ask for the search palette, at the pointer if it is over the canvas."""
        at = self.menu_point()
        self.add_wanted.emit(self.pointer_at(at, Qt.KeyboardModifier.NoModifier))

    def add_block(self, kind_name: str, at: QPointF | None = None) -> None:
        """Add a block of a kind around a point of the scene, or in the middle of what is seen."""
        plan, kind = self.editor.plan, kind_ui_named(kind_name)
        centre = self.seen_rect().center() if at is None else at
        after, block_id = with_new_block(
            plan, kind, self.editor.n_weight_layers, self.selected_ids(), centre
        )
        self.editor.apply(f"Add {kind.title.lower()}", after)
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

    def nudge(self, ids: tuple[str, ...], step: QPointF) -> None:
        """Move these blocks, frames and notes; one undo step for a run of moves."""
        after = MoveSet(self.plan_scene, ids).moved(self.editor.plan, step)
        self.editor.apply(f"Move {self._in_words(ids)}", after, merge_key=("nudge", ids))

    def _remove(self, verb: str, ids: Sequence[str], *, heal: bool) -> None:
        if ids:
            after = edits.remove(self.editor.plan, ids, heal=heal)
            after = annotating.remove_annotations(after, ids)
            self.editor.apply(f"{verb} {self._in_words(ids)}", after)

    def _in_words(self, ids: Sequence[str], plan: Plan | None = None) -> str:
        """Such as "block", "3 blocks", "note" or "4 things"."""
        annotations = (self.editor.plan if plan is None else plan).annotations
        kinds = {annotations[i].kind if i in annotations else "block" for i in ids}
        kind = kinds.pop() if len(kinds) == 1 else "thing"
        return kind if len(ids) == 1 else f"{len(ids)} {kind}s"

    def _add_text(self, label: str, text: str, centre: QPointF | None) -> None:
        after, ids = clipboard.with_text(self.editor.plan, text, centre)
        self.editor.apply(f"{label} {self._in_words(ids, after)}", after)
        self.plan_scene.select(ids)
