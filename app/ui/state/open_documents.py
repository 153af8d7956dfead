"""The list of open documents, and which of them is shown in the editor."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.plan.document import Plan
from app.plan.problem import PlanError, Problem
from app.ui.state.document import Document
from app.ui.state.editor import PlanEditor
from app.ui.state.file_versions import Version


class OpenDocuments(QObject):
    """The documents in the order of their tabs; there is always one, and one is shown."""

    changed = Signal()
    """Which documents there are, their names, which is shown, or which are as saved."""
    left = Signal(object)
    """The Document that is still shown and will not be at once."""
    shown = Signal(object)
    """The Document that is in the editor now."""
    closed = Signal(object)
    """The Document whose tab is gone."""

    def __init__(self, editor: PlanEditor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.active = Document(editor.plan, editor.undo_stack)
        self.all: list[Document] = [self.active]
        self._listen(self.active)

    @property
    def name(self) -> str:
        """What to call the plan that is shown."""
        return self.active.name

    @property
    def dirty(self) -> list[Document]:
        """The documents whose changes are not saved."""
        return [d for d in self.all if d.is_dirty]

    def plan_of(self, document: Document) -> Plan:
        """A document's plan as it is now."""
        return self.editor.plan if document is self.active else document.plan

    def require_shown_files(self, document: Document) -> None:
        """Raises PlanError for a document over other model files than the one that is shown, or
        over files that are not there."""
        shown, paths = self.active.model_paths, document.model_paths
        if not paths:
            message, fix = f"The model files of “{document.name}” were not found.", "Show it."
        elif shown[: len(paths)] != paths:
            message = f"“{document.name}” uses other model files than “{self.name}”."
            fix = "Show it, or choose a plan with the same files."
        else:
            return
        raise PlanError([Problem("other-sources", message, fix)])

    def find(self, path: Path) -> Document | None:
        """The document of this file, if it is open."""
        return next((d for d in self.all if d.path and _is_same(d.path, path)), None)

    def show(self, document: Document) -> None:
        """Put a document into the editor, as it was left."""
        if document is self.active:
            return
        self._leave()
        self._enter(document)

    def show_neighbour(self, step: int) -> None:
        """Show the next tab (1) or the one before (-1), round and round."""
        here = self.all.index(self.active)
        self.show(self.all[(here + step) % len(self.all)])

    def add(
        self,
        plan: Plan,
        path: Path | None = None,
        sample: str | None = None,
        version: Version | None = None,
        is_dirty: bool = False,
    ) -> Document:
        """A further document, shown at once; it takes the place of an untouched one."""
        self._leave()
        stack = self.editor.make_undo_stack()
        document = Document(plan, stack, path, sample, version)
        if is_dirty:
            stack.resetClean()
        here = self.all.index(self.active) + 1
        before = self.active
        self.all.insert(here, document)
        self._listen(document)
        self._enter(document)
        if before.is_untouched:
            self.remove(before)
        return document

    def remove(self, document: Document) -> None:
        """Close a document that may be lost; its neighbour is shown, or else an empty plan."""
        if document is self.active:
            if len(self.all) == 1:
                self.add(Plan())
            else:
                here = self.all.index(document)
                self.show(self.all[here - 1 if here else 1])
        if document in self.all:
            self.all.remove(document)
            document.undo_stack.cleanChanged.disconnect(self.changed)
            self.editor.undo_group.removeStack(document.undo_stack)
            document.undo_stack.deleteLater()
            self.closed.emit(document)
            self.changed.emit()

    def move(self, start: int, end: int) -> None:
        """Move a tab to another place."""
        self.all.insert(end, self.all.pop(start))

    def forget(self) -> None:
        """Say no more of changes: the program ends, and the undo steps go with it."""
        for document in self.all:
            document.undo_stack.cleanChanged.disconnect(self.changed)

    def _leave(self) -> None:
        self.active.plan = self.editor.commit()
        self.left.emit(self.active)

    def _enter(self, document: Document) -> None:
        self.active = document
        self.editor.show_document(document.plan, document.undo_stack)
        self.shown.emit(document)
        self.changed.emit()

    def _listen(self, document: Document) -> None:
        document.undo_stack.cleanChanged.connect(self.changed)


def _is_same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()
