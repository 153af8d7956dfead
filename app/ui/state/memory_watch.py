"""Keeps the memory estimate in step with the plan, by a dry run for each edit.

The dry run has an engine process of its own, which never holds weights: so it answers while the
other one is busy, and what it holds itself is what that one will hold besides the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.errors import EngineError, JobCancelled
from app.engine.messages import EstimateMemory
from app.memory.amounts import format_bytes
from app.memory.context_settings import ContextSettings
from app.memory.figures import MemoryEstimate
from app.plan.recipe import Recipe, changed_scales
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_figures import MemoryFigures
from app.ui.state.plan_runner import ExtraPlan, PlanRunner, RunningPlan
from app.ui.state.reply_settings import ReplySettings
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks

if TYPE_CHECKING:
    from app.memory.changes import Change
    from app.memory.estimate import BlockMemory, MemoryParts
    from app.model_files.model_file import ModelFile


class MemoryWatch(QObject):
    """Tells what the plan will take whenever the plan, the model or the context changes."""

    estimated = Signal(object)
    """MemoryFigures."""
    unknown = Signal(str)
    """Why there is no estimate."""
    layers_weighed = Signal(object)
    """`layer_bytes`."""

    def __init__(
        self,
        estimator: EngineBridge,
        runner: PlanRunner,
        reply_settings: ReplySettings,
        settings: Settings,
        tasks: Tasks,
    ) -> None:
        super().__init__(runner)
        self._engine = runner.engine
        self._estimator = estimator
        self._editor = runner.documents.editor
        self._model = runner.model
        self._runner = runner
        self._reply_settings = reply_settings
        self._settings = settings
        self._tasks = tasks
        self.figures: MemoryFigures | None = None
        """What was estimated last, None while that is unknown."""
        self.layer_bytes: tuple[int, ...] = ()
        """What each weight layer takes in weights and KV cache."""
        self._weighed: tuple[object, ...] = ()
        self._shown: MemoryEstimate | None = None
        self._asked: EstimateMemory | None = None
        self._refused: EstimateMemory | None = None
        self._compute_bytes = 0
        self._process_bytes = 0
        self._is_dry_run = False
        self._simulating = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._look)
        editor = self._editor
        for signal in (editor.changed, editor.replaced, editor.weight_layers_changed):
            signal.connect(self.look_again)
        runner.changed.connect(self.look_again)
        self._engine.state_changed.connect(self._engine_moved)

    def look_again(self, _change: object = None) -> None:
        """Estimate anew once what goes on is done; called for every edit."""
        if not self._soon.isActive():
            self._soon.start()

    def words_for(self, recipe: Recipe) -> str:
        """What another plan takes in weights and KV cache, in words; empty when it is not known."""
        files, settings = self._model.files, self._reply_settings.context
        if max(recipe.weight_layers, default=0) >= sum(file.n_layers for file in files):
            return ""
        parts = _sums(files, recipe, settings)
        weights, kv = format_bytes(parts.weights_bytes), format_bytes(parts.kv_bytes)
        return f"{weights} of weights, {kv} of KV cache"

    def memory_of(self, block_id: str) -> BlockMemory | None:
        """What a block takes, None while the plan or the model does not say."""
        request, number = self._request(), self._editor.number(block_id)
        if request is None or number is None:
            return None
        from app.memory.estimate import block_memory

        files = self._model.files
        return block_memory(files, request.recipe, request.settings)[number]

    def _request(self) -> EstimateMemory | None:
        lowered = self._editor.lowered
        if lowered is None or not self._model.paths:
            return None
        n_layers = sum(model.n_layers for model in self._model.files)
        if max(lowered.recipe.weight_layers, default=0) >= n_layers:
            return None
        paths = tuple(str(path) for path in self._model.paths)
        return EstimateMemory(paths, lowered.recipe, self._reply_settings.context)

    def _weigh_layers(self) -> None:
        settings, files = self._reply_settings.context, tuple(self._model.files)
        weighed = files, settings
        if weighed == self._weighed:
            return
        from app.memory.estimate import layer_bytes

        self._weighed = weighed
        self.layer_bytes = layer_bytes(files, settings)
        self.layers_weighed.emit(self.layer_bytes)

    def _look(self) -> None:
        self._weigh_layers()
        request = self._request()
        if request is None:
            self._asked = self._shown = None
            self.figures = None
            self.unknown.emit(
                "No estimate until the plan is valid" if self._model.paths else self._model.why_none
            )
            return
        if self._asked is not None and self._shown is not None and _as_large(request, self._asked):
            self._show()
            return
        self._asked, self._is_dry_run = request, False
        if not self._compute_bytes or self._refused is not None:
            # nothing was simulated yet, or cannot be
            parts = _sums(self._model.files, request.recipe, request.settings)
            self._shown = MemoryEstimate(
                parts.weights_bytes, parts.kv_bytes, self._compute_bytes, self._process_bytes
            )
            self._show()
        self._start_dry_run()

    def _start_dry_run(self) -> None:
        request = self._asked
        if request is None or self._is_dry_run or request == self._refused:
            return
        if not self._simulating:
            self._simulating = True
            self._tasks.start(self._simulate(request))

    async def _simulate(self, request: EstimateMemory) -> None:
        try:
            result = await self._estimator.run(request)
        except JobCancelled:
            return
        except EngineError:
            self._refused, self._shown = request, None
            self.look_again()
            return
        finally:
            self._simulating = False
        assert isinstance(result, MemoryEstimate)
        self._refused = None
        self._compute_bytes = result.compute_bytes
        self._process_bytes = result.process_bytes
        if self._asked is not None and _as_large(request, self._asked):
            self._shown, self._is_dry_run = result, True
            self._show()
        else:
            self._start_dry_run()

    def _engine_moved(self, _state: object) -> None:
        if not self._engine.busy:
            self.look_again()

    def _show(self) -> None:
        figures = self.figures_now()
        if figures is not None:
            self.figures = figures
            self.estimated.emit(figures)

    def figures_now(self) -> MemoryFigures | None:
        """The latest estimate against what is free at this moment; None while there is none."""
        if self._shown is None:
            return None
        from app.memory.machine import machine_memory

        state = self._engine.state
        held = resident_bytes(state.pid) if state is not None and state.pid else 0
        running, others = self._runner.running, self._runner.others
        is_measurable = (
            running is not None
            and self._runner.is_current
            and all(plan.has_decoded for plan in (running, *others))
            and not self._runner.extra_plans
        )
        figures = MemoryFigures(
            estimate=self._shown,
            machine=machine_memory(),
            given_back_bytes=held,
            is_dry_run=self._is_dry_run,
            measured_bytes=held if is_measurable and held else None,
            reserve_bytes=self._settings.memory_reserve(),
            later_sources_bytes=self._later_sources_bytes(),
        )
        figures = self._with_others(figures, others)
        return replace(figures, changes=self._changes(figures))

    def _later_sources_bytes(self) -> tuple[int, ...]:
        asked, files = self._asked, self._model.files
        if asked is None or asked.model_paths != tuple(str(file.path) for file in files):
            return ()
        from app.memory.estimate import weights_by_source

        return weights_by_source(files, asked.recipe)[1:]

    def _with_others(self, figures: MemoryFigures, others: Sequence[RunningPlan]) -> MemoryFigures:
        """The same beside the other open plans, of which those used longest ago are closed where
        the shown one has to be opened and does not fit beside them."""
        asked, extra = self._asked, tuple(self._runner.extra_plans.values())
        if asked is None or not (others or extra):
            return figures
        from app.memory.beside import beside_bytes, n_that_fit
        from app.memory.shared_weights import can_share_weights

        open_ones: tuple[ExtraPlan | RunningPlan, ...] = (*extra, *others)
        may_stay = [
            plan
            for plan in open_ones
            if can_share_weights(
                plan.request.model_paths,
                plan.request.settings.use_mmap,
                asked.model_paths,
                asked.settings.use_mmap,
            )
        ]
        contexts = [(plan.request.recipe, plan.opened.context_bytes) for plan in may_stay]
        files = max((self._model.files, *(plan.files for plan in may_stay)), key=len)
        added = beside_bytes(files, asked.recipe, contexts)
        n = len(may_stay)
        if not self._runner.is_current:
            n = n_that_fit(added, figures.verdict.spare_bytes)
        leaving = [plan.document for plan in may_stay[n:] if isinstance(plan, RunningPlan)]
        n = len(may_stay) - len(leaving)
        return replace(figures, beside_bytes=sum(added[:n]), n_beside=n, leaving=tuple(leaving))

    def _changes(self, figures: MemoryFigures) -> tuple[Change, ...]:
        missing_bytes = -figures.verdict.spare_bytes
        if missing_bytes <= 0 or self._asked is None:
            return ()
        from app.memory.changes import changes_that_help

        return changes_that_help(
            self._model.files, self._asked.recipe, self._asked.settings, missing_bytes
        )


def _as_large(request: EstimateMemory, other: EstimateMemory) -> bool:
    """Whether they take the same memory, as when only scales differ."""
    if (request.model_paths, request.settings) != (other.model_paths, other.settings):
        return False
    return changed_scales(request.recipe, other.recipe) is not None


def _sums(files: Sequence[ModelFile], recipe: Recipe, settings: ContextSettings) -> MemoryParts:
    from app.memory.estimate import estimate_exact

    return estimate_exact(files, recipe, settings)


def resident_bytes(pid: int) -> int:
    """What a process holds in main memory, 0 when it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
