"""The plan in the engine: opened on demand, its merge scales kept in step with the editor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import ContextSettings, Open, OpenedPlan, SetScales
from app.plan.problem import errors
from app.plan.recipe import Recipe, Scales, changed_scales
from app.ui.documents.document import Document
from app.ui.editor import PlanEditor
from app.ui.engine_bridge import EngineBridge
from app.ui.tasks import Tasks

RUN = "run"
"""Whose jobs Stop stops: what opens plans and answers prompts."""


class PlanNotReady(Exception):
    """The plan cannot be opened as it is; `str()` says why and what to do."""


class PlanRunner(QObject):
    """What runs. A changed scale goes to the engine at once; other edits wait for the next run."""

    changed = Signal()
    """The open plan, whether it is up to date, or whether it is being opened."""

    def __init__(
        self,
        engine: EngineBridge,
        editor: PlanEditor,
        model_paths: Callable[[], tuple[Path, ...]],
        context: Callable[[], ContextSettings],
        shown: Callable[[], Document],
        may_open: Callable[[], Awaitable[bool]],
        tasks: Tasks,
        parent: QObject | None = None,
    ) -> None:
        """`shown` is the document in the editor; `may_open` asks the user when the plan does not
        fit into memory.
        """
        super().__init__(parent)
        self._engine = engine
        self._editor = editor
        self._model_paths = model_paths
        self._context = context
        self._shown = shown
        self._may_open = may_open
        self._tasks = tasks
        self._running: Open | None = None
        self._sending = False
        self.opened: OpenedPlan | None = None
        self.document: Document | None = None
        self.opening = False
        editor.changed.connect(self._follow)
        editor.replaced.connect(self._follow)

    @property
    def recipe(self) -> Recipe | None:
        """The recipe that runs, with the scales as the engine has them now."""
        return self._running.recipe if self._running is not None else None

    @property
    def plan_name(self) -> str:
        """What to call the plan that runs; '' where none does."""
        return self.document.name if self.opened and self.document is not None else ""

    @property
    def runs_shown(self) -> bool:
        """Whether what runs belongs to the document that the editor shows."""
        return self.document is self._shown()

    @property
    def is_current(self) -> bool:
        """Whether what runs is what the editor shows, apart from scales on their way."""
        lowered = self._editor.lowered
        if self.opened is None or self._running is None or lowered is None:
            return False
        if not self.runs_shown:
            return False
        request = self._request(lowered.recipe)
        return (
            request.model_paths == self._running.model_paths
            and request.settings == self._running.settings
            and changed_scales(self._running.recipe, request.recipe) is not None
        )

    async def ensure_open(self) -> OpenedPlan:
        """The plan as the editor shows it, opened unless it is open already.

        Raises PlanNotReady, JobCancelled (also when the user declines), EngineError.
        """
        if self.opened is not None and self.is_current:
            return self.opened
        return await self.open()

    async def open(self) -> OpenedPlan:
        """Open the editor's plan in the engine. Raises as `ensure_open` does."""
        lowered = self._editor.lowered
        n_errors = len(errors(self._editor.problems))
        if lowered is None or n_errors:
            count = "a problem" if n_errors <= 1 else f"{n_errors} problems"
            raise PlanNotReady(
                f"The plan has {count}, so it cannot run yet. "
                "The Problems list says where and how to mend it."
            )
        if not self._model_paths():
            raise PlanNotReady("No model is open. Choose one with Model > Open model.")
        document, request = self._shown(), self._request(lowered.recipe)
        if not await self._may_open():
            raise JobCancelled
        self.opening, self._running, self.opened = True, None, None
        self.changed.emit()
        try:
            opened = await self._engine.run(request, asker=RUN)
            assert isinstance(opened, OpenedPlan)
            self._running, self.opened, self.document = request, opened, document
        finally:
            self.opening = False
            self.changed.emit()
        self._follow()
        return opened

    def forget(self) -> None:
        """Take note that nothing is open any more: the engine died or another model was chosen."""
        self._running, self.opened = None, None
        self.changed.emit()

    def _request(self, recipe: Recipe) -> Open:
        return Open(tuple(str(p) for p in self._model_paths()), recipe, self._context())

    def _follow(self, _change: object = None) -> None:
        if self._differing_scales() and not self._sending:
            self._sending = True
            self._tasks.start(self._send_scales())
        self.changed.emit()

    def _differing_scales(self) -> Scales:
        lowered = self._editor.lowered
        if self._running is None or lowered is None or not self.is_current:
            return ()
        return changed_scales(self._running.recipe, lowered.recipe) or ()

    async def _send_scales(self) -> None:
        try:
            while scales := self._differing_scales():
                await self._engine.run(SetScales(scales))
                if self._running is not None:
                    recipe = self._running.recipe
                    for block, port, scale in scales:
                        recipe = recipe.with_scale(block, port, scale)
                    self._running = replace(self._running, recipe=recipe)
        except (EngineError, JobCancelled):
            self.forget()
        finally:
            self._sending = False
            self.changed.emit()
