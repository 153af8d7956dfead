"""The canvas's actions with their shortcuts, for the menus, the toolbar and the context menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from app.ui.canvas.annotations.actions import AnnotationActions
from app.ui.canvas.block_actions import BlockActions
from app.ui.canvas.edit_view import EditView
from app.ui.canvas.keyboard.actions import KeyboardActions
from app.ui.state.block_kinds import BlockKindUi, kind_uis
from app.ui.widgets import icons

Keys = QKeySequence.StandardKey | str


class CanvasActions(QObject):
    """`edit`, `view` and `add` list the actions in menu order; None stands for a separator.

    `block` holds those that shape the selected blocks, `add_kind` those that add one, by kind.
    """

    def __init__(self, canvas: EditView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        standard = QKeySequence.StandardKey
        steps = canvas.editor.undo_group
        self.undo = steps.createUndoAction(self, "Undo")
        self.undo.setShortcuts(standard.Undo)
        icons.set_icon(self.undo, "undo")
        self.redo = steps.createRedoAction(self, "Redo")
        self.redo.setShortcuts(standard.Redo)
        icons.set_icon(self.redo, "redo")
        make = self._make
        self.cut = make("Cut", "cut", canvas.cut, standard.Cut)
        self.copy = make("Copy", "copy", canvas.copy, standard.Copy)
        self.paste = make("Paste", "paste", canvas.paste, standard.Paste)
        self.duplicate = make("Duplicate", "duplicate", canvas.duplicate, "Ctrl+D")
        self.rename = make("Rename", "rename", canvas.rename, "F2")
        self.delete = make("Delete", "delete", self._delete, standard.Delete, "Backspace")
        self.delete_and_join = make(
            "Delete and join neighbours", "delete-join", canvas.delete_and_join, "Ctrl+Del"
        )
        self.knife = make("Cut links", None, canvas.take_knife, "K")
        self.select_all = make("Select all", "select-all", canvas.select_all, standard.SelectAll)
        self.invert = make("Invert selection", None, canvas.invert_selection, "Ctrl+I")
        self.zoom_in = make(
            "Zoom in", "zoom-in", lambda: canvas.zoom_by(2**0.5), standard.ZoomIn, "Ctrl+="
        )
        self.zoom_out = make(
            "Zoom out", "zoom-out", lambda: canvas.zoom_by(0.5**0.5), standard.ZoomOut
        )
        self.actual_size = make(
            "Actual size", None, lambda: canvas.zoom_by(1 / canvas.zoom), "Ctrl+0"
        )
        self.fit_selection = make("Fit selection", "fit", canvas.fit_selection, "F")
        self.fit_all = make("Fit whole plan", "fit-all", canvas.fit_all, "Home")
        self.arrange = make("Arrange blocks", "arrange", canvas.arrange, "L")
        self.add_any = make("Add …", "add", canvas.ask_what_to_add, "Tab", "Shift+A")
        self.add_kind = {kind.name: self._add_action(kind) for kind in kind_uis()}
        self.annotations = AnnotationActions(canvas, make)
        self.keyboard = KeyboardActions(canvas, make)
        self.block = BlockActions(canvas, make)
        self.edit: list[QAction | None] = [
            *(self.undo, self.redo, None),
            *(self.cut, self.copy, self.paste, self.duplicate, None),
            *(self.rename, self.delete, self.delete_and_join, self.knife, None),
            *(self.select_all, self.invert),
        ]
        self.view: list[QAction | None] = [
            *(self.zoom_in, self.zoom_out, self.actual_size, None),
            *(self.fit_selection, self.fit_all, None, self.arrange),
        ]
        self.add: list[QAction | None] = [self.add_any, *self.add_kind.values()]
        canvas.selection_changed.connect(self._enable)
        canvas.editor.changed.connect(self._enable)
        canvas.editor.replaced.connect(self._enable)
        self._enable()

    def _add_action(self, kind: BlockKindUi) -> QAction:
        run, keys = partial(self._canvas.add_block, kind.name), (kind.key,) if kind.key else ()
        return self._make(f"Add {kind.title.lower()}", kind.icon, run, *keys)

    def _make(self, text: str, icon: str | None, run: Callable[[], object], *keys: Keys) -> QAction:
        action = QAction(text, self)
        if icon is not None:
            icons.set_icon(action, icon)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: self._canvas.attempt(run))
        self._canvas.addAction(action)
        return action

    def _delete(self) -> None:
        """Delete what the keys are on, or else what is selected."""
        if not self.keyboard.part.delete():
            self._canvas.delete()

    def _enable(self, _change: object = None) -> None:
        selected = self._canvas.plan_scene.selection()
        has_link = self._canvas.plan_scene.selected_link is not None
        for action in (self.cut, self.copy, self.duplicate, self.delete_and_join):
            action.setEnabled(bool(selected))
        self.delete.setEnabled(bool(selected) or has_link)
        self.rename.setEnabled(len(selected) == 1)
        self.annotations.enable()
        self.keyboard.enable()
        self.block.enable()
        has_blocks = bool(self._canvas.editor.plan.blocks)
        for action in (self.knife, self.select_all, self.invert, self.arrange):
            action.setEnabled(has_blocks)
