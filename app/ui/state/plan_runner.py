"""The plans in the engine: each document's opened on demand, its merge scales kept in step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import ClosePlan, Open, OpenedPlan, SetScales
from app.memory.context_settings import ContextSettings
from app.plan.recipe import Recipe, changed_scales
from app.ui.state.document import Document
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.open_documents import OpenDocuments
from app.ui.state.open_model import OpenModel
from app.ui.state.reply_settings import ReplySettings
from app.ui.state.slots import new_slot
from app.ui.state.tasks import Tasks

if TYPE_CHECKING:
    from app.engine.client import EngineState
    from app.model_files.model_file import ModelFile

RUN = "run"
"""Whose jobs Stop stops: what opens plans and answers prompts."""

EXTRA_SLOT = new_slot()
"""The engine's slot of a plan that is opened for one reply."""
OTHER_WEIGHTS = "for a plan with other model files or another mmap setting"


class PlanNotReady(Exception):
    """The plan cannot be opened as it is; `str()` says why and what to do."""


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A document's plan as it was shown when it was asked to be opened."""

    document: Document
    request: Open
    files: tuple[ModelFile, ...]
    """The sources of its weight layers."""


@dataclass(eq=False)
class RunningPlan:
    """A document's plan in the engine. `request` has the scales as they are there now."""

    document: Document
    request: Open
    opened: OpenedPlan
    files: tuple[ModelFile, ...]
    """The sources of its weight layers."""
    wanted: Recipe
    """The same recipe with the scales as last edited."""
    has_decoded: bool = False
    """So that the engine process holds all that it takes."""
    is_sending: bool = False

    @property
    def recipe(self) -> Recipe:
        """The recipe that runs."""
        return self.request.recipe


@dataclass(frozen=True, slots=True)
class ExtraPlan:
    """A plan in the engine that no document owns: of a column, or of one reply."""

    request: Open
    opened: OpenedPlan
    files: tuple[ModelFile, ...]


