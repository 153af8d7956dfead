"""A reply of 2,000 tokens that streams into a conversation of 20,000, and how fast the window is at
it beside the engine alone."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from statistics import median

from PySide6.QtCore import QSettings, QTimer

from app.engine.client import EngineClient, EngineState
from app.engine.messages import Event, Generate, Open, Reply, Request, Result, TextPiece
from app.ui.application import make_loop, open_first
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.bench.row import Row
from tests.bench.window import TALKATIVE
from tests.ui.fake_engine import FakeEngine, Script

N_TOKENS, TOKENS_PER_S = 2000, 200
N_HISTORY = 20_000
N_SPOKEN = 300
N_REPLIES, N_STOPS = 3, 3
PART = """## A part with a *title*

It has **several** words in a paragraph, some `code` in it and a [link](https://example.org), and it
goes on for as long as such paragraphs do, which is often a line or two more than one would think.

1. First of all
2. Then this, with **weight**
   - and something under it

```python
def keeper(light: float) -> str:
    return "on" if light < 0.5 else "off"
```

| what | how much |
| --- | --- |
| waves | 12 |

"""


class Paced(FakeEngine):
    """Tells a long reply token by token at an even speed."""

    def submit(
        self, request: Request, on_event: Callable[[Event], None] = lambda _event: None
    ) -> Future[Result]:
        def at_its_time(event: Event) -> None:
            if isinstance(event, TextPiece):
                time.sleep(max(0.0, self._next - time.perf_counter()))
                self._next = max(self._next, time.perf_counter() - 0.1) + 1 / TOKENS_PER_S
            on_event(event)

        self._next = 0.0
        return super().submit(request, at_its_time)


def rows(model: Path) -> Iterator[Row]:
    """All rows of streaming."""
    with tempfile.TemporaryDirectory() as folder, make_loop() as loop:
        settings = Settings(QSettings(str(Path(folder, "b.ini")), QSettings.Format.IniFormat))
        script = Script(pieces=tuple(_tokens(PART * 40)[:N_TOKENS]))
        window = _window(settings, model, lambda on_state: Paced(on_state, script))
        gap_ms = loop.run_until_complete(_longest_gap_ms(window))
    yield Row("stream-gap", gap_ms, "ms", "< 16")
    with tempfile.TemporaryDirectory() as folder, make_loop() as loop:
        settings = Settings(QSettings(str(Path(folder, "b.ini")), QSettings.Format.IniFormat))
        window = _window(settings, model, EngineClient)
        ratio, stop_ms, n_too_many = loop.run_until_complete(_beside_the_engine(window))
    yield Row("window-tokens-per-s", ratio, "ratio", ">= 0.97", "the engine alone")
    yield Row("stop", stop_ms, "ms", "< 100", f"median of {N_STOPS}")
    yield Row("follow-up-evaluated", n_too_many, "tokens", "<= 0", "beyond the new ones")


def _window(
    settings: Settings, model: Path, make_client: Callable[[Callable[[EngineState], None]], object]
) -> MainWindow:
    estimator = EngineBridge(lambda on_state: FakeEngine(on_state, Script()))
    window = MainWindow(EngineBridge(make_client), estimator, settings, lambda: model)  # type: ignore[arg-type]
    window.restore_layout()
    window.show()
    return window


def _tokens(text: str) -> list[str]:
    """Pieces of about the length of tokens."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


async def _longest_gap_ms(window: MainWindow) -> float:
    """The event loop's longest gap while one reply streams."""
    await open_first(window, (), None)
    await _until(lambda: bool(window.services.model.paths))
    chat = window.chat
    parent = None
    n = N_HISTORY // len(_tokens(PART))
    for _ in range(n // 2):
        for role in ("user", "assistant"):
            message = window.services.conversations.current.add(role, PART, parent)
            parent = message.id
    window.services.conversations.save(window.services.conversations.current.messages.values())
    window.services.conversations.replaced.emit()
    await asyncio.sleep(2)
    gaps = []
    ticks = QTimer(window, interval=1)
    last = 0.0

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    ticks.timeout.connect(tick)
    chat.flow.send("Tell me more.")
    view = chat.transcript.messages[-1]
    await _until(lambda: chat.transcript.messages[-1] is not view)
    view = chat.transcript.messages[-1]
    await _until(lambda: bool(view.text))
    gaps.clear()
    last = time.perf_counter()
    ticks.start()
    await _until(lambda: not chat.flow.busy)
    ticks.stop()
    assert len(view.text) >= 4 * (N_TOKENS - 1)
    await _close(window)
    return max(gaps) * 1e3


async def _beside_the_engine(window: MainWindow) -> tuple[float, float, float]:
    """The window's tokens a second in those of the engine alone, the ms that Stop takes, and the
    tokens that a follow-up evaluated beyond the new ones."""
    await open_first(window, (str(TALKATIVE),), None)
    await _until(lambda: bool(window.services.model.paths))
    chat = window.chat
    chat.sampling.temperature.setValue(0.0)
    chat.sampling.n_predict.setValue(N_SPOKEN)
    chat.flow.send("Tell a long story about the sea.")
    await _until(lambda: not chat.flow.busy)
    chat.flow.send("And about the mountains.")
    await _until(lambda: not chat.flow.busy)
    first, follow_up = (
        m.record for m in window.services.conversations.current.path if m.record is not None
    )
    n_too_many = follow_up.statistics.n_prompt_evaluated - (
        follow_up.statistics.n_prompt - first.statistics.n_ctx_used
    )
    running = window.services.conversations.current
    request = Generate(
        running.prompt_for(running.path[0].id),
        n_predict=N_SPOKEN,
        sampling=window.services.reply_settings.chat.sampling,
    )
    recipe = window.services.runner.recipe
    assert recipe is not None
    paths = tuple(str(path) for path in window.services.model.paths)
    opening = Open(paths, recipe, window.services.reply_settings.chat.context)
    alone = EngineClient()
    await asyncio.wrap_future(alone.submit(opening))
    ratios = []
    for _ in range(N_REPLIES):
        chat.conversation_actions.begin()
        chat.flow.send("Tell a long story about the sea.")
        seen = await _seen_per_s(window)
        ratios.append(seen / await asyncio.to_thread(_told_per_s, alone, request))
    alone.close()
    chat.sampling.n_predict.setValue(0)
    stops = [await _stop_ms(window) for _ in range(N_STOPS)]
    await _close(window)
    return median(ratios), median(stops), n_too_many


async def _seen_per_s(window: MainWindow) -> float:
    """Tokens a second from the first text in the transcript to the end of the reply."""
    chat = window.chat
    await _until(lambda: chat.transcript.last("reply") is not None)
    view = chat.transcript.last("reply")
    assert view is not None
    await _until(lambda: bool(view.text))
    ended = asyncio.Event()
    connection = chat.flow.busy_changed.connect(lambda _busy: ended.set())
    begun = time.perf_counter()
    await ended.wait()  # without looking time and again, which takes from the engine
    took = time.perf_counter() - begun
    chat.flow.disconnect(connection)
    record = window.services.conversations.current.path[-1].record
    assert record is not None
    return (record.statistics.n_generated - 1) / took


def _told_per_s(client: EngineClient, request: Generate) -> float:
    """The same as the client hears it."""
    begun = threading.Event()
    at = 0.0

    def hear(event: Event) -> None:
        nonlocal at
        if isinstance(event, TextPiece) and not begun.is_set():
            at = time.perf_counter()
            begun.set()

    reply = client.submit(request, hear).result()
    assert isinstance(reply, Reply)
    return (reply.statistics.n_generated - 1) / (time.perf_counter() - at)


async def _stop_ms(window: MainWindow) -> float:
    """From the order to stop until the chat is free again, after some text has come."""
    chat = window.chat
    chat.conversation_actions.begin()
    chat.flow.send("Tell a very long story about the sea.")
    await _until(lambda: chat.transcript.last("reply") is not None)
    view = chat.transcript.last("reply")
    assert view is not None
    await _until(lambda: len(view.text) > 40)
    begun = time.perf_counter()
    chat.flow.stop()
    await _until(lambda: not chat.flow.busy)
    return (time.perf_counter() - begun) * 1e3


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.002)


async def _close(window: MainWindow) -> None:
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    for document in window.services.documents.all:
        document.undo_stack.setClean()
    window.close()
    await closed.wait()
