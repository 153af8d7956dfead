"""The program's window with the large plan in it, measured when asked; see frames.py.

`python -m tests.bench.canvas_ours FOLDER` in which files may be put.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.plan import edits, files
from app.plan.document import MergeBlock, Plan
from app.plan.writer import write_document
from app.ui.application import make_loop, show_window
from app.ui.canvas import Canvas
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.bench.big_plan import HUB, N_WEIGHT_LAYERS, big_plan, placed_plan
from tests.bench.frames import commands, serve, settle

SIZE = 1600, 900
N_EDITS = 24
AREAS = {
    "Problems": Qt.DockWidgetArea.BottomDockWidgetArea,
    "Text": Qt.DockWidgetArea.LeftDockWidgetArea,
    "History": Qt.DockWidgetArea.LeftDockWidgetArea,
    "List": Qt.DockWidgetArea.RightDockWidgetArea,
}
"""Where the views stand side by side: one behind another's tab would do no work."""


class Ours:
    """The program's canvas, as frames.py drives it."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def viewport(self) -> QWidget:
        return self._canvas.viewport()

    def look_at_hub(self, zoom: float) -> QPoint:
        canvas, item = self._canvas, self._canvas.plan_scene.blocks[HUB]
        canvas._look_at(item.scene_rect().center(), zoom)
        title = item.scene_rect().center()
        title.setY(item.scene_rect().bottom() - 6)
        return canvas.mapFromScene(title)

    def look_at_all(self) -> None:
        self._canvas.fit_all()

    def pan(self, across: int, down: int) -> None:
        self._canvas.pan_by(QPoint(across, down).toPointF())

    def zoom(self, factor: float) -> None:
        self._canvas.zoom_by(factor)


class Work:
    """Opens, edits and undoes in the whole window."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._folder = folder
        self._n_opened = 0

    def size(self) -> list[float]:
        """The canvas's size while all docks are put away, as for all frames."""
        self._show_docks(())
        window = self._window.canvas.viewport()
        return [window.width(), window.height()]

    def open(self) -> list[float]:
        """A file that nobody has laid out: from its name to the painted canvas."""
        path = self._folder / f"plan {self._n_opened}.txt"
        self._n_opened += 1
        files.save(path, write_document(big_plan()))
        self._show_docks(("Problems",))
        begun = time.perf_counter()
        task = asyncio.get_running_loop().create_task(self._window.services.documents.open(path))
        while not task.done():
            QApplication.processEvents()
        QApplication.processEvents()
        took = time.perf_counter() - begun
        assert task.result()
        return [took * 1e3]

    def edit(self) -> list[float]:
        """Edits with every view in sight, until all of them are up to date."""
        self._show_docks(tuple(AREAS))
        return [ms for n in range(N_EDITS) for ms in [self._time(lambda n=n: self._edit(n))]]

    def undo(self) -> list[float]:
        """Undo and redo of the edits before, likewise."""
        stack = self._window.services.editor.undo_stack
        back = [self._time(stack.undo) for _ in range(N_EDITS // 2)]
        return back + [self._time(stack.redo) for _ in range(N_EDITS // 2)]

    def _edit(self, n: int) -> None:
        editor, id_ = self._window.services.editor, f"b{100 + 30 * n}"
        label, after = _edited(editor.plan, id_, n)
        editor.apply(label, after)

    def _time(self, act) -> float:
        settle(0.05)
        begun = time.perf_counter()
        act()
        acting = (time.perf_counter() - begun) * 1e3
        return acting + settle(0.25)

    def _show_docks(self, titles: tuple[str, ...]) -> None:
        for title, dock in self._window.docks.items():
            if title in AREAS:
                self._window.addDockWidget(AREAS[title], dock)
            dock.setVisible(title in titles)
        settle()
        assert not any(self._window.docks[title].visibleRegion().isEmpty() for title in titles)


def _edited(plan: Plan, id_: str, n: int) -> tuple[str, Plan]:
    """Another scale, weight range, link or block, by turns."""
    block = plan.blocks[id_]
    if n % 4 == 0:
        return "Change range", edits.set_weights(plan, id_, 3 + n % 5, 2)
    if n % 4 == 1:
        merge = plan.blocks[f"b{int(id_[1:]) + 1}"]
        assert isinstance(merge, MergeBlock)
        return "Change scale", edits.set_scale(plan, merge.id, 0, 0.25 + n / 100)
    if n % 4 == 2:
        return "Rename", edits.rename(plan, id_, f"Edit {n}")
    assert block.id == id_
    return "Delete block", edits.remove(plan, (id_,), heal=True)


def _main(folder: str) -> None:
    store = QSettings(str(Path(folder, "bench.ini")), QSettings.Format.IniFormat)
    with make_loop() as loop:
        window = show_window(Settings(store))
        window.setGeometry(0, 0, *SIZE)
        window.services.editor.set_weight_layer_count(N_WEIGHT_LAYERS)
        window.services.editor.replace_document(placed_plan())
        work = Work(window, Path(folder))
        known = {"size": work.size, "open": work.open, "edit": work.edit, "undo": work.undo}

        def answer() -> None:
            serve({**commands(Ours(window.canvas)), **known})
            os._exit(0)  # what was edited is of no worth, so nothing needs to be closed

        loop.call_soon(answer)
        loop.run_forever()


if __name__ == "__main__":
    _main(sys.argv[1])
