"""What is measured with: an X server, the peers' environments, processes that answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PINS = Path(__file__).with_name("peer.txt")


@contextmanager
def screen(size: tuple[int, int]) -> Iterator[str | None]:
    """The display of an X server of our own; None where there is no Xvfb."""
    if shutil.which("Xvfb") is None:
        yield None
        return
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-noreset", "-displayfd", str(writer), "-screen", "0", "{}x{}x24".format(*size)],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def peer_python(name: str = "peer", pins: Path = _PINS) -> Path:
    """The Python of the environment that another program has for itself, in build/NAME, made when
    it is missing; NodeGraphQt's if none is named."""
    folder = ROOT / "build" / name
    python = folder / "bin" / "python"
    made_for = folder / "made-for.txt"
    if not made_for.exists() or made_for.read_text() != pins.read_text():
        venv = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
        subprocess.run(venv, check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet"]
        subprocess.run([*pip, "install", "--no-deps", "-r", str(pins)], check=True)
        made_for.write_text(pins.read_text())
    return python


def environment(display: str) -> dict[str, str]:
    """The variables of a program that shows itself on this display."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "WAYLAND_"))}
    return {**kept, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}


class Answering:
    """A process that answers commands with milliseconds; see frames.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, name: str, *arguments: float) -> list[float]:
        """What the process answers to a command."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([name, *arguments]), file=self._process.stdin, flush=True)
        return list(json.loads(self._process.stdout.readline()))


@contextmanager
def answering(python: str | Path, display: str, words: Sequence[str]) -> Iterator[Answering]:
    """A process of this Python, with a module's name and its arguments as `words`."""
    with subprocess.Popen(
        [str(python), "-m", *words],
        env=environment(display),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        try:
            yield Answering(process)
        finally:
            process.stdin.close()


@contextmanager
def over_library(library: Path, words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process over the native library in that folder, to be asked and to answer by lines; `words`
    are a module's name and its arguments."""
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**os.environ, "LLAMA_CPP_LIB_PATH": str(library)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
