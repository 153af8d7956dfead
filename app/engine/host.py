"""The engine process: takes jobs from a pipe, does one at a time, and tells how they go.

Started by the client as `python -m app.engine.host FD`, with its end of the pipe as file
descriptor FD. It ends when the other end is closed.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection

from app.engine.baking.averaging import average
from app.engine.baking.writing import baked
from app.engine.envelopes import (
    Cancel,
    FromEngine,
    Job,
    JobEvent,
    JobFailure,
    JobResult,
    JobStop,
    LogLine,
    Ready,
)
from app.engine.errors import EngineError
from app.engine.messages import (
    AskOtherPlan,
    Bake,
    Baked,
    Close,
    ClosePlan,
    ComparePlans,
    Done,
    EstimateMemory,
    EvaluatePerplexity,
    Event,
    Generate,
    GenerateTogether,
    MeasureInfluence,
    Open,
    Progress,
    Result,
    SetScales,
)
from app.engine.native import Aborted, NativeError, default_n_threads, keep_log
from app.engine.session import Session
from app.model_files.writing.write import WriteStopped

_END_WITHIN_S = 1.0


class Host:
    """Does the jobs on the main thread while a second one listens to the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sending = threading.Lock()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._scale_jobs: deque[Job] = deque()
        self._cancelled: set[int] = set()
        self._running = -1
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._session = Session(self._should_stop, self._set_scales)

    def run(self) -> None:
        """Serves until the app's end of the pipe is closed."""
        keep_log(lambda line: self._send(LogLine(line)))
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(Ready(os.getpid()))
        while True:
            job = self._jobs.get()
            self._set_scales()
            if job is not None:
                self._at_rest.clear()
                self._running = job.id
                self._do(job)
                self._running = -1
                self._at_rest.set()
                self._cancelled.discard(job.id)

    def _listen(self) -> None:
        try:
            while True:
                message = self._pipe.recv()
                if isinstance(message, Cancel):
                    self._cancelled.add(message.job_id)
                elif isinstance(message.request, SetScales):
                    self._scale_jobs.append(message)
                    self._jobs.put(None)
                else:
                    self._jobs.put(message)
        except (EOFError, OSError):  # the app is gone
            self._cancelled.add(self._running)
            self._at_rest.wait(_END_WITHIN_S)  # for a file that is half written to be taken away
            os._exit(0)  # also out of a long decode

    def _do(self, job: Job) -> None:
        try:
            if job.id in self._cancelled:
                raise Aborted
            self._send(JobResult(job.id, self._result(job)))
        except Aborted:
            self._send(JobStop(job.id))
        except (EngineError, NativeError) as error:
            self._send(JobFailure(job.id, str(error)))
        except Exception as error:  # the border: the process goes on
            for line in traceback.format_exc().splitlines():
                self._send(LogLine(line))
            self._send(JobFailure(job.id, f"Internal error in the engine: {error!r}"))

    def _result(self, job: Job) -> Result:
        def tell(event: Event) -> None:
            self._send(JobEvent(job.id, event))

        match job.request:
            case Open():
                return self._session.open(job.request, tell)
            case EstimateMemory():
                return self._session.estimate(job.request)
            case Generate():
                return self._session.generate(job.request, tell)
            case GenerateTogether():
                self._session.generate_together(job.request, tell)
            case EvaluatePerplexity():
                return self._session.perplexity(job.request, tell)
            case ComparePlans():
                return self._session.difference(job.request, tell)
            case AskOtherPlan():
                return self._session.ask_other_plan(job.request, tell)
            case MeasureInfluence():
                return self._session.influence(job.request, tell)
            case Bake():
                return self._bake(job.request, tell)
            case SetScales():
                self._session.set_scales(job.request)
            case ClosePlan(slot):
                self._session.close_plan(slot)
            case Close():
                self._session.close()
        return Done()

    def _bake(self, request: Bake, tell: Callable[[Progress], None]) -> Baked:
        def on_progress(progress: Progress) -> bool:
            tell(progress)
            return not self._should_stop()

        n_threads = default_n_threads()
        make = partial(average, n_threads=n_threads, should_stop=self._should_stop)
        try:
            return baked(request, make, on_progress)
        except WriteStopped:
            raise Aborted from None

    def _set_scales(self) -> None:
        while self._scale_jobs:
            self._do(self._scale_jobs.popleft())

    def _should_stop(self) -> bool:
        return self._running in self._cancelled

    def _send(self, message: FromEngine) -> None:
        with self._sending, suppress(OSError):  # `_listen` sees that the app is gone
            self._pipe.send(message)


if __name__ == "__main__":
    Host(Connection(int(sys.argv[1]))).run()
