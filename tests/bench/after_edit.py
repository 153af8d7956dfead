"""How soon the simulated memory estimate follows an edit in the window."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from PySide6.QtCore import QSettings

from app.plan import edits
from app.ui.application import make_loop, open_first, show_window
from app.ui.state.memory_figures import MemoryFigures
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.bench.row import Row

N_EDITS = 20


def rows(_model: Path) -> Iterator[Row]:
    """The row of this part."""
    with tempfile.TemporaryDirectory() as folder, make_loop() as loop:
        store = QSettings(str(Path(folder, "bench.ini")), QSettings.Format.IniFormat)
        window = show_window(Settings(store))
        times = loop.run_until_complete(_edits(window))
    peer = f"median of {N_EDITS} edits, the longest {max(times):.0f} ms"
    yield Row("estimate-after-edit", median(times), "ms", "< 30", peer)


async def _edits(window: MainWindow) -> list[float]:
    await open_first(window, (), None)
    shown = asyncio.Event()

    def take(figures: MemoryFigures) -> None:
        if figures.is_dry_run:
            shown.set()

    window.services.memory_watch.estimated.connect(take)
    editor, times = window.services.editor, []
    await shown.wait()
    first = editor.lowered.block_ids[0]
    for n in range(N_EDITS):
        await asyncio.sleep(0.1)
        shown.clear()
        begun = time.perf_counter()
        editor.apply("Change layers", edits.set_weights(editor.plan, first, n % 2, 20))
        await shown.wait()
        times.append((time.perf_counter() - begun) * 1e3)
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    editor.mark_saved()
    window.close()
    await closed.wait()
    return times
