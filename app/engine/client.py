"""The app's side of the engine: one worker thread that drives one engine process."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Literal

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
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import (
    Event,
    Request,
    Result,
    SetScales,
)

N_LOG_LINES = 60
_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "app.engine.host")
"""Gets the file descriptor of its end of the pipe as one more argument."""
_ENVIRONMENT = {
    # OpenMP threads that spin long at barriers starve each other as soon as another process wants
    # a core, and threads that never spin are slow without one (measured: native/README.md).
    "GOMP_SPINCOUNT": "300",
    # Huge pages where glibc can ask for them: a context is then made in a third of the time. Limits
    # that stay: else glibc raises them, and keeps tens of MiB that were freed. What is larger than
    # a MiB gets pages of its own, and leaves no holes in the heap's huge ones.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1048576"
    ":glibc.malloc.trim_threshold=8388608",
    "GGML_NO_BACKTRACE": "1",  # the debugger it would attach hangs a crash for seconds
}

OnEvent = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class EngineState:
    """What the engine process does. `job` is the running request's name, `detail` says why it
    died."""

    phase: Literal["off", "starting", "idle", "busy", "died"]
    job: str = ""
    detail: str = ""
    pid: int | None = None


@dataclass(slots=True)
class _Pending:
    """A job that was submitted and has not ended."""

    job: Job
    on_event: OnEvent
    future: Future[Result]


class EngineClient:
    """Jobs for the engine process, done one after the other; `SetScales` overtakes the others.

    The process is started by the first job and again by the first one after it died. Callbacks
    and the futures' own run on the worker thread. Public methods may be called from any thread
    and never wait, but for `close`.

    Each future is answered: a job is entered into the table of pending jobs and into the outbox
    under one lock, and whoever takes it out of the table answers it.
    """

    def __init__(self, on_state: Callable[[EngineState], None] = lambda state: None) -> None:
        self._on_state = on_state
        self._ids = itertools.count()
        self._lock = threading.Lock()  # of the next three; nothing that can wait is done under it
        self._pending: dict[int, _Pending] = {}  # in the order submitted
        self._outbox: list[Job | Cancel] = []
        self._is_closed = False
        self._wake_reader, self._wake_writer = Pipe(duplex=False)
        self._log: deque[str] = deque(maxlen=N_LOG_LINES)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._stderr: threading.Thread
        self._is_ready = False
        self._state = EngineState("off")
        self._thread = threading.Thread(target=self._work, name="engine client")
        self._thread.start()

    def submit(self, request: Request, on_event: OnEvent = lambda event: None) -> Future[Result]:
        """The request's result to come. The future raises EngineError, EngineDied or
        JobCancelled."""
        pending = _Pending(Job(next(self._ids), request), on_event, Future())
        pending.future.set_running_or_notify_cancel()  # stopping goes through `cancel`
        with self._lock:
            if not self._is_closed:
                self._pending[pending.job.id] = pending
                self._put(pending.job)
                return pending.future
        pending.future.set_exception(JobCancelled())
        return pending.future

    def cancel(self, future: Future[Result] | None = None) -> None:
        """Asks a submitted job, or the running one, to stop: `Generate` then ends with what there
        is, others raise JobCancelled."""
        with self._lock:
            for job_id, pending in self._pending.items():
                is_first = future is None and not isinstance(pending.job.request, SetScales)
                if is_first or pending.future is future:
                    self._put(Cancel(job_id))
                    return

    def close(self) -> None:
        """Ends the process and the thread, and waits for both; unfinished jobs are cancelled, and
        so are those submitted from now on."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._wake()
        self._thread.join()

    def _put(self, message: Job | Cancel) -> None:
        """Called with the lock. The worker takes all that is there, so that one wake-up does."""
        self._outbox.append(message)
        if len(self._outbox) == 1 and not self._is_closed:
            self._wake()

    def _wake(self) -> None:
        self._wake_writer.send_bytes(b"!")

    # --- the worker thread -------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            sources = [self._wake_reader, *([self._pipe] if self._pipe else [])]
            for source in wait(sources):
                if source is self._wake_reader:
                    self._wake_reader.recv_bytes()
                    if not self._send_outbox():
                        return
                else:
                    self._receive()

    def _send_outbox(self) -> bool:
        """False when the client was closed, and all has ended."""
        with self._lock:
            messages, self._outbox = self._outbox, []
            is_closed = self._is_closed
        if is_closed:
            self._end()
            return False
        for message in messages:
            job_id = message.id if isinstance(message, Job) else message.job_id
            if job_id in self._pending:  # else it failed with the process that died before it
                self._send(message)
        return True

    def _send(self, message: Job | Cancel) -> None:
        if self._process is None:
            try:
                self._start()
            except OSError as error:
                self._fail_process(f"The engine process could not be started: {error.strerror}.")
                return
        assert self._pipe is not None
        with suppress(OSError):  # it has died: receiving will say so
            self._pipe.send(message)
        if self._is_ready:
            self._update_state()

    def _start(self) -> None:
        self._log.clear()
        self._is_ready = False
        self._set_state(EngineState("starting"))
        pipe, theirs = Pipe()
        fd = theirs.fileno()
        self._process = subprocess.Popen(
            [*_COMMAND, str(fd)],
            cwd=_ROOT,
            pass_fds=(fd,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**_ENVIRONMENT, **os.environ},
        )
        theirs.close()
        self._pipe = pipe
        self._stderr = threading.Thread(target=self._read_stderr, args=(self._process,))
        self._stderr.start()

    def _read_stderr(self, process: subprocess.Popen[bytes]) -> None:
        """What a crash says bypasses the library's own log. Runs on a thread of its own."""
        assert process.stderr is not None
        for line in process.stderr:
            self._log.append(line.decode(errors="replace").rstrip())

    def _receive(self) -> None:
        assert self._pipe is not None
        try:
            message: FromEngine = self._pipe.recv()
        except (EOFError, OSError):
            self._process_ended()
            return
        match message:
            case Ready():
                self._is_ready = True
                self._update_state()
            case LogLine(text):
                self._log.append(text)
            case JobEvent(job_id, event):
                self._deliver(job_id, event)
            case JobResult(job_id, result):
                self._finish(job_id, result)
            case JobStop(job_id):
                self._finish(job_id, JobCancelled())
            case JobFailure(job_id, text):
                self._finish(job_id, EngineError(text, tuple(self._log)))

    def _deliver(self, job_id: int, event: Event) -> None:
        """A listener that fails ends its job with the same error."""
        pending = self._pending.get(job_id)
        if pending is None:
            return
        try:
            pending.on_event(event)
        except Exception as error:  # the border: this thread goes on
            self._send(Cancel(job_id))
            self._finish(job_id, error)

    def _finish(self, job_id: int, outcome: Result | Exception) -> None:
        with self._lock:
            pending = self._pending.pop(job_id, None)
        if pending is None:
            return
        self._update_state()
        if isinstance(outcome, Exception):
            pending.future.set_exception(outcome)
        else:
            pending.future.set_result(outcome)

    def _process_ended(self) -> None:
        """The process is gone by itself: says why."""
        status = self._reap()
        if self._is_ready:
            self._fail_process(_how_it_ended(status))
        else:
            why = self._log[-1] if self._log else f"exit status {status}"
            self._fail_process(f"The engine process could not start: {why}")

    def _fail_process(self, detail: str) -> None:
        """Fails what the process had to do."""
        self._set_state(EngineState("died", detail=detail))
        self._fail_all(EngineDied(detail, tuple(self._log)))

    def _end(self) -> None:
        if self._process is not None:
            self._reap()
        self._set_state(EngineState("off"))
        self._fail_all(JobCancelled())
        self._wake_reader.close()
        self._wake_writer.close()

    def _reap(self) -> int:
        """Closes the pipe, which ends a living process, and returns the exit status."""
        assert self._process is not None
        assert self._pipe is not None
        self._pipe.close()
        process, self._process, self._pipe = self._process, None, None
        try:
            status = process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        self._stderr.join()
        return status

    def _fail_all(self, error: Exception) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        for one in pending.values():
            one.future.set_exception(error)

    def _update_state(self) -> None:
        pid = self._process.pid if self._process else None
        with self._lock:
            running = next(iter(self._pending.values()), None)
        if running is None:
            self._set_state(EngineState("idle", pid=pid))
        else:
            self._set_state(EngineState("busy", type(running.job.request).__name__, pid=pid))

    def _set_state(self, state: EngineState) -> None:
        if state != self._state:
            self._state = state
            self._on_state(state)


def _how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"The engine process ended unexpectedly (exit status {status})."
    name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    if status == -signal.SIGKILL:
        return (
            "The engine process was killed (SIGKILL). The system does that when memory runs "
            "out: use a smaller context or fewer layers."
        )
    return f"The engine process crashed ({name})."
