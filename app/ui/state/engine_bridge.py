"""The engine client as Qt sees it: results awaited, states and events as signals."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from app.engine.messages import Event, Progress, Request, Result
from app.ui.state.tasks import in_thread

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from app.engine.client import EngineState

OnEvent = Callable[[Event], None]
OnEvents = Callable[[Sequence[Event]], None]
EVENTS_MS = 33
"""What a job tells on the way reaches the window this often, gathered, not event by event."""


class Client(Protocol):
    """What the bridge needs of `app.engine.client.EngineClient`."""

    def submit(self, request: Request, on_event: OnEvent = ...) -> Future[Result]: ...
    def cancel(self, future: Future[Result] | None = ...) -> None: ...
    def close(self) -> None: ...


def start_client(on_state: Callable[[EngineState], None]) -> Client:
    """The client of the real engine process; imported when first needed, after the first paint."""
    from app.engine.client import EngineClient

    return EngineClient(on_state)


@dataclass(eq=False, slots=True)
class AskedJob:
    """A job that the engine has not answered yet."""

    request: Request
    asker: object
    on_events: OnEvents
    progress: Progress | None = None
    """The last one that it told, None before and once it told something else since."""
    is_stopping: bool = False


class EngineBridge(QObject):
    """One engine for the window. All methods belong to the UI thread and never block it."""

    state_changed = Signal(object)
    """An EngineState."""
    progressed = Signal(object)
    """A Progress of the running job."""
    jobs_changed = Signal()

    _state_arrived = Signal(object)
    _events_arrived = Signal()

    def __init__(
        self,
        make_client: Callable[[Callable[[EngineState], None]], Client] = start_client,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_client = make_client
        self._client: Client | None = None
        self._closed = False
        self._asked: dict[Future[Result], AskedJob] = {}
        self.state: EngineState | None = None
        self._events: deque[tuple[AskedJob, Event]] = deque()
        self._are_announced = False
        self._delivery = QTimer(self, singleShot=True)
        self._delivery.timeout.connect(self._deliver)
        self._since_delivery = QElapsedTimer()
        queued = Qt.ConnectionType.QueuedConnection
        self._state_arrived.connect(self._take_state, queued)
        self._events_arrived.connect(self._plan_delivery, queued)

    @property
    def busy(self) -> bool:
        """Whether a job is running or the process is starting."""
        return self.state is not None and self.state.phase in ("starting", "busy")

    @property
    def jobs(self) -> tuple[AskedJob, ...]:
        """What the engine has to do, in this order."""
        return tuple(self._asked.values())

    async def run(
        self, request: Request, on_event: OnEvent | None = None, asker: object = None
    ) -> Result:
        """As `stream`, with what the job tells one by one."""

        def on_events(events: Sequence[Event]) -> None:
            if on_event is not None:
                for event in events:
                    on_event(event)

        return await self.stream(request, on_events, asker)

    async def stream(self, request: Request, on_events: OnEvents, asker: object = None) -> Result:
        """The request's result. Raises EngineError, EngineDied or JobCancelled.

        `on_events` is called on the UI thread with what the job told since last time, all of it
        before this ends. `asker` names whose job it is, for `cancel`.
        """
        import asyncio

        if self._closed:
            raise asyncio.CancelledError
        if self._client is None:
            self._client = self._make_client(self._tell_state)
        job = AskedJob(request, asker, on_events)
        future = self._client.submit(request, lambda event: self._tell_event(job, event))
        self._asked[future] = job
        self.jobs_changed.emit()
        result = asyncio.wrap_future(future)
        result.add_done_callback(_take_note)
        try:
            return await asyncio.shield(result)
        finally:
            self._asked.pop(future, None)
            self._deliver()
            if not self._closed:
                self.jobs_changed.emit()

    def cancel(self, asker: object) -> None:
        """Ask the jobs of this asker to stop, and nobody else's."""
        for job in self.jobs:
            if job.asker is asker:
                self.cancel_job(job)

    def cancel_job(self, job: AskedJob) -> None:
        """Ask one job to stop, running or waiting."""
        future = next((f for f, asked in self._asked.items() if asked is job), None)
        if future is not None and self._client is not None:
            job.is_stopping = True
            self._client.cancel(future)
            self.jobs_changed.emit()

    async def close(self, timeout_s: float) -> bool:
        """End the engine process; one that does not end in time is killed (then False)."""
        import asyncio

        self._closed = True
        client, self._client = self._client, None
        if client is None:
            return True
        client.cancel()
        try:
            await asyncio.wait_for(in_thread(client.close), timeout_s)
        except TimeoutError:
            _kill(self.state.pid if self.state is not None else None)
            return False
        return True

    # The next two run on the client's thread. After closing nothing may be emitted: Qt is leaving.

    def _tell_state(self, state: EngineState) -> None:
        if not self._closed:
            self._state_arrived.emit(state)

    def _tell_event(self, job: AskedJob, event: Event) -> None:
        self._events.append((job, event))
        if not self._are_announced and not self._closed:
            self._are_announced = True
            self._events_arrived.emit()

    @Slot(object)
    def _take_state(self, state: EngineState) -> None:
        self.state = state
        self.state_changed.emit(state)

    @Slot()
    def _plan_delivery(self) -> None:
        since = self._since_delivery
        self._delivery.start(max(0, EVENTS_MS - since.elapsed()) if since.isValid() else 0)

    def _deliver(self) -> None:
        if self._closed:
            return
        self._since_delivery.start()
        self._are_announced = False  # before looking: what comes from now on is announced anew
        events = [self._events.popleft() for _ in range(len(self._events))]
        for job, group in groupby(events, lambda pair: pair[0]):
            told = [event for _, event in group]
            was_known = job.progress is not None
            job.progress = told[-1] if isinstance(told[-1], Progress) else None
            if job.progress is not None:
                self.progressed.emit(job.progress)
            elif was_known:
                self.jobs_changed.emit()
            job.on_events(told)


def _take_note(result: asyncio.Future[Result]) -> None:
    """Nobody may be waiting any more: then asyncio would complain of an error not looked at."""
    if not result.cancelled():
        result.exception()


def _kill(pid: int | None) -> None:
    import psutil

    if pid is not None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).kill()
