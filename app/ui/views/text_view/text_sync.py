"""Keeps a text and the plan in step: each is read or written when the other has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit

from app.plan.change import Change
from app.plan.document import Plan
from app.plan.problem import Problem
from app.plan.reader import ReadPlan, read_plan
from app.plan.renumbering import renumbered
from app.plan.text_match import matched
from app.plan.text_view import write_text_view
from app.ui.state.editor import PlanEditor
from app.ui.state.tasks import Tasks, in_thread
from app.ui.views.text_view.replace_lines import replace_lines

READ_AFTER_MS = 250
"""So long a pause in typing is the moment to read."""

STEP_ENDS_AFTER_MS = 1500
"""So long a pause ends the undo step."""

LONG = 100_000
"""A text of more characters is read in a thread."""

_MISREAD = frozenset(
    (
        *("not-a-plan", "unknown-statement", "field-count", "bad-number", "empty-range"),
        *("later-input", "missing-input", "too-few-inputs", "weight-range", "scale-not-finite"),
        "bad-draft",
    )
)
"""Problems that leave open what plan the text means."""

_OF_NUMBERS = frozenset(("numbering", "total-layers", "newer-format"))
"""Problems of the text alone that leave no doubt about the plan."""


class TextSync(QObject):
    """What was typed becomes an undo step; what changes elsewhere is written into the text.

    While the text says no plan, `is_stale` is true and the plan is the last one that it said. A
    text that was not read when the plan changed is `backup`, to be brought back.
    """

    state_changed = Signal()
    """Lines, problems or states are others than before."""
    stale_changed = Signal(bool)

    def __init__(self, editor: PlanEditor, text: QPlainTextEdit, tasks: Tasks) -> None:
        super().__init__(text)
        self._editor = editor
        self._text = text
        self._document = text.document()
        self._tasks = tasks
        self.lines: Mapping[str, int] = {}
        self.numbers: dict[int, int] = {}
        self.own_problems: tuple[Problem, ...] = ()
        self.is_stale = False
        self.is_unread = False
        self.backup: str | None = None
        self._is_shown = False
        self._is_behind = True
        self._writing = False
        self._current = self._plan_text = ""
        self._step = object()
        self._pause = QTimer(self, singleShot=True, interval=READ_AFTER_MS)
        self._pause.timeout.connect(self.take)
        self._burst = QTimer(self, singleShot=True, interval=STEP_ENDS_AFTER_MS)
        self._burst.timeout.connect(self._end_step)
        self._document.contentsChanged.connect(self._follow_text)
        editor.changed.connect(self._follow_plan)
        editor.replaced.connect(self._start_over)
        editor.commit_requested.connect(self.take)
        editor.problems_changed.connect(self._follow_problems)

    # --- what the user asks for ------------------------------------------------------------------

    def take(self) -> None:
        """Read what was typed: at once, or a while later where it is very long."""
        self._pause.stop()
        if not self.is_unread:
            return
        if len(self._current) <= LONG:
            self._hear(read_plan(self._current))
        else:
            self._tasks.start(self._take_long(self._current))
            self.state_changed.emit()

    def leave(self) -> None:
        """Read what was typed and, where it is a plan, write it as plans are written."""
        self.take()
        self._end_step()
        if not self.is_unread and not self.is_stale:
            self._write()

    def undo(self) -> None:
        """Take back the typing that is no plan yet, or else the last step of the plan."""
        self.take()
        self._end_step()
        if (self.is_stale or self.is_unread) and self._document.isUndoAvailable():
            self._text.undo()
            self.take()
        else:
            self._editor.undo_stack.undo()

    def redo(self) -> None:
        """Do again what `undo` took back."""
        self.take()
        self._end_step()
        if self._document.isRedoAvailable():
            self._text.redo()
            self.take()
        else:
            self._editor.undo_stack.redo()

    def renumbered(self) -> str | None:
        """The text with its numbers right, None where that changes nothing or cannot be."""
        return renumbered(self._current, self._plan_text) if len(self._current) <= LONG else None

    def renumber(self) -> None:
        """Put the plan layers, the total, the inputs and the order of the lines right."""
        text = self.renumbered()
        if text is not None:
            self.type(text)
            self._plan_text = self._current

    def type(self, text: str) -> None:
        """Make this the text, as if the user had typed it."""
        replace_lines(self._document, text.removesuffix("\n"))
        self.take()

    def go_back(self) -> None:
        """Put the plan's own text in place of one that is not read; that becomes the backup."""
        self._set_aside()
        self._write()

    def restore_backup(self) -> None:
        """Put the backup in the place of what is there."""
        text, self.backup = self.backup, None
        if text is not None:
            self.type(text)
            self._note_unread()
            self.state_changed.emit()

    def discard_backup(self) -> None:
        """Let the backup go."""
        self.backup = None
        self._note_unread()
        self.state_changed.emit()

    def set_visible(self, visible: bool) -> None:
        """While nobody sees the text, nothing is written."""
        self._is_shown = visible
        if not visible:
            self.take()
        elif self._is_behind:
            self._write()

    @property
    def is_writing(self) -> bool:
        """Whether it is this that changes the text just now, not the user."""
        return self._writing

    # --- the text was changed --------------------------------------------------------------------

    def _follow_text(self) -> None:
        """Hear of typing; that lines were coloured is told in the same way."""
        if self._writing:
            return
        text = self._document.toPlainText()
        if text == self._current:
            return
        self._current = text
        self.is_unread = True
        self._note_unread()
        self._pause.start()
        self._burst.start()

    async def _take_long(self, text: str) -> None:
        read = await in_thread(read_plan, text)
        if self.is_unread and text == self._current:
            self._hear(read)

    def _hear(self, read: ReadPlan) -> None:
        self.is_unread = False
        if read.plan is None or any(_is_misread(p) for p in read.problems):
            self._know(read.lines, {})
            self.own_problems = read.problems
            self._set_stale(True)
        else:
            after, ids = matched(read.plan, self._editor.plan)
            self.own_problems = tuple(p for p in read.problems if p.code in _OF_NUMBERS)
            self._know(read.lines, ids)
            self._apply(after)
            self._set_stale(False)
        self.state_changed.emit()

    def _apply(self, after: Plan) -> None:
        if after == self._editor.plan:
            return
        self._writing = True
        try:
            self._editor.apply("Edit text", after, merge_key=self._step)
            self._forget_typing()
        finally:
            self._writing = False

    # --- the plan was changed --------------------------------------------------------------------

    def _follow_plan(self, change: Change) -> None:
        if self._writing or _reads_the_same(change):
            return
        self._set_aside()
        self._write_if_shown()

    def _start_over(self) -> None:
        """Another document: unread text waits until its own is shown again."""
        self.backup = self._editor.unread_texts.get(self._editor.undo_stack)
        self._end_step()
        self._write_if_shown()

    def _follow_problems(self) -> None:
        if not self._writing and not self._is_behind:
            self.state_changed.emit()

    def _set_aside(self) -> None:
        if self.is_stale or self.is_unread:
            self.backup = self._current
        self._end_step()

    def _write_if_shown(self) -> None:
        if self._is_shown:
            self._write()
        else:
            self._is_behind = True
            self.is_unread = False
            self._set_stale(False)

    def _write(self) -> None:
        lowered = self._editor.lowered
        in_file = None if lowered is None else lowered.block_ids
        view = write_text_view(self._editor.plan, in_file)
        self._pause.stop()
        self._writing = True
        try:
            replace_lines(self._document, view.text.removesuffix("\n"))
            self._forget_typing()
        finally:
            self._writing = False
        self._plan_text = self._current
        self._is_behind = self.is_unread = False
        self.own_problems = ()
        self._know(view.lines, {id_: id_ for id_ in view.lines})
        for id_ in view.lines:
            if self._editor.plan.blocks[id_].muted:
                del self.numbers[self.lines[id_]]
        self._set_stale(False)
        self.state_changed.emit()

    # --- states ----------------------------------------------------------------------------------

    def _forget_typing(self) -> None:
        """From here on the undo of everything is the only way back."""
        self._document.clearUndoRedoStacks()
        self._current = self._document.toPlainText()

    def _know(self, lines: Mapping[str, int], ids: Mapping[str, str]) -> None:
        """Note which block stands in which line; `ids` are the plan's by those of the text."""
        self.lines = {ids[i]: line - 1 for i, line in lines.items() if i in ids}
        self.numbers = {line - 1: n for n, line in enumerate(sorted(lines.values()))}

    def _set_stale(self, stale: bool) -> None:
        was_stale, self.is_stale = self.is_stale, stale
        self._note_unread()
        if stale != was_stale:
            self.stale_changed.emit(stale)

    def _note_unread(self) -> None:
        """Leave with the editor what would be lost if the document were closed now."""
        texts, steps = self._editor.unread_texts, self._editor.undo_stack
        text = self._current if self.is_stale or self.is_unread else self.backup
        if text is None:
            texts.pop(steps, None)
        else:
            texts[steps] = text

    def _end_step(self) -> None:
        self._burst.stop()
        self._step = object()


def _is_misread(problem: Problem) -> bool:
    if problem.code == "more-problems":
        return problem.severity == "error"
    is_draft = problem.code == "missing-input" and problem.block is None
    return problem.code in _MISREAD and not is_draft


def _reads_the_same(change: Change) -> bool:
    """Whether only places, sizes and remarks have changed, of which the text says nothing."""
    before, after = change.before, change.after
    if (before.output, before.sources, before.comments) != (
        after.output,
        after.sources,
        after.comments,
    ):
        return False
    if before.blocks.keys() != after.blocks.keys():
        return False
    return all(_says_the_same(before, after, i) for i in after.blocks)


def _says_the_same(before: Plan, after: Plan, id_: str) -> bool:
    old, new = before.blocks[id_], after.blocks[id_]
    return old is new or replace(old, position=new.position, collapsed=new.collapsed) == new
