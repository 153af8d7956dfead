"""What can go wrong with the engine, as its client raises it."""

from __future__ import annotations


class EngineError(Exception):
    """A job failed; the engine goes on. `log` holds the backend's last lines, oldest first."""

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log = log


class EngineDied(EngineError):
    """The engine process ended by itself or was killed; the next job starts a new one."""


class JobCancelled(Exception):
    """The job was stopped because the user asked for it."""
