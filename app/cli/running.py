"""Requests that a command has done by an engine process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from app.engine.client import EngineClient, OnEvent
from app.engine.messages import Generate, Request, Result


@contextmanager
def engine() -> Iterator[Runner]:
    """An engine process for as long as the block runs."""
    client = EngineClient()
    try:
        yield Runner(client)
    finally:
        client.close()


class Runner:
    """Does requests one by one; Ctrl-C stops the one that runs and keeps what it gives."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client

    def __call__(self, request: Request, on_event: OnEvent | None = None) -> Result:
        future: Future[Result] = self._client.submit(request, on_event or (lambda event: None))
        try:
            return future.result()
        except KeyboardInterrupt:
            if not isinstance(request, Generate):
                raise
            self._client.cancel()
            return future.result()

    async def awaited(self, request: Request, on_event: OnEvent | None = None) -> Result:
        """The same for who awaits, as the window does; Ctrl-C is the caller's."""
        return await asyncio.wrap_future(
            self._client.submit(request, on_event or (lambda event: None))
        )

    def cancel(self) -> None:
        """Asks the running request to stop."""
        self._client.cancel()
