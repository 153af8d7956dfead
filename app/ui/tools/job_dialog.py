"""A dialog for a job: a row of progress with Cancel, words in the end or when it fails."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import Event, Progress, Request, Result
from app.fit.errors import FitError
from app.model_files.errors import ModelFileError
from app.plan.problem import PlanError
from app.ui.state.engine_bridge import OnEvent
from app.ui.state.services import Services
from app.ui.state.writing import write_or_tell
from app.ui.tools.results_table import Table
from app.ui.widgets import dialogs
from app.ui.widgets.quiet_label import QuietLabel

STOPPED = "Stopped."
_STEPS = 1000


class JobRow(QWidget):
    """Words, a bar and Cancel while something runs; empty, but as high, while nothing does."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QuietLabel()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress of the measurement")
        self.bar.setTextVisible(False)
        self.bar.setMaximum(_STEPS)
        self.bar.setFixedSize(120, 8)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(lambda _checked=False: self._cancel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for widget in (self.bar, self.cancel):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.end()

    def begin(self, words: str) -> None:
        """Something was asked for."""
        self.words.setText(words)
        self.bar.setValue(0)
        self.bar.show()
        self.cancel.setEnabled(True)
        self.cancel.show()

    def show_progress(
        self, phase: str, fraction: float, tokens_per_s: float, seconds_left: float | None
    ) -> None:
        """How far it is: `fraction` 0..1, the speed (0: unknown) and the time that is left."""
        parts = [phase]
        if tokens_per_s:
            parts.append(f"{tokens_per_s:,.0f} tok/s")
        if seconds_left is not None:
            parts.append(f"{time_left(seconds_left)} left")
        self.words.setText(" · ".join(parts))
        self.bar.setValue(round(fraction * _STEPS))

    def end(self, words: str = "") -> None:
        """Nothing runs any more."""
        self.words.setText(words)
        self.bar.hide()
        self.cancel.hide()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.words.setText("Stopping …")
        self.cancelled.emit()


class JobDialog(QDialog):
    """A window of its own beside the main one, for one job at a time; the job ends with it."""

    def __init__(self, services: Services, title: str) -> None:
        super().__init__(services.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._tasks = services.tasks
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
        """Whether a job was started and has not ended."""
        return self._runs

    def start(
        self, job: Coroutine[None, None, str], words: str = "Waiting for the engine …"
    ) -> None:
        """Do the job, which returns what to say in the end; `words` are said until it tells of
        progress. What goes wrong is said in words."""
        self._runs, self._is_stopping = True, False
        self.problem.hide()
        self.row.begin(words)
        self.set_running(True)
        self._tasks.start(self._run(job))

    def stop(self) -> None:
        """Ask the job to stop; it raises JobCancelled then, or returns what came of it."""
        self._is_stopping = True

    def set_running(self, running: bool) -> None:
        """Enable what suits while a job runs, and after that; each dialog its own."""

    async def show_problem(self, words: str) -> None:
        """Say what went wrong."""
        self.problem.setText(words)
        self.problem.show()

    async def save_table(self, table: Table, name: str) -> None:
        """Write a table into a CSV file that the user picks, by default of this name."""
        path = await dialogs.ask_save_path(self, "Save table", Path.home() / name, "CSV (*.csv)")
        if path is not None and await write_or_tell(self, path, table.csv().encode("utf-8")):
            self.row.end(f"Saved {path.name}.")

    async def _run(self, job: Coroutine[None, None, str]) -> None:
        words, problem = "", ""
        try:
            words = await job
        except JobCancelled:
            words = STOPPED
        except (EngineError, FitError, ModelFileError, PlanError) as error:
            problem = str(error)
        finally:
            self._runs = False
        if self._is_closed:
            return
        self.row.end(words)
        self.set_running(False)
        if problem:
            await self.show_problem(problem)

    def _close(self) -> None:
        self._is_closed = True
        self.stop()


class EngineJobDialog(JobDialog):
    """A job that the engine does."""

    def __init__(self, services: Services, title: str) -> None:
        super().__init__(services, title)
        self._engine = services.engine

    def stop(self) -> None:
        super().stop()
        self._engine.cancel(self)

    async def run_on(self, request: Request, on_event: OnEvent | None = None) -> Result:
        """The request's result; its progress is shown. Raises as EngineBridge.run, and
        JobCancelled once all has been asked to stop, or the dialog is closed."""
        if self._is_stopping:
            raise JobCancelled

        def take(event: Event) -> None:
            if not self._is_closed:
                (on_event or self.show_progress)(event)

        result = await self._engine.run(request, take, asker=self)
        if self._is_closed:
            raise JobCancelled
        return result

    def show_progress(self, event: Event) -> None:
        """Show how far the engine is."""
        if isinstance(event, Progress):
            self.row.show_progress(
                event.phase, event.fraction, event.tokens_per_s, event.seconds_left
            )


def time_left(seconds: float) -> str:
    """Such as "40 s", "12 min" or "3 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
