"""A stand-in for the engine client: a real worker thread, answers set by the test."""

from __future__ import annotations

import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.engine.client import EngineState
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.measuring.results import (
    Influence,
    Perplexity,
    PlanDifference,
    PredictedReply,
)
from app.engine.messages import (
    AskOtherPlan,
    ClosePlan,
    ComparePlans,
    Done,
    Earlier,
    EstimateMemory,
    EvaluatePerplexity,
    Event,
    Generate,
    GenerateTogether,
    MeasureInfluence,
    OfPlan,
    Open,
    OpenedPlan,
    Progress,
    Reply,
    ReplyStatistics,
    Request,
    Result,
    ScalesMoved,
    SetScales,
    TextPiece,
)
from app.memory.figures import MemoryEstimate
from app.plan.recipe import Recipe

MIB = 1 << 20
ORDER = ((32, 30, 1), (4, 4, 1))
"""In which pieces all prompts are read."""
ESTIMATE = MemoryEstimate(80 * MIB, 90 * MIB, 30 * MIB, 60 * MIB)
OnEvent = Callable[[Event], None]
T = TypeVar("T")


@dataclass
class Script:
    """What the engine is to do."""

    pieces: tuple[str, ...] = ("The capital ", "of France ", "is **Paris**.")
    others_pieces: tuple[tuple[str, ...], ...] = (("The capital ", "of France ", "is Lyon."),)
    """What the plans after the first one say where several answer together."""
    estimate: MemoryEstimate = ESTIMATE
    layer_bytes: int = 0
    """What each weight layer that a plan borrows adds to the estimate."""
    influence: tuple[float, ...] = (0.9, 0.2, 0.05, 0.4)
    predicted: PredictedReply | EngineError = PredictedReply((), 0.0, 0)
    """What comes of asking another plan."""
    holds_measuring: bool = False
    """Measure nothing until the test asks it to stop."""
    fail_open: EngineError | None = None
    fail_estimate: EngineError | None = None
    fail_generate: EngineError | None = None
    die_after_pieces: int | None = None
    hold_after_pieces: int | None = None
    """Wait there until the test releases it or asks it to stop."""
    hangs_on_close: bool = False
    n_left_out: int = 0
    summary: str = ""
    """Of the messages that left the context."""
    pid: int | None = None
    model_name: str = "SmolLM2 135M"
    default_system: str = "You are a helpful AI assistant."


