"""Opens the plan that is shown in the engine, unless something speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.engine.errors import JobCancelled
from app.memory.amounts import format_bytes
from app.plan.problem import errors
from app.ui.state.document import Document
from app.ui.state.memory_check import LOAD_ANYWAY
from app.ui.state.memory_watch import MemoryWatch
from app.ui.state.plan_runner import PlanNotReady, PlanRunner, RunningPlan, ShownPlan
from app.ui.state.plan_sources import PlanSources
from app.ui.widgets import dialogs


class PlanOpener:
    """Waits for the plan's model files, asks where memory is short, and has the runner open it."""

    def __init__(
        self, runner: PlanRunner, sources: PlanSources, watch: MemoryWatch, window: QWidget
    ) -> None:
        """Questions are asked over the `window`."""
        self._runner = runner
        self._sources = sources
        self._watch = watch
        self._window = window

    async def ensure_open(self) -> RunningPlan:
        """The plan as the editor shows it, opened unless it is open already.

        Raises PlanNotReady, JobCancelled (also when the user declines), EngineError.
        """
        running = self._runner.running
        if running is None or not self._runner.is_current:
            return await self._open()
        self._runner.use(running)
        return running

    async def _open(self) -> RunningPlan:
        await self._sources.wait_for_search()
        documents, model = self._runner.documents, self._runner.model
        lowered = documents.editor.lowered
        n_errors = len(errors(documents.editor.problems))
        if lowered is None or n_errors:
            count = "a problem" if n_errors <= 1 else f"{n_errors} problems"
            raise PlanNotReady(
                f"The plan has {count}, so it cannot run yet. The Problems list shows where and "
                "how to fix it."
            )
        if not model.paths:
            raise PlanNotReady(model.why_none)
        request = self._runner.request(lowered.recipe)
        plan = ShownPlan(documents.active, request, model.files)
        leaving = await self._ask_who_leaves()
        if leaving is None:
            raise JobCancelled
        return await self._runner.open(plan, leaving)

    async def _ask_who_leaves(self) -> Sequence[Document] | None:
        """Whose plans must leave the engine so that the shown one fits, as far as is known; None
        where it does not even fit alone and the user does not want it loaded all the same."""
        figures = self._watch.figures_now()
        if figures is None:
            return ()
        if not figures.verdict.is_short:
            return figures.leaving
        total, free = figures.total_bytes, figures.free_bytes
        helps = f"To {figures.changes[0].words} would help most" if figures.changes else ""
        answer = await dialogs.ask(
            self._window,
            f"The plan needs {format_bytes(total)}, but only {format_bytes(free)} is free.",
            f"{format_bytes(total - free)} are missing: the system may slow down or kill the "
            f"engine. {helps or 'Close other programs'}.",
            (dialogs.CANCEL, LOAD_ANYWAY),
        )
        return figures.leaving if answer == LOAD_ANYWAY else None
