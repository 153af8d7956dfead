"""The program's start: what the first paint may import, and what is open after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.conversations.conversation import SystemMode
from app.engine.bundled import bundled_files, bundled_model
from app.engine.messages import EstimateMemory
from app.ui.application import SAMPLE_PLAN, open_first
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.workbench import PLAN, Bench

ROOT = Path(__file__).parents[3]
LATER = (
    *("asyncio", "difflib", "gguf", "llama_cpp", "networkx", "numpy", "psutil", "pyqtgraph"),
    *("qasync", "sqlite3", "statistics"),
)
FIRST_PAINT = """
import sys
from app.ui.application import MainWindow, EngineBridge, Settings, make_application
app = make_application()
window = MainWindow(EngineBridge(), EngineBridge(), Settings(), lambda: None)
window.restore_layout()
window.show()
app.processEvents()
print(*sorted(sys.modules))
"""


def test_first_paint_brings_in_only_what_it_needs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT],
        cwd=ROOT,
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(LATER) & set(done.stdout.split())


@pytest.mark.parametrize("plans", [(), ("nowhere.txt",)])
def test_start_shows_the_sample_and_a_question_ready_to_be_asked(
    bench: Bench, plans: tuple[str, ...]
) -> None:
    window = bench.window
    window.services.bundled.find = bundled_model
    task = window.services.tasks.start(open_first(window, plans, None))
    if plans:
        assert "could not be read" in bench.answer("OK")
    bench.qtbot.waitUntil(task.done)
    bench.qtbot.waitUntil(lambda: window.services.editor.n_weight_layers == 38)
    assert window.services.model.paths == bundled_files()
    assert window.services.documents.name == SAMPLE_PLAN.stem
    assert window.chat.composer.holds_suggestion
    window.activateWindow()
    bench.qtbot.waitUntil(window.chat.composer.hasFocus)
    assert window.services.reply_settings.system.mode is SystemMode.EMPTY
    assert bench.estimator.asked(EstimateMemory)


def test_several_plans_named_at_the_start_are_opened_in_tabs(bench: Bench) -> None:
    paths = [bench.folder / f"{name}.txt" for name in "ab"]
    for path in paths:
        path.write_text(PLAN)
    task = bench.window.services.tasks.start(
        open_first(bench.window, [str(p) for p in paths], None)
    )
    bench.qtbot.waitUntil(task.done)
    assert [d.name for d in bench.window.services.documents.all] == ["plan.txt", "a.txt", "b.txt"]


def test_a_model_named_at_the_start_is_shown_whole(bench: Bench) -> None:
    path = write_tiny(bench.folder / "named.gguf", TinyModel(n_layers=6))
    task = bench.window.services.tasks.start(open_first(bench.window, [], str(path)))
    bench.qtbot.waitUntil(task.done)
    assert bench.window.services.editor.plan.sources == ("named.gguf",)
    (block,) = bench.window.services.editor.plan.blocks.values()
    assert (block.weight_start, block.n_layers) == (0, 6)
