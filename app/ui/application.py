"""The program's start: the window is painted first, everything else is brought in after it."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from app.ui import kinds
from app.ui.state.documents import SAMPLES
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.settings import Settings
from app.ui.widgets import theme
from app.ui.window.main_window import MainWindow

if TYPE_CHECKING:
    from qasync import QEventLoop

SAMPLE_PLAN = SAMPLES / "sample.txt"


def bundled_model() -> Path:
    """The model that comes with the program."""
    from app.engine.bundled import bundled_model as find

    return find()


def make_application() -> QApplication:
    """The QApplication with our name, colours and kinds of block, also one that is there."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Llama Blocks")
    app.setQuitOnLastWindowClosed(False)
    theme.install(app)
    kinds.install()
    return app


def show_window(settings: Settings) -> MainWindow:
    """The window, painted for the first time and still empty."""
    app = make_application()
    window = MainWindow(EngineBridge(), EngineBridge(), settings, bundled_model)
    window.restore_layout()
    window.show()
    app.processEvents()
    _search_garbage_seldom()
    return window


def _search_garbage_seldom() -> None:
    """Have Python look for circular garbage less often, and not among what stays for good.

    With a large plan such a search takes longer than all views need to follow an edit.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def make_loop() -> QEventLoop:
    """Qt's event loop as asyncio's, set as the current one."""
    import asyncio

    from qasync import QEventLoop

    loop = QEventLoop(make_application())
    asyncio.set_event_loop(loop)
    return loop


def run(plan_paths: Sequence[str], model_path: str | None) -> int:
    """Show the window until the user closes it; the exit status. Paths replace what is bundled."""
    # Python would see Ctrl+C only at the next event; the engine ends by itself with its pipe.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window = show_window(Settings())
    loop = make_loop()
    window.closed.connect(loop.stop)
    loop.call_soon(lambda: window.services.tasks.start(open_first(window, plan_paths, model_path)))
    with loop:
        loop.run_forever()
    return 0


async def open_first(window: MainWindow, plan_paths: Sequence[str], model_path: str | None) -> None:
    """Open the model and the plans to begin with: those named, else the bundled ones. A model
    that is named alone is shown whole.

    What was not saved when the program last ended is offered after that.
    """
    has_own_model = model_path is not None and await window.files.load_model(Path(model_path))
    if not has_own_model:
        await window.files.load_bundled_model()
    opened = [await window.services.documents.open(Path(path)) for path in plan_paths]
    if not any(opened):
        if has_own_model:
            window.files.new_plan()
        else:
            await window.services.documents.open(SAMPLE_PLAN, is_sample=True)
    window.chat.composer.setFocus()  # now: later it would take the keys from where the user went
    await window.chat.conversation_actions.restore()
    window.chat.suggest()
    await window.area.recovery.offer()
