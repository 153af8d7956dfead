"""What the engine has to do: how many jobs on the status line, and in a popup each with a button
that cancels it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from app.ui.state.engine_bridge import AskedJob, EngineBridge
from app.ui.state.plan_runner import RUN
from app.ui.widgets.link_button import LinkButton
from app.ui.widgets.quantity import quantity

DOING = {
    "Open": "Opening the plan",
    "Generate": "Generating",
    "GenerateTogether": "Generating with several plans",
    "AskOtherPlan": "Asking another plan",
    "EvaluatePerplexity": "Measuring perplexity",
    "ComparePlans": "Comparing two plans",
    "MeasureInfluence": "Measuring the layers",
    "EstimateMemory": "Estimating memory",
    "ClosePlan": "Closing a plan",
    "Close": "Freeing memory",
}
SHOW_MS = 300
"""What ends sooner is not worth a word."""
_AT_ONCE = "SetScales"


class JobsButton(LinkButton):
    """Shown while there is something to do; opens the list of it."""

    def __init__(self, engines: Sequence[EngineBridge]) -> None:
        super().__init__("")
        self._engines = engines
        self.popup = JobsPopup(self)
        self._timer = QTimer(self, interval=SHOW_MS, singleShot=True)
        self._timer.timeout.connect(self._show_count)
        for engine in engines:
            engine.jobs_changed.connect(self._changed)
            engine.progressed.connect(self.popup.show_progress)
        self.setToolTip("Engine jobs")
        self.clicked.connect(self._open)
        self.hide()

    def _jobs(self) -> list[tuple[EngineBridge, AskedJob, bool]]:
        """Each with whether it is running; the others wait."""
        lists = [
            (engine, [job for job in engine.jobs if type(job.request).__name__ != _AT_ONCE])
            for engine in self._engines
        ]
        return [(engine, job, job is jobs[0]) for engine, jobs in lists for job in jobs]

    def _changed(self) -> None:
        if self.popup.isVisible():
            self.popup.show_jobs(self._jobs())
        if not self._jobs():
            self._timer.stop()
            self.hide()
        elif self.isVisible():
            self._show_count()
        elif not self._timer.isActive():
            self._timer.start()

    def _show_count(self) -> None:
        n = len(self._jobs())
        self.setText(f"{quantity(n, 'job')} …")
        self.setVisible(n > 0)

    def _open(self) -> None:
        jobs = self._jobs()
        if not jobs:
            return  # they ended just before the click
        self.popup.show_jobs(jobs)
        self.popup.show()
        above = QPoint(0, -self.popup.height())
        self.popup.move(self.mapToGlobal(above))


class JobsPopup(QFrame):
    """The jobs, one a row; it closes by a click elsewhere or Esc."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName("Engine jobs")
        self._rows: list[tuple[AskedJob, bool, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(16)

    @property
    def words(self) -> list[str]:
        """What the rows say."""
        return [label.text() for _, _, label in self._rows]

    def show_jobs(self, jobs: Sequence[tuple[EngineBridge, AskedJob, bool]]) -> None:
        """Show these jobs, each with whether it runs; without any there is nothing to show."""
        for widget in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = []
        for row, (engine, job, is_running) in enumerate(jobs):
            label = QLabel()
            label.setTextFormat(Qt.TextFormat.PlainText)
            self._rows.append((job, is_running, label))
            cancel = QPushButton("Cancel")
            cancel.setAutoDefault(False)
            cancel.setEnabled(not job.is_stopping)
            cancel.clicked.connect(lambda _=False, e=engine, j=job: e.cancel_job(j))
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(cancel, row, 1)
            cancel.setAccessibleName(f"Cancel: {_what(job)}")
        self.show_progress()
        self.adjustSize()
        if not jobs:
            self.close()

    def show_progress(self, _progress: object = None) -> None:
        """Say again how far the jobs are."""
        for job, is_running, label in self._rows:
            label.setText(f"{_what(job)} · {_state(job, is_running)}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def _what(job: AskedJob) -> str:
    what = DOING.get(type(job.request).__name__, "Working")
    if isinstance(job.asker, QWidget):
        return f"{what} (“{job.asker.windowTitle()}”)"
    return f"{what} (chat)" if job.asker == RUN else what


def _state(job: AskedJob, is_running: bool) -> str:
    if job.is_stopping:
        return "stopping …"
    if not is_running:
        return "waiting"
    if job.progress is None:
        return "running"
    return f"{job.progress.phase.lower()}, {job.progress.fraction:.0%}"
