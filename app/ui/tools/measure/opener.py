"""Opens the dialogs that measure; each needs a model, and is built when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.ui.canvas import Canvas
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.ui.tools.job_dialog import JobDialog
    from app.ui.tools.measure.sweep_dialog import SweepDialog

_LESS = 0.9


class MeasureOpener(QObject):
    """What the Measure menu does."""

    def __init__(self, services: Services, canvas: Canvas) -> None:
        super().__init__(services.window)
        self._services = services
        self._window = services.window
        self._model = services.model
        self._tasks = services.tasks
        self._canvas = canvas
        self._open: dict[str, JobDialog] = {}

    def show_influence(self) -> None:
        """Open the dialog that measures the layers."""
        self._show("influence", self._make_influence)

    def show_scores(self) -> None:
        """Open the dialog that measures plans."""
        self._show("scores", self._make_scores)

    def show_fit(self) -> None:
        """Open the dialog that fits the plan into memory."""
        self._show("fit", self._make_fit)

    def show_sweep(self, block_id: str = "", port: int = 0) -> None:
        """Open the dialog that sweeps a fader, at this one where one is given."""
        from app.ui.tools.measure.sweep_dialog import SweepDialog

        def make() -> JobDialog:
            dialog = self._make_sweep()
            dialog.choose(block_id, port)
            return dialog

        known = self._open.get("sweep")
        if isinstance(known, SweepDialog):
            known.choose(block_id, port)
        self._show("sweep", make)

    def _show(self, name: str, make: Callable[[], JobDialog]) -> None:
        known = self._open.get(name)
        if known is not None:
            known.raise_()
            known.activateWindow()
        else:
            self._tasks.start(self._show_new(name, make))

    async def _show_new(self, name: str, make: Callable[[], JobDialog]) -> None:
        if not self._model.files:
            await dialogs.tell(self._window, self._model.why_none)
            return
        await in_thread(_import_plots)
        if name in self._open:
            return
        dialog = self._open[name] = make()
        dialog.finished.connect(lambda _code: self._open.pop(name, None))
        dialog.show()

    def _make_influence(self) -> JobDialog:
        from app.ui.tools.measure.influence_dialog import InfluenceDialog

        return InfluenceDialog(self._services)

    def _make_scores(self) -> JobDialog:
        from app.ui.tools.measure.scores_dialog import ScoresDialog

        return ScoresDialog(self._services)

    def _make_fit(self) -> JobDialog:
        from app.ui.tools.measure.fit_dialog import FitDialog

        dialog = FitDialog(self._services, self._proposed_bytes())
        dialog.applied.connect(self._canvas.fit_all)
        return dialog

    def _proposed_bytes(self) -> int:
        """What is free; where the plan fits into that, a little less than it needs."""
        figures = self._services.memory_watch.figures
        if figures is None:
            from app.memory.machine import available_bytes

            return available_bytes()
        return min(figures.free_bytes, round(_LESS * figures.estimate.total_bytes))

    def _make_sweep(self) -> SweepDialog:
        from app.ui.tools.measure.sweep_dialog import SweepDialog

        return SweepDialog(self._services)


def _import_plots() -> None:
    """Import the slow library beside the interface's thread."""
    import pyqtgraph  # noqa: F401
