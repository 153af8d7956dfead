"""The window's figures: first paint, and the event loop while a reply streams."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from PySide6.QtCore import QSettings, QTimer

from app.ui.application import make_loop, open_first, show_window
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.bench.processes import ROOT
from tests.bench.row import Row

N_STARTS = 3
N_REPLIES = 3
TALKATIVE = ROOT / "plans" / "two-endings.txt"
"""A plan whose replies are long."""
PROMPT = "Tell a long story about a lighthouse keeper and the sea."


def rows(_model: Path) -> Iterator[Row]:
    """All of the window's rows."""
    yield Row("first-paint", _first_paint_s(), "s", "< 1.5")
    with tempfile.TemporaryDirectory() as folder, make_loop() as loop:
        store = QSettings(str(Path(folder, "bench.ini")), QSettings.Format.IniFormat)
        window = show_window(Settings(store))
        longest_ms, n_tokens = loop.run_until_complete(_stream(window))
    yield Row("event-loop-stall", longest_ms, "ms", "< 32", f"median of {N_REPLIES} replies")
    yield Row("streamed-tokens", n_tokens, "tokens", ">= 500")


def _first_paint_s() -> float:
    """The median over starts with warm files."""
    times = []
    for _ in range(N_STARTS + 1):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.first_paint", str(time.time())],
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(float(done.stdout))
    return median(times[1:])


async def _stream(window: MainWindow) -> tuple[float, int]:
    """The event loop's longest gap in ms, and the tokens streamed.

    The longest gap of a reply is taken, and of the replies the median: what other processes take
    from this one hits some, what the window itself does hits all.
    """
    await open_first(window, (str(TALKATIVE),), None)
    window.chat.sampling.seed.setValue(1)
    window.chat.sampling.n_predict.setValue(200)
    await _reply(window)
    gaps, n_tokens = [], 0
    ticks = QTimer(window, interval=1)
    last = longest = 0.0

    def tick() -> None:
        nonlocal last, longest
        now = time.perf_counter()
        longest, last = max(longest, now - last), now

    ticks.timeout.connect(tick)
    for _ in range(N_REPLIES):
        last, longest = time.perf_counter(), 0.0
        ticks.start()
        n_tokens += await _reply(window)
        ticks.stop()
        gaps.append(longest * 1e3)
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    window.services.editor.mark_saved()
    window.close()
    await closed.wait()
    return median(gaps), n_tokens


async def _reply(window: MainWindow) -> int:
    """Has one prompt answered and returns how many tokens came."""
    window.chat.composer.setPlainText(PROMPT)
    window.chat.composer.submit()
    while window.chat.flow.busy:
        await asyncio.sleep(0.01)
    last = window.chat.transcript.messages[-1]
    assert last.kind == "reply", last.text
    return int(last.footer.split(" tokens", 1)[0])
