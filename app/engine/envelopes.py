"""What jobs and answers cross the pipe in, between the app and the engine process."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import Event, Request, Result


@dataclass(frozen=True, slots=True)
class Job:
    """A request on its way to the engine; its id comes back with everything said of it."""

    id: int
    request: Request


@dataclass(frozen=True, slots=True)
class Cancel:
    """Asks a job to stop, running or waiting."""

    job_id: int


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something a running job tells on the way."""

    job_id: int
    event: Event


@dataclass(frozen=True, slots=True)
class JobResult:
    """A job's end."""

    job_id: int
    result: Result


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job's end with an error, in words for the user."""

    job_id: int
    message: str


@dataclass(frozen=True, slots=True)
class JobStop:
    """A job's end because it was cancelled and has nothing to give."""

    job_id: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the native library's log."""

    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The process is up and takes jobs."""

    pid: int


FromEngine = JobEvent | JobResult | JobFailure | JobStop | LogLine | Ready