@dataclass
class FakeEngine:
    """As `EngineClient`; `requests` is what it was asked, in order."""

    on_state: Callable[[EngineState], None]
    script: Script = field(default_factory=Script)
    requests: list[Request] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        self._jobs: queue.Queue[tuple[Request, OnEvent, Future[Result]] | None] = queue.Queue()
        self._stop = threading.Event()
        self.release = threading.Event()
        self._recipes: dict[int, Recipe] = {}
        self._paths: tuple[str, ...] = ()
        self._moves: deque[ScalesMoved] = deque()
        self._mixed: set[int] = set()
        """Slots whose scales moved after something was said."""
        self._doing: Future[Result] | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, request: Request, on_event: OnEvent = lambda _event: None) -> Future[Result]:
        future: Future[Result] = Future()
        self.requests.append(request)
        if isinstance(request, SetScales):
            self._set_scales(request)
            future.set_result(Done())
        else:
            self._jobs.put((request, on_event, future))
        return future

    def cancel(self, future: Future[Result] | None = None) -> None:
        if future is None or future is self._doing:
            self._stop.set()

    def close(self) -> None:
        if self.script.hangs_on_close:
            threading.Event().wait(30)
        self._stop.set()
        self._jobs.put(None)
        self._thread.join()
        self.closed = True

    def asked(self, kind: type[Request]) -> list[Request]:
        """The requests of one kind."""
        return [r for r in self.requests if isinstance(r, kind)]

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            request, on_event, future = job
            self._stop.clear()
            self._doing = future
            self.on_state(EngineState("busy", type(request).__name__, "", self.script.pid))
            try:
                result = self._answer(request, on_event)
            except EngineDied as error:
                self.on_state(EngineState("died", "", str(error), None))
                future.set_exception(error)
                continue
            except (EngineError, JobCancelled) as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            self.on_state(EngineState("idle", "", "", self.script.pid))

    def _answer(self, request: Request, on_event: OnEvent) -> Result:
        if isinstance(request, EstimateMemory):
            if self.script.fail_estimate is not None:
                raise self.script.fail_estimate
            n_layers = len(request.recipe.weight_layers)
            weights_bytes = self.script.estimate.weights_bytes + n_layers * self.script.layer_bytes
            return replace(self.script.estimate, weights_bytes=weights_bytes)
        if isinstance(request, Open):
            if self.script.fail_open is not None:
                raise self.script.fail_open
            on_event(Progress("Loading weights", 0.5))
            return self._opened(request)
        if isinstance(request, MeasureInfluence | EvaluatePerplexity | ComparePlans | AskOtherPlan):
            on_event(Progress("Measuring", 0.5, 400.0, 2.0))
            while self.script.holds_measuring and not self._stop.wait(0.01):
                pass
            if self._stop.is_set():
                raise JobCancelled
        if isinstance(request, AskOtherPlan):
            if isinstance(self.script.predicted, EngineError):
                raise self.script.predicted
            return self.script.predicted
        if isinstance(request, MeasureInfluence):
            return Influence(self.script.influence, 1024, 400.0)
        if isinstance(request, EvaluatePerplexity):
            nll = _nll(request.recipe)
            return Perplexity(nll, math.exp(nll), 1024, 400.0)
        if isinstance(request, ComparePlans):
            nlls = _nll(request.recipe), _nll(request.other)
            kl = abs(nlls[0] - nlls[1])
            return PlanDifference(kl, 0.75, math.exp(nlls[0]), math.exp(nlls[1]), 1024, 400.0)
        if isinstance(request, ClosePlan):
            self._recipes.pop(request.slot, None)
            return Done()
        if isinstance(request, GenerateTogether):
            return self._generate_together(request, on_event)
        assert isinstance(request, Generate)
        if request.slot not in self._recipes:
            raise EngineError("No plan is open. Run the plan first.")
        if self.script.fail_generate is not None:
            raise self.script.fail_generate
        return self._generate(request, on_event)

    def _opened(self, request: Open) -> OpenedPlan:
        if request.model_paths != self._paths:
            self._recipes.clear()
        self._paths = request.model_paths
        self._recipes[request.slot] = request.recipe
        self._mixed.discard(request.slot)
        return OpenedPlan(
            plan_hash=request.recipe.hash,
            model_name=self.script.model_name,
            architecture="llama",
            n_ctx=request.settings.n_ctx,
            n_threads=2,
            n_weight_layers=30,
            load_ms=100.0,
            view_ms=0.5,
            has_chat_template=True,
            default_system=self.script.default_system,
            rss_bytes=250 * MIB,
            context_bytes=100 * MIB,
            open_slots=tuple(self._recipes),
        )

    def _set_scales(self, request: SetScales) -> None:
        before = self._recipes[request.slot]
        for block, port, scale in request.scales:
            moved = self._recipes[request.slot].with_scale(block, port, scale)
            self._recipes[request.slot] = moved
        self._mixed.add(request.slot)
        self._moves.append(
            ScalesMoved(tuple((b, i, before.scale(b, i), s) for b, i, s in request.scales))
        )

    def _generate(self, request: Generate, on_event: OnEvent) -> Reply:
        said: list[str] = []
        earlier: Earlier = "as_now"
        if request.slot in self._mixed:
            earlier = "read_anew" if request.reread else "as_heard"
        if request.reread:
            self._mixed.discard(request.slot)
        self._moves.clear()
        on_event(Progress("Processing prompt", 0.25))
        for piece in self._in_time(self.script.pieces):
            while self._moves:
                on_event(self._moves.popleft())
            said.append(piece)
            on_event(TextPiece(piece))
        return self._reply(said, self._recipes[request.slot], earlier)

    def _generate_together(self, request: GenerateTogether, on_event: OnEvent) -> Done:
        if self.script.fail_generate is not None:
            raise self.script.fail_generate
        told = [self.script.pieces, *self.script.others_pieces]
        pieces = [told[at % len(told)] for at in range(len(request.plans))]
        said: list[list[str]] = [[] for _ in request.plans]
        for at, plan in enumerate(request.plans):
            on_event(OfPlan(at, self._opened(plan)))
        turns = [
            (at, row[turn])
            for turn in range(max(map(len, pieces)))
            for at, row in enumerate(pieces)
            if turn < len(row)
        ]
        for at, piece in self._in_time(turns):
            said[at].append(piece)
            on_event(OfPlan(at, TextPiece(piece)))
        for at, plan in enumerate(request.plans):
            on_event(OfPlan(at, self._reply(said[at], plan.recipe)))
        return Done()

    def _in_time(self, pieces: Sequence[T]) -> Iterator[T]:
        """The pieces up to where the script or the test ends them."""
        for n, piece in enumerate(pieces):
            if n == self.script.die_after_pieces:
                raise EngineDied(
                    "The engine was killed (signal 9). Your plan and the chat are as they were.",
                    ("llama_context: n_ctx = 4096", "decode: failed"),
                )
            if n == self.script.hold_after_pieces:
                while not self._stop.is_set() and not self.release.wait(0.01):
                    pass
            if self._stop.is_set():
                break
            yield piece

    def _reply(self, said: Sequence[str], recipe: Recipe, earlier: Earlier = "as_now") -> Reply:
        stopped = self._stop.is_set()
        statistics = ReplyStatistics(
            plan_hash=recipe.hash,
            seed=7,
            n_prompt=34,
            n_prompt_evaluated=34,
            n_generated=len(said),
            prompt_tokens_per_s=410.0,
            tokens_per_s=34.0,
            first_token_s=0.12,
            stop_reason="cancelled" if stopped else "end",
            n_ctx_used=34 + len(said),
            n_left_out=self.script.n_left_out,
            summary=self.script.summary,
            order=ORDER,
        )
        return Reply("".join(said), statistics, 260 * MIB, earlier)


def _nll(recipe: Recipe) -> float:
    """The more layers, the better the plan."""
    return 4.0 - 0.1 * len(recipe.weight_layers)
