"""The list of what is wrong with the plan: each problem leads to its block and can be fixed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.ui.state.editor import PlanEditor
from app.ui.state.fixes import fix, fix_all
from app.ui.views.problem_rows import ProblemList, ProblemsModel
from app.ui.widgets.message_bar import Link, MessageBar
from app.ui.widgets.quantity import quantity
from app.ui.widgets.visibility import Visibility


class ProblemsPanel(QStackedWidget):
    """All problems of the plan. `block_requested` carries the id of the block to show."""

    block_requested = Signal(str)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._problems = ProblemsModel(editor, self)
        self._visibility = Visibility(self)
        self._visibility.changed.connect(self._show)
        self.list = ProblemList(self._problems)
        self.bar = MessageBar()
        self._none = QLabel("No problems")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        some = QWidget()
        column = QVBoxLayout(some)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.list, 1)
        self.addWidget(self._none)
        self.addWidget(some)
        self.list.clicked.connect(self._request)
        self.list.activated.connect(self._request)
        self.list.fix_wanted.connect(self._fix)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        editor.problems_changed.connect(self._show)

    def sizeHint(self) -> QSize:
        return QSize(360, 120)

    def _show(self) -> None:
        """List what is wrong now; nothing while nobody looks."""
        if not self._visibility.is_in_sight:
            return
        problems = self._editor.problems
        self._problems.show(problems)
        n_errors = sum(p.severity == "error" for p in problems)
        n_notes = len(problems) - n_errors
        counts = [quantity(n_errors, "error")] * bool(n_errors)
        counts += [quantity(n_notes, "note")] * bool(n_notes)
        several = self._problems.n_with_one_mend() > 1
        fix_them = Link("Fix all", lambda: fix_all(self._editor, self._editor.problems))
        self.bar.say(None, ", ".join(counts), [fix_them] if several else [])
        self.setCurrentIndex(1 if problems else 0)

    def _request(self, index: QModelIndex) -> None:
        block_id = self._problems.problem(index).block_id
        if block_id is not None:
            self.block_requested.emit(block_id)

    def _fix(self, index: QModelIndex, label: str) -> None:
        fix(self._editor, self._problems.problem(index), label)

    def _show_menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        problem = self._problems.problem(index)
        for label in self._problems.labels(index):
            menu.addAction(label).triggered.connect(
                lambda _=False, label=label: fix(self._editor, problem, label)
            )
        if problem.block_id is not None:
            menu.addSeparator()
            show = menu.addAction("Show the block")
            show.triggered.connect(lambda: self.block_requested.emit(problem.block_id))
        if not menu.isEmpty():
            menu.popup(self.list.viewport().mapToGlobal(at))
