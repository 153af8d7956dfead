"""The compose dialog: which layers of which files go into one, where to, and how far it is."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from app.memory.amounts import format_bytes, parse_bytes
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.writing.write import WriteProgress, WriteStopped, write
from app.ui.files.sources.editing import MODELS
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.tools.composing.order import Order, borrowed_of
from app.ui.tools.composing.source_row import SourceRow
from app.ui.tools.job_dialog import JobDialog
from app.ui.widgets import dialogs, theme

_SENTENCE = (
    "Writes layers of several model files into one, for plans to borrow from. Vocabulary, "
    "embeddings and head come from the first file, only layers from the others."
)
_LOOK_AFTER_MS = 150
_TELL_EVERY_S = 1 / 30
_REPLACE = "Replace"
_STOP_WITHIN_S = 2.0


class ComposeDialog(JobDialog):
    """`open_wanted` carries the file written and the plan over it, None where it lacks layers that
    the plan borrows; `add_wanted` a layer pack written."""

    open_wanted = Signal(object, object)
    add_wanted = Signal(object)

    def __init__(self, services: Services) -> None:
        super().__init__(services, "Compose a model file")
        self._editor = services.editor
        self._documents = services.documents
        self._sources = services.sources
        self._model = services.model
        recent = services.settings.recent_models()
        self._folder = recent[0].parent if recent else Path.home()
        self._n_looks = 0
        self._should_stop = threading.Event()
        self._confirmed: Path | None = None
        self._written: tuple[Path, Order] | None = None
        self.rows: list[SourceRow] = []
        self.add = QPushButton("Add file …")
        self.is_pack = QCheckBox("As a layer pack: only these layers, with their numbers")
        self.is_split = QCheckBox("In parts of at most")
        self.part_size = QLineEdit("4 GiB")
        self.part_size.setAccessibleName("Size of a part")
        self.part_size.setFixedWidth(90)
        self.out = QLineEdit()
        self.out.setAccessibleName("File to write")
        self.choose = QPushButton("Choose …")
        self.account = QLabel()
        self.account.setWordWrap(True)
        self.account.setTextFormat(Qt.TextFormat.PlainText)
        self.account.setAccessibleName("What will be written")
        self.row.bar.setAccessibleName("Progress of the writing")
        self.open_button = QPushButton("Open as model")
        self.write_button = QPushButton("Write")
        self._column = QVBoxLayout()
        self._lay_out()
        self._connect()
        for file in self._files():
            self._add_row(file)
        self.out.setText(str(self._proposed()))

    def stop(self) -> None:
        """Ask the writing to stop; nothing is left of it."""
        super().stop()
        self._should_stop.set()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self._enable()

    async def show_problem(self, words: str) -> None:
        await dialogs.tell(self, "The file was not written.", words)

    # --- what is shown ---------------------------------------------------------------------------

    def _lay_out(self) -> None:
        sentence = QLabel(_SENTENCE)
        sentence.setWordWrap(True)
        self._column.setSpacing(10)
        adding = QHBoxLayout()
        adding.addWidget(self.add)
        adding.addStretch(1)
        path = QHBoxLayout()
        path.addWidget(self.out, 1)
        path.addWidget(self.choose)
        parts = QHBoxLayout()
        parts.addWidget(self.is_split)
        parts.addWidget(self.part_size)
        parts.addStretch(1)
        form = QFormLayout()
        form.addRow("Write to", path)
        form.addRow("", parts)
        form.addRow("", self.is_pack)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.open_button)
        below.addWidget(self.write_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(sentence)
        column.addLayout(self._column)
        column.addLayout(adding)
        column.addLayout(form)
        column.addWidget(self.account)
        column.addStretch(1)
        column.addWidget(self.row)
        column.addLayout(below)
        self.resize(680, 420)

    def _connect(self) -> None:
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_AFTER_MS)
        self._timer.timeout.connect(lambda: self._tasks.start(self._look()))
        start = self._tasks.start
        self.add.clicked.connect(lambda _checked=False: start(self._choose_files()))
        self.choose.clicked.connect(lambda _checked=False: start(self._choose_out()))
        self.write_button.clicked.connect(lambda _checked=False: start(self._confirm()))
        self.open_button.clicked.connect(lambda _checked=False: self._open())
        self.out.textChanged.connect(self._changed)
        self.part_size.textChanged.connect(self._changed)
        self.is_pack.toggled.connect(self._changed)
        self.is_split.toggled.connect(self._changed)
        self._editor.changed.connect(self._plans_changed)
        self._editor.replaced.connect(self._plans_changed)
        self._documents.changed.connect(self._plans_changed)
        self._enable()

    def _files(self) -> tuple[ModelFile, ...]:
        """The sources of the shown plan."""
        return self._sources.files_of(self._documents.active)

    def _borrowed(self, file: ModelFile) -> tuple[int, ...] | None:
        documents = self._documents
        plans = ((documents.plan_of(one), self._sources.files_of(one)) for one in documents.all)
        return borrowed_of(plans, file)

    def _add_row(self, file: ModelFile) -> None:
        borrowed = self._borrowed(file)
        taken = {row.number for row in self.rows}
        number = next(n for n in range(len(taken) + 1) if n not in taken)
        row = SourceRow(file, number, borrowed)
        row.changed.connect(self._changed)
        row.remove_wanted.connect(lambda: self._remove_row(row))
        self.rows.append(row)
        self._column.addWidget(row)
        self._changed()

    def _remove_row(self, row: SourceRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._changed()

    def _plans_changed(self, _what: object = None) -> None:
        for row in self.rows:
            row.show_borrowed(self._borrowed(row.file))

    def _changed(self, _what: object = None) -> None:
        """What is to be written is another thing now."""
        self._written = None
        self._timer.start()
        self._enable()

    def _enable(self) -> None:
        still = not self.runs
        for widget in (self.add, self.choose, self.out, self.is_split, self.is_pack, *self.rows):
            widget.setEnabled(still)
        self.part_size.setEnabled(still and self.is_split.isChecked())
        self.write_button.setEnabled(still and bool(self.rows))
        is_pack = self._written is not None and self._written[1].is_pack
        self.open_button.setText("Add as source" if is_pack else "Open as model")
        self.open_button.setEnabled(still and self._written is not None)
        (self.write_button if self._written is None else self.open_button).setDefault(True)

    def _proposed(self) -> Path:
        first = self.rows[0].file.path.stem if self.rows else "model"
        return self._folder / f"{first}-composed.gguf"

    # --- what is done ----------------------------------------------------------------------------

    def _order(self) -> Order:
        """What the fields say. Raises ValueError with a sentence."""
        if not self.rows:
            raise ValueError("Add model files to copy layers from")
        if not self.out.text().strip():
            raise ValueError("Choose a file to write to")
        layers = tuple((row.file, row.layers) for row in self.rows)
        size = parse_bytes(self.part_size.text()) if self.is_split.isChecked() else None
        out = self._folder / Path(self.out.text().strip()).expanduser()
        return Order(layers, self.is_pack.isChecked(), size, out)

    async def _look(self) -> None:
        """Say what the file will be, or why there can be none."""
        if self._is_closed:
            return
        self._n_looks += 1
        look = self._n_looks
        try:
            words, is_problem = await in_thread(self._order().account), False
        except ValueError as error:
            words, is_problem = f"{error}.", True
        except ModelFileError as error:
            words, is_problem = str(error), True
        except OSError as error:
            words, is_problem = f"The file to write: {error.strerror}.", True
        if look == self._n_looks and not self._is_closed:
            self.account.setText(words)
            palette = self.palette()
            if is_problem:
                palette.setColor(self.account.foregroundRole(), theme.current().error)
            self.account.setPalette(palette)

    async def _choose_files(self) -> None:
        known = self.rows[-1].file.path.parent if self.rows else self._folder
        for path in await dialogs.ask_open_paths(self, "Add model files", known, MODELS):
            try:
                file = await self._model.read(path)
            except ModelFileError as error:
                await dialogs.tell(self, "Layers cannot be copied from this file.", str(error))
                continue
            if file not in [row.file for row in self.rows]:
                self._add_row(file)

    async def _choose_out(self) -> None:
        before = Path(self.out.text().strip() or self._proposed())
        path = await dialogs.ask_save_path(self, "Write to", before, "GGUF models (*.gguf)")
        if path is not None:
            self._confirmed = path
            self.out.setText(str(path))

    async def _confirm(self) -> None:
        try:
            order = self._order()
        except ValueError as error:
            await dialogs.tell(self, "Nothing was written.", f"{error}.")
            return
        if order.out.is_file() and order.out != self._confirmed:
            question = f"“{order.out.name}” already exists."
            words = "Its contents will be lost."
            if await dialogs.ask(self, question, words, (_REPLACE, dialogs.CANCEL)) != _REPLACE:
                return
        self._written = None
        self._should_stop = threading.Event()
        self.start(self._write(order), "Reading the files")

    async def _write(self, order: Order) -> str:
        stop, ended = self._should_stop, threading.Event()
        loop = asyncio.get_running_loop()
        try:
            paths = await in_thread(self._write_in_thread, order, loop, stop, ended)
        except WriteStopped:
            return "Stopped. Nothing was left behind."
        except asyncio.CancelledError:  # the window closes, and with it the program
            stop.set()
            ended.wait(_STOP_WITHIN_S)
            raise
        self._written = (paths[0], order)
        return _said(paths)

    def _write_in_thread(
        self,
        order: Order,
        loop: asyncio.AbstractEventLoop,
        stop: threading.Event,
        ended: threading.Event,
    ) -> tuple[Path, ...]:
        """The files written, beside the UI thread. Raises ModelFileError, WriteStopped."""
        told_s = 0.0

        def tell(progress: WriteProgress) -> bool:
            nonlocal told_s
            now = time.monotonic()
            if now - told_s >= _TELL_EVERY_S and not stop.is_set():
                told_s = now
                loop.call_soon_threadsafe(self._show_progress, progress)
            return not stop.is_set()

        try:
            return write(order.planned(), order.out, tell, order.max_part_bytes)
        finally:
            ended.set()

    def _show_progress(self, progress: WriteProgress) -> None:
        if self.runs and not self._is_stopping:
            done = f"{format_bytes(progress.done_bytes)} of {format_bytes(progress.total_bytes)}"
            self.row.show_progress(f"Writing {done}", progress.fraction, 0.0, progress.seconds_left)

    def _open(self) -> None:
        if self._written is None:
            return
        path, order = self._written
        if order.is_pack:
            self.add_wanted.emit(path)
        else:
            plan = order.plan_over(self._editor.commit(), self._files())
            self.open_wanted.emit(path, plan)
        self.accept()


def _said(paths: Sequence[Path]) -> str:
    size = format_bytes(sum(path.stat().st_size for path in paths))
    parts = f" in {len(paths)} parts" if paths[1:] else ""
    return f"Wrote {paths[0].name}{parts}, {size}."
