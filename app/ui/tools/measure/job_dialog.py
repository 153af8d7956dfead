"""A dialog that has the engine do something: a row of progress, words when it fails."""

from __future__ import annotations

from collections.abc import Coroutine

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import Event, Progress, Request, Result
from app.fit.errors import FitError
from app.plan.problem import PlanError
from app.ui.state.engine_bridge import EngineBridge, OnEvent
from app.ui.state.tasks import Tasks
from app.ui.tools.measure.job_row import JobRow


class JobDialog(QDialog):
    """A window of its own beside the main one: what it asks of the engine ends with it."""

    def __init__(self, parent: QWidget, title: str, engine: EngineBridge, tasks: Tasks) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._engine = engine
        self._tasks = tasks
        self._runs = self._is_stopping = self._is_closed = False
        self.row = JobRow()
        self.row.cancelled.connect(self.stop)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setAccessibleName("What went wrong")
        self.problem.hide()
        self.finished.connect(self._close)

    def lay_out(
        self,
        words: str,
        form: QFormLayout,
        results: QWidget,
        aside: QPushButton,
        *buttons: QPushButton,
    ) -> None:
        """What it is for, what is asked for, what came of it, and the buttons below."""
        sentence = QLabel(words)
        sentence.setWordWrap(True)
        below = QHBoxLayout()
        below.addWidget(aside)
        below.addStretch(1)
        for button in buttons:
            below.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(sentence)
        column.addLayout(form)
        column.addWidget(results, 1)
        column.addWidget(self.problem)
        column.addWidget(self.row)
        column.addLayout(below)

    @property
    def runs(self) -> bool:
        """Whether the engine was asked and has not answered."""
        return self._runs

    def stop(self) -> None:
        """Ask what is on its way to stop."""
        self._is_stopping = True
        self._engine.cancel(self)

    async def run_on(self, request: Request, on_event: OnEvent | None = None) -> Result:
        """The request's result; its progress is shown. Raises as EngineBridge.run, and
        JobCancelled once all has been asked to stop, or the dialog is closed."""
        if self._is_stopping:
            raise JobCancelled

        def told(event: Event) -> None:
            if not self._is_closed:
                (on_event or self._told)(event)

        result = await self._engine.run(request, told, asker=self)
        if self._is_closed:
            raise JobCancelled
        return result

    def set_measuring(self, measuring: bool) -> None:
        """Enable what suits while the engine is asked, and after that; each dialog its own."""

    def start(self, work: Coroutine[None, None, str]) -> None:
        """Do the work; it returns what to say in the end. What goes wrong is said in words."""
        self._runs, self._is_stopping = True, False
        self.problem.hide()
        self.row.begin()
        self.set_measuring(True)
        self._tasks.start(self._guarded(work))

    async def _guarded(self, work: Coroutine[None, None, str]) -> None:
        words, problem = "", ""
        try:
            words = await work
        except JobCancelled:
            words = "Stopped."
        except (EngineError, FitError, PlanError) as error:
            problem = str(error)
        finally:
            self._runs = False
        if self._is_closed:
            return
        self.row.end(words)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.set_measuring(False)

    def _close(self) -> None:
        self._is_closed = True
        self.stop()

    def _told(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.row.show_progress(
                event.phase, event.fraction, event.tokens_per_s, event.seconds_left
            )
