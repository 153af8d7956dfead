"""Drives a canvas and times its frames, the same for every canvas: imports nothing of the program.

A frame is from the call or event that moves something to the return of Qt from painting it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

N_PAN_FRAMES = 60
PAN_PIXELS = 24, 14
ZOOM_STEP = 1.1
N_ZOOM_STEPS = 24
N_DRAG_FRAMES = 60


class Driven(Protocol):
    """What a canvas has to offer to be measured. Points are of the viewport, in pixels."""

    def viewport(self) -> QWidget: ...

    def look_at_hub(self, zoom: float) -> QPoint:
        """Look at the block with many links. Returns where it can be taken hold of."""

    def look_at_all(self) -> None: ...

    def pan(self, across: int, down: int) -> None: ...

    def zoom(self, factor: float) -> None: ...


Command = Callable[..., list[float]]


def commands(driven: Driven) -> dict[str, Command]:
    """What can be measured: frames in milliseconds."""

    def pan(zoom: float) -> list[float]:
        driven.look_at_hub(zoom)
        return _frames(driven, (lambda way=way: driven.pan(*way) for way in _there_and_back()))

    def pan_all() -> list[float]:
        driven.look_at_all()
        return _frames(driven, (lambda way=way: driven.pan(*way) for way in _there_and_back()))

    def zoom(start: float) -> list[float]:
        driven.look_at_hub(start)
        factors = [1 / ZOOM_STEP] * N_ZOOM_STEPS + [ZOOM_STEP] * N_ZOOM_STEPS
        return _frames(driven, (lambda factor=factor: driven.zoom(factor) for factor in factors))

    def drag() -> list[float]:
        at = driven.look_at_hub(1.0)
        _mouse(driven, QEvent.Type.MouseButtonPress, at)
        path = [at + QPoint(5 * n, 3 * n) for n in range(1, N_DRAG_FRAMES // 2 + 1)]
        path += [*path[-2::-1], at]
        moves = (lambda to=to: _mouse(driven, QEvent.Type.MouseMove, to) for to in path)
        times = _frames(driven, moves)
        _mouse(driven, QEvent.Type.MouseButtonRelease, at)
        return times[2:]

    return {"pan": pan, "pan-all": pan_all, "zoom": zoom, "drag": drag}


def serve(known: Mapping[str, Command]) -> None:
    """Answers each line of JSON, a command with its arguments, with a line of milliseconds."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(known[name](*arguments)), flush=True)


def settle(seconds: float = 0.4) -> float:
    """Let everything come to rest. Returns how long the interface's thread worked for it, in ms."""
    app = QApplication.instance()
    assert app is not None
    end, busy = time.perf_counter() + seconds, 0.0
    while (begun := time.perf_counter()) < end:
        app.processEvents()
        took = time.perf_counter() - begun
        if took > 0.0002:
            busy += took
        else:
            time.sleep(0.0005)
    return busy * 1e3


class _Paints(QObject):
    """Counts the paint events of a viewport."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.n = 0
        viewport.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.Paint
        return False


def _frames(driven: Driven, moves: Iterable[Callable[[], object]]) -> list[float]:
    settle()
    app = QApplication.instance()
    assert app is not None
    paints = _Paints(driven.viewport())
    times = []
    for n, move in enumerate(moves, 1):
        begun = time.perf_counter()
        move()
        while paints.n < n:
            app.processEvents()
        times.append((time.perf_counter() - begun) * 1e3)
        paints.n = n
    driven.viewport().removeEventFilter(paints)
    paints.deleteLater()
    return times


def _there_and_back() -> list[tuple[int, int]]:
    across, down = PAN_PIXELS
    return [(-across, -down)] * (N_PAN_FRAMES // 2) + [(across, down)] * (N_PAN_FRAMES // 2)


def _mouse(driven: Driven, kind: QEvent.Type, at: QPoint) -> None:
    viewport = driven.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    on_screen = QPointF(viewport.mapToGlobal(at))
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(viewport, QMouseEvent(kind, QPointF(at), on_screen, button, held, keys))
