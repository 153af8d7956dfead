"""Opens the dialogs that measure; each needs a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.ui.canvas import Canvas
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.tools.opener import DialogOpener

if TYPE_CHECKING:
    from app.ui.tools.job_dialog import JobDialog
    from app.ui.tools.measure.sweep_dialog import SweepDialog

_LESS = 0.9


class MeasureOpener(DialogOpener):
    """What the Measure menu does. The canvas shows all of a plan that was fitted into memory."""

    def __init__(self, services: Services, canvas: Canvas) -> None:
        super().__init__(services)
        self._canvas = canvas

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

        known = self._dialogs.get("sweep")
        if isinstance(known, SweepDialog):
            known.choose(block_id, port)
        self._show("sweep", make)

    def _show(self, key: str, make: Callable[[], JobDialog]) -> None:
        if not self.bring_up(key) and self.has_model():
            self._services.tasks.start(self._show_new(key, make))

    async def _show_new(self, key: str, make: Callable[[], JobDialog]) -> None:
        await in_thread(_import_plots)
        if key not in self._dialogs:
            self.put_up(make(), key)

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
