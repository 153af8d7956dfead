"""The program on a real X server, by real keys and a real pointer, judged by the file it saves."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from app.plan import files
from app.plan.document import MergeBlock, Plan, WeightBlock
from tests.ui.real_screen.screen import Screen, program_on_screen, wait_until

PLAN = "WeightBlock; 0; 30; 0; -1\nTotalLayers; 30\n"
SAVED_WITHIN_S = 10.0
EMPTY_SPOT = 590, 90
"""A place on the canvas, above the plan."""
MIDDLE = 590, 328
"""About the middle of the canvas, where a plan of one block shows it."""

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")),
    reason="Xvfb and xdotool are not installed: make test installs them.",
)


def saved(screen: Screen, path: Path) -> Plan:
    """The plan in the file after Ctrl+S."""
    before = path.stat().st_mtime_ns
    screen.press("ctrl+s")
    wait_until(lambda: path.stat().st_mtime_ns != before, "Ctrl+S saves the plan")
    return plan_in(path)


def plan_in(path: Path) -> Plan:
    plan = files.load(path).plan
    assert plan is not None
    return plan


def test_a_plan_is_edited_saved_and_left(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(PLAN)
    with program_on_screen(tmp_path, str(path)) as screen:
        wait_until(lambda: screen.has_window("mine.txt"), "the window shows the plan's name")

        def is_added() -> bool:
            """A window that is still being laid out may not take the first click."""
            screen.click(*EMPTY_SPOT)
            screen.press("w", "ctrl+s")
            end = time.monotonic() + SAVED_WITHIN_S
            while len(plan_in(path).blocks) == 1 and time.monotonic() < end:
                time.sleep(0.05)
            return len(plan_in(path).blocks) > 1

        wait_until(is_added, "W adds a block where the canvas was clicked")
        assert [type(b) for b in plan_in(path).blocks.values()] == [WeightBlock, WeightBlock]

        screen.press("ctrl+z", "Tab")
        screen.hand("type", "--delay", 30, "merge 3")
        screen.press("Return")
        merged = [b for b in saved(screen, path).blocks.values() if isinstance(b, MergeBlock)]
        assert [len(b.inputs) for b in merged] == [3]

        screen.press("ctrl+z", "Home")
        start = saved(screen, path)
        x, y = MIDDLE
        screen.drag((x, y - 28), by=(48, 72))
        moved = saved(screen, path)
        (was,), (now,) = start.blocks.values(), moved.blocks.values()
        assert was.position is not None and now.position is not None
        assert now.position[1] > was.position[1]

        screen.press("ctrl+a", "m")
        assert all(b.muted for b in saved(screen, path).blocks.values())
        screen.press("ctrl+z")
        assert saved(screen, path) == moved

        screen.press("ctrl+q")
        wait_until(lambda: screen.program.poll() is not None, "Ctrl+Q ends the program")
        assert screen.program.returncode == 0
