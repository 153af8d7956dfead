"""The canvas's figures on a real X server, beside NodeGraphQt with the same nodes and links."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from app.plan.document import TOKENS
from app.plan.kinds import links_into
from app.ui import kinds
from tests.bench.big_plan import HUB, placed_plan
from tests.bench.processes import ROOT, Answering, answering, environment, peer_python, screen
from tests.bench.row import Row

SIZE = 1600, 900
N_OPENED = 3
N_STARTS = 3
PEER = "NodeGraphQt 0.6.44, same run"
SCENARIOS: tuple[tuple[str, str, tuple[float, ...], float], ...] = (
    *((f"pan-at-{zoom:g}", "pan", (zoom,), 10.0) for zoom in (2.0, 1.0, 0.5, 0.25)),
    ("pan-all-in-view", "pan-all", (), 10.0),
    ("zoom-sweep", "zoom", (1.0,), 10.0),
    ("drag-20-links", "drag", (), 8.0),
)
"""Each row's name, the command with its arguments, and the most that its p95 may be, in ms."""


def rows(_model: Path) -> Iterator[Row]:
    """All rows of the canvas; none where there is no Xvfb, which is said."""
    kinds.install()  # the plan is laid out by the sizes of its blocks
    with screen(SIZE) as display, tempfile.TemporaryDirectory() as folder:
        if display is None:
            print("The canvas is not measured: Xvfb is not installed.", file=sys.stderr)
            return
        module = "tests.bench.canvas_ours"
        with answering(sys.executable, display, [module, folder]) as ours:
            yield from _frame_rows(ours, display, Path(folder))
            for id_, command, goal in (("edit", "edit", 30.0), ("undo-redo", "undo", 20.0)):
                yield from _rows(f"canvas-{id_}", ours.ask(command), goal, "1,000 blocks")
            opened = [ms for _ in range(N_OPENED) for ms in ours.ask("open")]
            yield from _rows("canvas-open", opened, 700.0, "1,000 blocks, not laid out")
        yield from _rows("canvas-first-paint", _first_paints(display), 400.0, "from a warm disk")


def _frame_rows(ours: Answering, display: str, folder: Path) -> Iterator[Row]:
    """Frames of both canvases by turns, so that neither has the quieter time."""
    size = [str(int(length)) for length in ours.ask("size")]
    graph = folder / "graph.json"
    graph.write_text(json.dumps(_graph()))
    words = ["tests.bench.canvas_peer", str(graph), *size]
    with answering(peer_python(), display, words) as theirs:
        for n, (id_, command, arguments, goal) in enumerate(SCENARIOS):
            sides = (ours, theirs) if n % 2 == 0 else (theirs, ours)
            times = {side: side.ask(command, *arguments) for side in sides}
            our, their = times[ours], times[theirs]
            yield from _rows(f"canvas-{id_}", our, goal)
            for name, figure in (("median", median), ("p95", _p95)):
                ratio = figure(their) / figure(our)
                yield Row(f"canvas-{id_}-{name}-ratio", ratio, "times faster", ">= 8", PEER)


def _rows(id_: str, times: list[float], goal: float, words: str = "") -> Iterator[Row]:
    yield Row(f"{id_}-median", median(times), "ms", f"< {goal:g}", words)
    yield Row(f"{id_}-p95", _p95(times), "ms", f"< {goal:g}", words)


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]


def _graph() -> dict[str, object]:
    """The large plan's nodes and links for a canvas that knows no plan."""
    blocks = placed_plan().blocks
    nodes = {i: [*(b.position or (0, 0)), len(links_into(b))] for i, b in blocks.items()}
    links = [
        [source, id_, port]
        for id_, block in blocks.items()
        for port, source in enumerate(links_into(block))
        if source not in (None, TOKENS)
    ]
    return {"nodes": nodes, "links": links, "hub": HUB}


def _first_paints(display: str) -> list[float]:
    """Milliseconds from the start of the process to the window's first paint, after a first one."""
    times = []
    for _ in range(N_STARTS + 1):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.first_paint", str(time.time())],
            env=environment(display),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        times.append(float(done.stdout) * 1e3)
    return times[1:]
