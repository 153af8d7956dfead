"""The whole window over a stand-in engine, and what tests do in it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.conversations.conversation import SystemMode
from app.plan import edits
from app.ui.state.document import Document
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_figures import MemoryFigures
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.ui.fake_engine import FakeEngine, Script
from tests.ui.hands import NO_KEY

PLAN = """WeightBlock; 0; 2; 0; -1
WeightBlock; 2; 4; 2; 0
WeightBlock; 4; 5; 3; 0
MergeBlock; 1; 0.5; 2; 0.5
TotalLayers; 5
"""
PATIENCE_MS = 20_000
"""How long a machine that is busy with other things may take to open a window or a file."""
T = TypeVar("T")
W = TypeVar("W", bound=QWidget)


@dataclass
class Bench:
    """The window, its engine and the hands that work on it."""

    window: MainWindow
    script: Script
    engines: list[FakeEngine]
    estimators: list[FakeEngine]
    qtbot: QtBot
    folder: Path

    @property
    def figures(self) -> MemoryFigures | None:
        """What the plan needs of the memory, as far as it is known."""
        return self.window.services.memory_watch.figures

    @property
    def engine(self) -> FakeEngine:
        """The engine, once the window has asked it for anything."""
        self.qtbot.waitUntil(lambda: bool(self.engines))
        return self.engines[0]

    @property
    def estimator(self) -> FakeEngine:
        """The engine of the dry runs, as above."""
        self.qtbot.waitUntil(lambda: bool(self.estimators))
        return self.estimators[0]

    def wait_for(self, kind: type[W]) -> W:
        """The window of this kind that is in sight, waited for."""

        def found() -> list[W]:
            return [widget for widget in self.window.findChildren(kind) if widget.isVisible()]

        self.qtbot.waitUntil(lambda: bool(found()), timeout=PATIENCE_MS)
        return found()[0]

    def open_with(self, kind: type[W], key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> W:
        """The window of this kind that a key opens."""
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow)
        self.qtbot.keyClick(self.window, key, keys)
        return self.wait_for(kind)

    def dialog(self) -> QMessageBox:
        """The question or message that is shown, waited for."""
        return self.wait_for(QMessageBox)

    def answer(self, words: str) -> str:
        """Press the dialog's button with these words; what the dialog said."""
        box = self.dialog()
        said = f"{box.text()} {box.informativeText()}"
        next(b for b in box.buttons() if b.text() == words).click()
        self.qtbot.waitUntil(lambda: not box.isVisible())
        return said

    def pick(self, *paths: Path, kind: str = "") -> None:
        """Type names into the file dialog that is shown, and press Enter."""
        dialog = self.wait_for(QFileDialog)
        if kind:
            dialog.selectNameFilter(kind)
            dialog.filterSelected.emit(kind)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        name = dialog.findChild(QLineEdit)
        name.setText(" ".join(f'"{path}"' for path in paths) if paths[1:] else str(paths[0]))
        self.qtbot.keyClick(name, Qt.Key.Key_Return)
        self.qtbot.waitUntil(lambda: not dialog.isVisible())

    def menu(self, title: str) -> QMenu:
        """The menu with this title in the menu bar or in one of its menus."""
        menus = self.window.menuBar().findChildren(QMenu)
        return next(menu for menu in menus if menu.title().replace("&", "") == title)

    def run(self, work: Coroutine[object, object, T]) -> T:
        """The result of a coroutine, run in the window's loop."""
        task = self.window.services.tasks.start(work)
        self.qtbot.waitUntil(task.done, timeout=PATIENCE_MS)
        return task.result()

    def open_plan(self, name: str, text: str = PLAN) -> Document:
        """Another plan in a tab of its own."""
        path = self.folder / name
        path.write_text(text)
        self.window.files.open_plan(path)
        self.qtbot.waitUntil(lambda: self.window.services.documents.active.path == path)
        return self.window.services.documents.active

    def set_scale(self, scale: float) -> None:
        """Move the first scale of the plan's output, as a drag of its fader does."""
        editor = self.window.services.editor
        merge = editor.lowered.block_ids[-1]
        plan = edits.set_scale(editor.plan, merge, 0, scale)
        editor.apply("Change scale", plan, merge_key="drag")

    def rename_first(self, title: str = "Renamed") -> None:
        """Rename the first block."""
        editor = self.window.services.editor
        editor.apply("Rename", edits.rename(editor.plan, editor.lowered.block_ids[0], title))

    def choose_system(self, mode: SystemMode) -> None:
        """Choose which system message goes first."""
        box = self.window.chat.system.mode_box
        box.setCurrentIndex(box.findData(mode))

    def wait_idle(self) -> None:
        """Wait until no reply and no opening is under way."""
        self.qtbot.waitUntil(lambda: not self.window.chat.flow.busy)

    def say(self, text: str) -> None:
        """Type a message, press Enter and wait for the end of the reply."""
        self.window.chat.composer.clear()
        self.qtbot.keyClicks(self.window.chat.composer, text)
        self.qtbot.keyClick(self.window.chat.composer, Qt.Key.Key_Return)
        self.wait_idle()


@contextmanager
def open_bench(
    qtbot: QtBot, tmp_path: Path, tiny_model: Path, settings: Settings
) -> Iterator[Bench]:
    """A window as after the program's start; it is closed at the end."""
    script = Script()
    engines: list[FakeEngine] = []
    estimators: list[FakeEngine] = []

    def bridge(made: list[FakeEngine]) -> EngineBridge:
        def make_client(on_state: Callable[[object], None]) -> FakeEngine:
            made.append(FakeEngine(on_state, script))
            return made[-1]

        return EngineBridge(make_client)

    window = MainWindow(bridge(engines), bridge(estimators), settings, lambda: tiny_model)
    window.restore_layout()
    window.show()
    bench = Bench(window, script, engines, estimators, qtbot, tmp_path)
    plan_path = tmp_path / "plan.txt"
    plan_path.write_text(PLAN)
    bench.run(window.files.load_model(tiny_model))
    bench.run(window.services.documents.open(plan_path))
    bench.run(window.chat.conversation_actions.restore())
    qtbot.waitUntil(
        lambda: bench.figures is not None and bench.figures.is_dry_run, timeout=PATIENCE_MS
    )
    yield bench
    for engine in (*engines, *estimators):
        engine.script.hangs_on_close = False
        engine.release.set()
    if window.isVisible():
        for document in window.services.documents.all:
            document.undo_stack.setClean()
        with qtbot.waitSignal(window.closed):
            window.close()
    window.deleteLater()
