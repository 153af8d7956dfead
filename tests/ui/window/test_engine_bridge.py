"""What a job tells on the way to the window: gathered, in order, and all of it before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from app.engine.messages import Close, Done, Event, Request, Result, TextPiece
from app.ui.state.engine_bridge import EngineBridge


class OneJob:
    """A client whose job the test tells of and ends."""

    def __init__(self) -> None:
        self.future: Future[Result] = Future()

    def submit(
        self, _request: Request, on_event: Callable[[Event], None] = lambda _event: None
    ) -> Future[Result]:
        self.tell = on_event
        return self.future

    def cancel(self, future: Future[Result] | None = None) -> None: ...

    def close(self) -> None: ...


def test_pieces_come_gathered_in_order_and_all_before_the_end(
    qtbot: QtBot, loop: QEventLoop
) -> None:
    client = OneJob()
    bridge = EngineBridge(lambda _on_state: client)
    heard: list[Sequence[Event]] = []

    async def work() -> None:
        running = asyncio.ensure_future(bridge.stream(Close(), heard.append))
        await asyncio.sleep(0)
        client.tell(TextPiece("0"))
        while not heard:
            await asyncio.sleep(0.001)
        for n in range(1, 200):
            client.tell(TextPiece(str(n)))
        client.future.set_result(Done())
        await running

    task = loop.create_task(work())
    qtbot.waitUntil(task.done)
    task.result()
    assert [e.text for events in heard for e in events] == [str(n) for n in range(200)]
    assert len(heard) <= 3, "not one by one"
