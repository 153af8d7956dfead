"""An X server of our own with the program on it, and hands: real keys and a real pointer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
SIZE = 1280, 800
_PATIENCE_S = 60.0


@dataclass
class Screen:
    """The program's process and the display that it is shown on."""

    display: str
    program: subprocess.Popen[bytes]

    def hand(self, *words: str | int) -> str:
        """What xdotool answers to these words."""
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys one after the other, by X's names."""
        for key in keys:
            self.hand("key", key)

    def click(self, x: int, y: int) -> None:
        """Click with the left button."""
        self.hand("mousemove", x, y, "click", 1)

    def drag(self, start: tuple[int, int], by: tuple[int, int]) -> None:
        """Drag with the left button, in steps as a hand does."""
        self.hand("mousemove", *start, "mousedown", 1)
        for step in range(1, 9):
            at = (start[n] + by[n] * step // 8 for n in (0, 1))
            self.hand("mousemove", *at, "sleep", "0.03")
        self.hand("mouseup", 1)

    def has_window(self, name: str) -> bool:
        """Whether a window with this in its title is shown."""
        return bool(self.hand("search", "--onlyvisible", "--name", name).strip())


@contextmanager
def program_on_screen(home: Path, *arguments: str) -> Iterator[Screen]:
    """The program as a new user starts it, on an X server that is gone afterwards."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-noreset", "-displayfd", str(writer), "-screen", "0", "{}x{}x24".format(*SIZE)],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            display = f":{answer.readline().strip()}"
        program = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *arguments],
            env=_environment(home, display),
            start_new_session=True,
        )
        try:
            yield Screen(display, program)
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()
    finally:
        server.terminate()
        server.wait()


def wait_until(so: Callable[[], bool], what: str) -> None:
    """Wait for something to be so; fails with `what` when it never is."""
    end = time.monotonic() + _PATIENCE_S
    while not so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _environment(home: Path, display: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "XDG_", "WAYLAND_"))}
    return {**kept, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": str(home)}
