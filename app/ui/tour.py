"""The journey without a display: the window's own steps, told on the terminal and photographed."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler

from app.plan import edits
from app.plan.document import MergeBlock
from app.ui.application import make_loop, open_first, show_window
from app.ui.chat.message.view import MessageView
from app.ui.state.documents import SAMPLES
from app.ui.state.settings import Settings
from app.ui.window.main_window import MainWindow

PROMPT = "What is the capital of France?"
STEP_WITHIN_S = 120.0
CLOSE_WITHIN_S = 10.0


class StepFailed(Exception):
    """A step of the journey did not come out as it must; `str()` says how."""


def run(out_dir: Path) -> int:
    """Make the journey and save 01-start.png to 07-fader.png into `out_dir`; the exit status."""
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    qInstallMessageHandler(_print_warning)
    with tempfile.TemporaryDirectory() as folder, make_loop() as loop:
        store = QSettings(str(Path(folder, "tour.ini")), QSettings.Format.IniFormat)
        window = show_window(Settings(store))
        return int(loop.run_until_complete(_Tour(window, out_dir).make()))


def _print_warning(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt's warnings, without the one that the offscreen platform gives for every window."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


class _Tour:
    def __init__(self, window: MainWindow, out_dir: Path) -> None:
        self._window = window
        self._out_dir = out_dir

    async def make(self) -> int:
        steps: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("open the sample plan", self._start),
            ("move a fader and undo it", self._edit),
            ("remove a link and put it back", self._problem),
            ("look at the plan as text", self._views),
            ("open a second plan in a tab", self._tabs),
            ("chat", self._chat),
            ("move the fader to the other fine-tune and regenerate", self._fader),
        )
        words = "make the folder for the pictures"
        try:
            self._out_dir.mkdir(parents=True, exist_ok=True)
            for words, step in steps:
                print(f"== {words}", flush=True)
                try:
                    await asyncio.wait_for(step(), STEP_WITHIN_S)
                except TimeoutError:
                    raise StepFailed(f"no end within {STEP_WITHIN_S:.0f} s") from None
        except (StepFailed, OSError) as error:
            print(f"The tour failed at “{words}”: {error}.", file=sys.stderr)
            return 1
        finally:
            await self._close()
        print(f"Pictures of each step are in {self._out_dir}.")
        return 0

    async def _start(self) -> None:
        window = self._window
        await open_first(window, (), None)
        watch = window.services.memory_watch
        await self._until(lambda: watch.figures is not None, "no memory estimate came")
        await self._until(
            lambda: watch.figures is not None and watch.figures.is_dry_run,
            "the engine did not simulate the plan",
        )
        plan = window.services.editor.plan
        names = " and ".join(file.path.stem for file in window.services.model.files)
        print(f"{window.services.documents.name}: {len(plan.blocks)} blocks over {names}")
        print(window.memory.words)
        await self._photograph("01-start")

    async def _edit(self) -> None:
        editor = self._window.services.editor
        merge = next((b for b in editor.plan.blocks.values() if isinstance(b, MergeBlock)), None)
        _require(merge is not None, "the sample plan has no merge block")
        assert merge is not None
        before = editor.plan
        self._window.canvas.show_block(merge.id)
        editor.apply("Change scale", edits.set_scale(before, merge.id, 0, 0.35))
        _require(editor.plan != before, "the scale did not change")
        scale = merge.inputs[0].scale
        print(f"{merge.title or 'Merge'}: scale {scale} changed to 0.35")
        await self._photograph("02-edit")
        editor.undo_stack.undo()
        _require(editor.plan == before, "undo did not bring the scale back")
        print("Undone")

    async def _problem(self) -> None:
        editor = self._window.services.editor
        before = editor.plan
        merge = next(b for b in before.blocks.values() if isinstance(b, MergeBlock))
        editor.apply("Remove link", edits.disconnect(before, merge.id, 0))
        errors = [p for p in editor.problems if p.severity == "error"]
        _require(bool(errors), "a missing link was not noticed")
        for problem in errors:
            print(f"Problem: {problem.message} {problem.fix}")
        await self._photograph("03-problem")
        editor.undo_stack.undo()
        _require(editor.lowered is not None, "undo did not bring the link back")
        print("Undone")

    async def _views(self) -> None:
        docks = self._window.docks
        docks["Text"].raise_()
        await self._photograph("04-text")
        text = self._window.views.text.text.toPlainText()
        _require("WeightBlock" in text, "the text does not show the plan")
        print(text.rstrip())
        docks["Problems"].raise_()

    async def _tabs(self) -> None:
        documents = self._window.services.documents
        first = documents.active
        is_open = await documents.open(SAMPLES / "two-towers.txt", is_sample=True)
        _require(is_open and len(documents.all) == 2, "the second plan has no tab of its own")
        print(f"Open: {', '.join(d.name for d in documents.all)}")
        await self._photograph("05-tabs")
        documents.show(first)

    async def _chat(self) -> None:
        chat = self._window.chat
        chat.sampling.temperature.setValue(0.0)
        chat.composer.setPlainText(PROMPT)
        print(f"You: {PROMPT}")
        chat.composer.submit()
        _require(chat.flow.busy, "the message was not sent")
        await self._listen()
        await self._photograph("06-chat")
        print(self._window.memory.words)

    async def _fader(self) -> None:
        editor, chat = self._window.services.editor, self._window.chat
        before = chat.transcript.messages[-1].text
        merge = next(b for b in editor.plan.blocks.values() if isinstance(b, MergeBlock))
        editor.apply("Change scale", edits.set_scale(editor.plan, merge.id, 0, 1.0))
        chat.flow.regenerate()
        _require(chat.flow.busy, "the message was not answered again")
        await self._listen()
        _require(chat.transcript.messages[-1].text != before, "the fader changed nothing")
        await self._photograph("07-fader")
        editor.undo_stack.undo()

    async def _listen(self) -> None:
        """Print the reply as it streams, and how it was made."""
        chat, n_printed = self._window.chat, 0
        print("Model: ", end="", flush=True)
        while chat.flow.busy:
            await asyncio.sleep(0.03)
            n_printed = _print_rest(chat.transcript.messages[-1], n_printed)
        print(flush=True)
        last = chat.transcript.messages[-1]
        _require(last.kind == "reply", last.text)
        _require(bool(last.text.strip()), "the reply is empty")
        print(f"({last.footer})")

    async def _photograph(self, name: str) -> None:
        await asyncio.sleep(0.3)
        path = self._out_dir / f"{name}.png"
        _require(self._window.grab().save(str(path)), f"{path} could not be written")

    async def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        for _ in range(int(STEP_WITHIN_S / 2 / 0.02)):
            if holds():
                return
            errors = [m for m in self._window.chat.transcript.messages if m.kind == "error"]
            _require(not errors, errors[0].text if errors else "")
            await asyncio.sleep(0.02)
        raise StepFailed(otherwise)

    async def _close(self) -> None:
        end = asyncio.Event()
        self._window.closed.connect(end.set)
        for document in self._window.services.documents.all:
            document.undo_stack.setClean()
        self._window.close()
        await asyncio.wait_for(end.wait(), CLOSE_WITHIN_S)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailed(otherwise.rstrip("."))


def _print_rest(view: MessageView, n_printed: int) -> int:
    if view.kind == "reply" and len(view.text) > n_printed:
        print(view.text[n_printed:], end="", flush=True)
        return len(view.text)
    return n_printed
