"""The status bar: what the engine does, in words, with progress where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar

from app.engine.messages import Progress
from app.ui.state.services import Services
from app.ui.window.jobs import DOING, JobsButton

if TYPE_CHECKING:
    from app.engine.client import EngineState


NOTICE_MS = 6000
_ASIDE = ("EstimateMemory", "SetScales", "ClosePlan")
"""Jobs of a few milliseconds that are not worth a word."""


class StatusLine(QStatusBar):
    """Permanent words on the left; what passes (a saved file) may cover them for a moment."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._runner = services.runner
        self._model = services.model
        self._state: EngineState | None = None
        self._model_name = ""
        self._is_current = True
        self._others: tuple[str, ...] = ()
        self._n_plan_layers = 0
        self._tokens_per_s = 0.0
        self._progress: Progress | None = None
        self._words = QLabel()
        self._words.setAccessibleName("Engine state")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress of the engine")
        self._bar.setTextVisible(False)
        self._bar.setMaximum(1000)
        self._bar.setFixedSize(120, 8)
        self._bar.hide()
        self._words.setContentsMargins(8, 0, 0, 0)
        self.addWidget(self._words)
        self.addWidget(self._bar)
        self.jobs = JobsButton((services.engine, services.estimator))
        self.addWidget(self.jobs)
        services.engine.state_changed.connect(self._set_state)
        services.engine.progressed.connect(self._set_progress)
        services.runner.changed.connect(self._show_plan)
        services.notices.posted.connect(self._show_notice)
        services.documents.working.connect(self._show_work)
        self._show()

    @property
    def words(self) -> str:
        """What is shown."""
        return self._words.text()

    def _set_state(self, state: EngineState) -> None:
        self._state = state
        if state.phase != "busy":
            self._progress, self._tokens_per_s = None, 0.0
        self._show()

    def _show_plan(self) -> None:
        runner, file = self._runner, self._model.file
        recipe = runner.recipe
        self._n_plan_layers = recipe.n_plan_layers if recipe is not None else 0
        self._model_name = file.path.stem if runner.opened and file is not None else ""
        self._is_current = runner.is_current
        self._others = tuple(running.document.name for running in runner.others)
        self._show()

    def _show_notice(self, sentence: str) -> None:
        self.showMessage(sentence, NOTICE_MS)

    def _show_work(self, words: str) -> None:
        if words:
            self.showMessage(words)
        else:
            self.clearMessage()

    def _set_progress(self, progress: Progress) -> None:
        self._progress = progress
        self._show()

    def set_speed(self, tokens_per_s: float) -> None:
        """Take over how fast the reply comes."""
        self._progress, self._tokens_per_s = None, tokens_per_s
        self._show()

    def _show(self) -> None:
        self._words.setText(self._say())
        progress = self._progress
        is_busy = self._state is not None and self._state.phase == "busy"
        self._bar.setVisible(progress is not None and is_busy)
        if progress is not None:
            self._bar.setValue(round(progress.fraction * 1000))

    def _say(self) -> str:
        state = self._state
        if state is None or state.phase == "off":
            return "Engine off · Run starts it"
        process = f" · pid {state.pid}" if state.pid else ""
        if state.phase == "starting":
            return "Engine starting …"
        if state.phase == "died":
            return f"Engine died · {state.detail}" if state.detail else "Engine died"
        if state.phase == "busy" and state.job not in _ASIDE:
            if self._progress is not None:
                return f"{self._progress.phase} {self._progress.fraction:.0%}{process}"
            if self._tokens_per_s:
                return f"Generating {self._tokens_per_s:.0f} tok/s{process}"
            return f"{DOING.get(state.job, 'Working')} …{process}"
        open_too = ""
        if self._others:
            open_too = f" · also open: {', '.join(self._others)}"
        if not self._model_name:
            what = "Run opens the plan shown" if self._others else "no plan is running"
            return f"Engine ready · {what}{open_too}{process}"
        remark = "" if self._is_current else " · plan edited: run again to use it"
        layers = f"{self._n_plan_layers} layers"
        return f"Ready · {self._model_name} · {layers}{remark}{open_too}{process}"
