"""A real window over a stand-in engine, with the asyncio loop that the program uses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.engine.composed import write_pack
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.fake_engine import FakeEngine, Script

PLAN = """WeightBlock; 0; 2; 0; -1
WeightBlock; 2; 4; 2; 0
WeightBlock; 4; 5; 3; 0
MergeBlock; 1; 0.5; 2; 0.5
TotalLayers; 5
"""


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
    def engine(self) -> FakeEngine:
        """The engine, once the window has asked it for anything."""
        self.qtbot.waitUntil(lambda: bool(self.engines))
        return self.engines[0]

    @property
    def estimator(self) -> FakeEngine:
        """The engine of the dry runs, as above."""
        self.qtbot.waitUntil(lambda: bool(self.estimators))
        return self.estimators[0]

    def dialog(self) -> QMessageBox:
        """The question or message that is shown, waited for."""

        def shown() -> list[QMessageBox]:
            return [b for b in self.window.findChildren(QMessageBox) if b.isVisible()]

        self.qtbot.waitUntil(lambda: bool(shown()))
        return shown()[0]

    def answer(self, words: str) -> str:
        """Press the dialog's button with these words; what the dialog said."""
        box = self.dialog()
        said = f"{box.text()} {box.informativeText()}"
        next(b for b in box.buttons() if b.text() == words).click()
        self.qtbot.waitUntil(lambda: not box.isVisible())
        return said

    def wait_idle(self) -> None:
        """Wait until no reply and no opening is under way."""
        self.qtbot.waitUntil(lambda: not self.window.chat.flow.busy)

    def say(self, text: str) -> None:
        """Type a message, press Enter and wait for the end of the reply."""
        self.window.chat.composer.clear()
        self.qtbot.keyClicks(self.window.chat.composer, text)
        self.qtbot.keyClick(self.window.chat.composer, Qt.Key.Key_Return)
        self.wait_idle()


@pytest.fixture(scope="session")
def session_loop(qapp: QApplication) -> Iterator[QEventLoop]:
    """Stopping a qasync loop makes Qt leave every later event loop, so there is one for all."""
    loop = QEventLoop(qapp, already_running=True)
    asyncio.events._set_running_loop(None)
    yield loop
    loop.stop()
    loop.close()


@pytest.fixture
def loop(session_loop: QEventLoop, qapp: QApplication) -> Iterator[QEventLoop]:
    """The loop in which the window's coroutines run, as if the program's."""
    asyncio.events._set_running_loop(session_loop)
    yield session_loop
    for task in asyncio.all_tasks(session_loop):
        task.cancel()
    qapp.processEvents()
    asyncio.events._set_running_loop(None)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny.gguf", TinyModel(n_layers=4))


@pytest.fixture
def fine_tune(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "fine tune.gguf", TinyModel(n_layers=3, seed=1))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of the layers 2 and 3 of a fine-tune."""
    whole = write_tiny(tmp_path / "whole.gguf", TinyModel(n_layers=4, seed=2))
    return write_pack(whole, (2, 3), tmp_path / "pack.gguf")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def bench(
    qtbot: QtBot,
    loop: QEventLoop,
    tmp_path: Path,
    tiny_model: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with open_bench(qtbot, tmp_path, tiny_model, settings) as bench:
        yield bench


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
    model_loaded = window.tasks.start(window.files.load_model(tiny_model))
    qtbot.waitUntil(model_loaded.done)
    plan_opened = window.tasks.start(window.documents.open(plan_path))
    qtbot.waitUntil(plan_opened.done)
    kept_opened = window.tasks.start(window.chat.conversation_actions.restore())
    qtbot.waitUntil(kept_opened.done)
    qtbot.waitUntil(lambda: window.memory.figures is not None and window.memory.figures.is_dry_run)
    yield bench
    for engine in (*engines, *estimators):
        engine.script.hangs_on_close = False
        engine.release.set()
    if window.isVisible():
        for document in window.documents.all:
            document.undo_stack.setClean()
        with qtbot.waitSignal(window.closed):
            window.close()
    window.deleteLater()
