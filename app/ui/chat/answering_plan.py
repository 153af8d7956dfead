"""Which plan answers: the open plans to choose from, in the head of the chat."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.ui.state.document import Document
from app.ui.state.plan_runner import PlanRunner

_WIDEST = 120
"""A name in pixels; longer ones are shortened."""


class AnsweringPlan(QToolButton):
    """The plan that is shown answers: choosing another one shows it, its faders at hand."""

    def __init__(self, runner: PlanRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._documents = runner.documents
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAutoRaise(True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._documents.changed.connect(self._show_name)
        self._show_name()

    def _show_name(self) -> None:
        name = self._documents.active.name
        middle = Qt.TextElideMode.ElideMiddle
        shown = self.fontMetrics().elidedText(name, middle, _WIDEST)
        self.setText(f"Answers: {shown}".replace("&", "&&"))
        key = QKeySequence("Ctrl+Tab").toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"“{name}” answers. Choose another open plan here, or press {key}")
        self.setAccessibleName(f"Plan that answers: {name}")

    def _fill(self) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        for document in self._documents.all:
            words = document.name.replace("&", "&&")
            state = self._state_of(document)
            action = QAction(f"{words}\t{state}" if state else words, group)
            action.setCheckable(True)
            action.setChecked(document is self._documents.active)
            action.triggered.connect(partial(self._choose, document))
            self._menu.addAction(action)

    def _choose(self, document: Document, _checked: bool = False) -> None:
        self._documents.show(document)

    def _state_of(self, document: Document) -> str:
        if self._runner.is_open(document):
            return "in the engine"
        try:
            lower(self._documents.plan_of(document))
        except PlanError:
            return "has problems"
        return ""