class PlanRunner(QObject):
    """Which plans are open in the engine, each in its document's slot; the one that is shown
    answers. A changed scale goes to the engine at once; other edits wait for the next run."""

    changed = Signal()
    """Which plans are open, whether they are up to date, or whether one is being opened."""
    notice = Signal(str)
    """Which plans were closed for the sake of another one, in words."""

    def __init__(
        self,
        engine: EngineBridge,
        documents: OpenDocuments,
        model: OpenModel,
        reply_settings: ReplySettings,
        tasks: Tasks,
    ) -> None:
        super().__init__(documents)
        self.engine = engine
        self.documents = documents
        self.model = model
        self._editor = documents.editor
        self._reply_settings = reply_settings
        self._tasks = tasks
        self._plans: dict[Document, RunningPlan] = {}
        """The one that was used last comes last."""
        self.extra_plans: dict[int, ExtraPlan] = {}
        """By slot."""
        self.opening: Document | None = None
        self._editor.changed.connect(self._follow)
        self._editor.replaced.connect(self._follow)
        documents.closed.connect(self._close_with)
        model.changed.connect(self.changed)
        reply_settings.changed.connect(self.changed)
        engine.state_changed.connect(self._engine_moved)

    @property
    def running(self) -> RunningPlan | None:
        """The shown document's plan as it runs, None while it is not open."""
        return self._plans.get(self.documents.active)

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The model files that the shown document's plan runs on."""
        return self.model.files

    @property
    def others(self) -> tuple[RunningPlan, ...]:
        """The plans of other documents that are open too, those used last first."""
        shown = self.documents.active
        return tuple(r for d, r in reversed(self._plans.items()) if d is not shown)

    def is_open(self, document: Document) -> bool:
        """Whether the document's plan is open in the engine."""
        return document in self._plans

    @property
    def opened(self) -> OpenedPlan | None:
        """What the engine said of the shown document's plan."""
        return self.running.opened if self.running is not None else None

    @property
    def recipe(self) -> Recipe | None:
        """The shown document's recipe that runs, with the scales as the engine has them now."""
        return self.running.recipe if self.running is not None else None

    @property
    def is_current(self) -> bool:
        """Whether what runs is what the editor shows, apart from scales on their way."""
        running, lowered = self.running, self._editor.lowered
        if running is None or lowered is None:
            return False
        request = self.request(lowered.recipe)
        return (
            request.model_paths == running.request.model_paths
            and request.settings == running.request.settings
            and changed_scales(running.recipe, request.recipe) is not None
        )

    def use(self, running: RunningPlan) -> None:
        """Count this plan as the one that was used last."""
        self._plans[running.document] = self._plans.pop(running.document)

    async def open(self, plan: ShownPlan, leaving: Iterable[Document]) -> RunningPlan:
        """Open a document's plan in the engine, once the plans of those that leave are closed.

        Raises JobCancelled, EngineError.
        """
        document, request = plan.document, plan.request
        self.opening = document
        self._plans.pop(document, None)
        self.changed.emit()
        try:
            for other in leaving:
                await self._close(other)
            opened = await self.engine.run(request, asker=RUN)
            assert isinstance(opened, OpenedPlan)
            running = RunningPlan(document, request, opened, plan.files, request.recipe)
            self._plans[document] = running
            displaced = self._take_out_displaced(opened)
        finally:
            self.opening = None
            self.changed.emit()
        self._tell_closed(leaving, "so that this plan fits into memory")
        self._tell_closed(displaced, OTHER_WEIGHTS)
        if document not in self.documents.all:
            await self._close(document)
            raise JobCancelled
        self._follow()
        return running

    async def open_extra(self, recipe: Recipe, context: ContextSettings) -> OpenedPlan:
        """Open this plan in the slot EXTRA_SLOT, over the weights of the open model, until
        `close_extra`. Raises PlanNotReady, JobCancelled, EngineError."""
        if not self.model.paths:
            raise PlanNotReady(self.model.why_none)
        paths = tuple(str(path) for path in self.model.paths)
        settings = replace(context, use_mmap=self._reply_settings.context.use_mmap)
        request, files = Open(paths, recipe, settings, EXTRA_SLOT), self.model.files
        opened = await self.engine.run(request, asker=RUN)
        assert isinstance(opened, OpenedPlan)
        self.add_extra(ExtraPlan(request, opened, files))
        return opened

    async def close_extra(self, slot: int = EXTRA_SLOT) -> None:
        """Free a plan that no document owns."""
        self.extra_plans.pop(slot, None)
        await self.engine.run(ClosePlan(slot))
        self.changed.emit()

    def _engine_moved(self, state: EngineState) -> None:
        if state.phase == "died":
            self._plans.clear()
            self.extra_plans.clear()
            self.changed.emit()

    def add_extra(self, plan: ExtraPlan) -> None:
        """Count a plan that no document owns among those that are open, and forget the documents'
        plans that left the engine for it."""
        self.extra_plans[plan.request.slot] = plan
        self._tell_closed(self._take_out_displaced(plan.opened), OTHER_WEIGHTS)
        self.changed.emit()

    def request(self, recipe: Recipe) -> Open:
        """What opens this recipe as the shown document's plan."""
        paths = tuple(str(path) for path in self.model.paths)
        return Open(paths, recipe, self._reply_settings.context, self.documents.active.slot)

    def _take_out_displaced(self, opened: OpenedPlan) -> list[Document]:
        for slot in set(self.extra_plans) - set(opened.open_slots):
            del self.extra_plans[slot]
        displaced = [d for d in self._plans if d.slot not in opened.open_slots]
        for other in displaced:
            del self._plans[other]
        return displaced

    async def _close(self, document: Document) -> None:
        if self._plans.pop(document, None) is not None:
            await self.engine.run(ClosePlan(document.slot))

    def _close_with(self, document: Document) -> None:
        if self.is_open(document):
            self._tasks.start(self._close_quietly(document))

    async def _close_quietly(self, document: Document) -> None:
        try:
            await self._close(document)
        except (EngineError, JobCancelled):
            return  # with the engine itself
        self.changed.emit()

    def _tell_closed(self, documents: Iterable[Document], why: str) -> None:
        names = ", ".join(f"“{document.name}”" for document in documents)
        if names:
            self.notice.emit(f"{names}: closed {why}, reopened by the next message there")

    def _follow(self, _change: object = None) -> None:
        running, lowered = self.running, self._editor.lowered
        if running is not None and lowered is not None and self.is_current:
            running.wanted = lowered.recipe
            if running.wanted != running.recipe and not running.is_sending:
                running.is_sending = True
                self._tasks.start(self._send_scales(running))
        self.changed.emit()

    async def _send_scales(self, running: RunningPlan) -> None:
        """Until the engine has them as wanted, whichever document is shown meanwhile."""
        try:
            while scales := changed_scales(running.recipe, running.wanted):
                await self.engine.run(SetScales(scales, running.document.slot))
                recipe = running.recipe
                for block, port, scale in scales:
                    recipe = recipe.with_scale(block, port, scale)
                running.request = replace(running.request, recipe=recipe)
        except (EngineError, JobCancelled):
            if self._plans.get(running.document) is running:
                del self._plans[running.document]
        finally:
            running.is_sending = False
            self.changed.emit()
