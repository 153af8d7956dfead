"""The text of the plan beside the canvas: read, edited, fixed, and in step with what is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.plan.problem import Problem
from app.ui.state.editor import PlanEditor
from app.ui.state.fixes import fix, fix_labels
from app.ui.state.tasks import Tasks
from app.ui.views.text_view.text_edit import Marks, PlanTextEdit
from app.ui.views.text_view.text_sync import LONG, TextSync
from app.ui.widgets.message_bar import Link, MessageBar
from app.ui.widgets.quantity import quantity
from app.ui.widgets.visibility import Visibility


class TextPanel(QWidget):
    """A line of words above the text. `block_requested` carries the block of a chosen line."""

    block_requested = Signal(str)
    stale_changed = Signal(bool)
    """Whether the text says no plan just now, so that the canvas shows an older one."""

    def __init__(self, editor: PlanEditor, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._selection: tuple[str, ...] = ()
        self.text = PlanTextEdit(editor)
        self.sync = TextSync(editor, self.text, tasks)
        self.bar = MessageBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.text, 1)
        sync, text = self.sync, self.text
        text.undo_wanted.connect(sync.undo)
        text.redo_wanted.connect(sync.redo)
        text.left.connect(sync.leave)
        text.command_coming.connect(sync.take)
        text.menu_wanted.connect(self._show_menu)
        text.refused.connect(lambda words: self.bar.say("error", words))
        text.cursorPositionChanged.connect(self._follow_cursor)
        sync.state_changed.connect(self._show_known)
        sync.stale_changed.connect(self.stale_changed)
        self._visibility = Visibility(self)
        self._visibility.changed.connect(sync.set_visible)
        editor.weight_layers_changed.connect(text.renew_colours)

    def sizeHint(self) -> QSize:
        return QSize(420, 160)

    def show_selection(self, ids: tuple[str, ...]) -> None:
        """Mark the lines of these blocks; the keys stay where they are."""
        if ids == self._selection:
            return
        self._selection = ids
        self._mark()
        chosen = self.text.marks.chosen
        if chosen and not self.text.hasFocus() and self.text.current_line() not in chosen:
            cursor = self.text.textCursor()
            block = self.text.document().findBlockByNumber(min(chosen))
            cursor.setPosition(block.position())
            self.text.setTextCursor(cursor)

    # --- what is known of the lines --------------------------------------------------------------

    def _show_known(self) -> None:
        self._mark()
        self._say()

    def _mark(self) -> None:
        sync = self.sync
        problems: dict[int, tuple[Problem, ...]] = {}
        for line, problem in self._problems():
            problems[line] = (*problems.get(line, ()), problem)
        chosen = frozenset(sync.lines[i] for i in self._selection if i in sync.lines)
        self.text.show_marks(Marks(sync.numbers, problems, chosen))

    def _problems(self) -> Iterable[tuple[int, Problem]]:
        """All problems that belong to a line, counted from 0."""
        for problem in self.sync.own_problems:
            if problem.line is not None:
                yield problem.line - 1, problem
        for problem in () if self.sync.is_stale else self._editor.problems:
            line = self.sync.lines.get(problem.block_id or "")
            if line is not None:
                yield line, problem

    def _follow_cursor(self) -> None:
        if self.sync.is_writing or self.sync.is_unread or not self.text.hasFocus():
            return
        self._say()
        line = self.text.current_line()
        if line in self.text.marks.chosen:
            return
        chosen = next((i for i, at in self.sync.lines.items() if at == line), None)
        if chosen is not None:
            self.block_requested.emit(chosen)

    # --- words and fixes -------------------------------------------------------------------------

    def _say(self) -> None:
        sync, editor = self.sync, self._editor
        links: list[Link] = []
        if sync.backup is not None:
            links = [
                Link("Restore my text", sync.restore_backup),
                Link("Discard it", sync.discard_backup),
            ]
        problem = self._worst()
        if sync.is_unread and self.text.document().characterCount() > LONG:
            self.bar.say(None, "Reading the text …")
            return
        if sync.is_stale and problem is not None:
            back = Link("Back to the plan's text", sync.go_back)
            self.bar.say("error", _words(problem), [*self._renumber(), back, *links])
        elif links:
            self.bar.say("note", "The plan was changed; your unfinished text was set aside.", links)
        elif problem is not None:
            self.bar.say(problem.severity, _words(problem), self._mends(problem))
        else:
            n_blocks, n_layers = len(editor.plan.blocks), 0
            if editor.lowered is not None:
                n_layers = editor.lowered.recipe.n_plan_layers
            self.bar.say(None, f"{quantity(n_blocks, 'block')}, {quantity(n_layers, 'plan layer')}")

    def _worst(self) -> Problem | None:
        """The problem to speak of: an error before a note, and one of the cursor's line first."""
        own, line = self.sync.own_problems, self.text.current_line()
        here = self.text.marks.problems.get(line, ())
        problems = [*here, *own, *(() if self.sync.is_stale else self._editor.problems)]
        return min(problems, key=lambda p: p.severity != "error", default=None)

    def _mends(self, problem: Problem) -> list[Link]:
        if problem in self.sync.own_problems:
            return self._renumber()
        labels = fix_labels(self._editor, problem)
        return [Link(label, partial(fix, self._editor, problem, label)) for label in labels]

    def _renumber(self) -> list[Link]:
        if not self.sync.own_problems or self.sync.renumbered() is None:
            return []
        return [Link("Renumber", self.sync.renumber)]

    def _show_menu(self, at: QPoint) -> None:
        self.sync.take()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        problems = self.text.marks.problems.get(self.text.current_line(), ())
        links = [link for problem in problems for link in self._mends(problem)]
        if self.sync.is_stale:
            links = [*self._renumber(), Link("Back to the plan's text", self.sync.go_back)]
        for link in {link.words: link for link in links}.values():
            menu.addAction(link.words).triggered.connect(lambda _=False, link=link: link.do())
        menu.addSeparator()
        text, keys = self.text, QKeySequence.StandardKey
        for words, run, key in (
            ("Undo", self.sync.undo, keys.Undo),
            ("Redo", self.sync.redo, keys.Redo),
            ("", None, None),
            ("Cut", text.cut, keys.Cut),
            ("Copy", text.copy, keys.Copy),
            ("Paste", text.paste, keys.Paste),
            ("Select all", text.selectAll, keys.SelectAll),
        ):
            if run is None or key is None:
                menu.addSeparator()
                continue
            action = menu.addAction(words)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _=False, run=run: run())
            if words in ("Cut", "Copy"):
                action.setEnabled(text.textCursor().hasSelection())
        menu.popup(at)


def _words(problem: Problem) -> str:
    where = "" if problem.line is None else f"Line {problem.line}: "
    return f"{where}{problem.message} {problem.fix}"
