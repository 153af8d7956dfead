"""The bake dialog: what kind of file the plan gives, where to, and how far it is from the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from app.engine.errors import EngineDied
from app.engine.measuring.results import PlanDifference
from app.engine.messages import Bake, Baked, ComparePlans
from app.fit.measuring import paths_of, require_unchanged
from app.memory.amounts import format_bytes
from app.model_files.model_file import ModelFile
from app.model_files.tensor_types import WRITABLE_TYPES
from app.plan.files import remove_left_over
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.recipe import Recipe
from app.ui.state.document import Document
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.tools.baking.outlook import Outlook, cannot, outlook
from app.ui.tools.measure.measure_dialog import MeasureDialog
from app.ui.tools.results_table import ResultsTable
from app.ui.widgets import dialogs
from app.ui.widgets.quiet_label import QuietLabel

_SENTENCE = (
    "Writes the plan as an ordinary model file, which any llama.cpp can run without this program."
)
_AS_STORED = "The finest type among the sources"
_LOOK_AFTER_MS = 150
_REPLACE = "Replace"
_HEADERS = (
    *("File", "Mean KL (nats)", "Same top token", "Its perplexity", "The plan's", "Tokens"),
    "Text",
)
_WORDS = ("File", "Text")


@dataclass(frozen=True, slots=True)
class _Written:
    """A file, and the plan and its sources that it was baked from."""

    files: tuple[ModelFile, ...]
    recipe: Recipe
    baked: Baked

    @property
    def path(self) -> Path:
        return Path(self.baked.files[0])


class BakeDialog(MeasureDialog):
    """`open_wanted` carries the path of the file written."""

    open_wanted = Signal(object)

    def __init__(self, services: Services) -> None:
        super().__init__(services, "Bake the plan into a model file")
        self._editor = services.editor
        self._model = services.model
        self._n_looks = 0
        self._outlook = Outlook("", "")
        self._written: _Written | None = None
        self._confirmed: Path | None = None
        self.kind = QLabel()
        self.kind.setAccessibleName("What the file will be")
        bold = self.kind.font()
        bold.setBold(True)
        self.kind.setFont(bold)
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.room = QuietLabel()
        self.type = QComboBox()
        self.type.setAccessibleName("Type of averaged weights")
        self.type.setToolTip("Fine-tunes may not survive 4 bits: Q8_0 keeps them")
        self.type.addItem(_AS_STORED, None)
        for name in WRITABLE_TYPES:
            self.type.addItem(name, name)
        self.out = QLineEdit(str(_proposed(services.documents.active)))
        self.out.setAccessibleName("File to write")
        self.choose = QPushButton("Choose …")
        self.table = ResultsTable("Distance of the file from the plan", _HEADERS, _WORDS)
        self.open_button = QPushButton("Open as model")
        self.measure = QPushButton("Measure the distance")
        self.measure.setToolTip("Compare the file's predictions on the text with the plan's")
        self.bake = QPushButton("Bake")
        self.bake.setDefault(True)
        self._arrange()
        self._connect()
        self.look_soon()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self._enable()

    def _arrange(self) -> None:
        path = QHBoxLayout()
        path.addWidget(self.out, 1)
        path.addWidget(self.choose)
        form = QFormLayout()
        form.addRow("Write to", path)
        form.addRow("", self.room)
        form.addRow("Averaged weights", self.type)
        form.addRow("Measure on", self.text)
        self.lay_out(_SENTENCE, form, self.table, self.open_button, self.measure, self.bake)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        verdict = QVBoxLayout()
        verdict.setSpacing(4)
        verdict.addWidget(self.kind)
        verdict.addWidget(self.reason)
        layout.insertLayout(1, verdict)
        self.resize(720, 460)

    def _connect(self) -> None:
        self._timer = QTimer(self, singleShot=True, interval=_LOOK_AFTER_MS)
        self._timer.timeout.connect(lambda: self._tasks.start(self._look()))
        self._editor.changed.connect(self.look_soon)
        self._editor.replaced.connect(self.look_soon)
        self._model.changed.connect(self.look_soon)
        self.type.currentIndexChanged.connect(self.look_soon)
        self.out.textChanged.connect(self.look_soon)
        self.choose.clicked.connect(lambda _checked=False: self._tasks.start(self._choose()))
        self.bake.clicked.connect(lambda _checked=False: self._tasks.start(self._confirm()))
        self.measure.clicked.connect(lambda _checked=False: self.start(self._measure()))
        self.open_button.clicked.connect(lambda _checked=False: self._open())

    @property
    def _path(self) -> Path:
        return Path(self.out.text().strip()).expanduser().absolute()

    def look_soon(self, _what: object = None) -> None:
        """The plan, its sources or what is asked for are others now."""
        self._timer.start()

    async def _look(self) -> None:
        """Say what the file will be, or why there can be none."""
        self._n_looks += 1
        look = self._n_looks
        files, type_name, folder = self._model.files, self.type.currentData(), self._path.parent
        try:
            recipe = lower(self._editor.plan).recipe
        except PlanError as error:
            seen = cannot(error)
        else:
            seen = await in_thread(outlook, files, recipe, type_name, folder)
        if look == self._n_looks and not self._is_closed:
            self._outlook = seen
            self.kind.setText(seen.kind)
            self.reason.setText(seen.reason)
            self.room.setText(seen.size)
            self._enable()

    def _enable(self) -> None:
        still, can = not self.runs, self._outlook.can_be_baked
        for widget in (self.out, self.choose):
            widget.setEnabled(still)
        self.type.setEnabled(still and can and not self._outlook.is_exact)
        self.bake.setEnabled(still and can)
        for widget in (self.measure, self.open_button):
            widget.setEnabled(still and self._written is not None)

    async def _choose(self) -> None:
        pattern = "GGUF models (*.gguf)"
        path = await dialogs.ask_save_path(self, "Write to", self._path, pattern)
        if path is not None:
            self._confirmed = path
            self.out.setText(str(path))

    async def _confirm(self) -> None:
        if self._path.is_file() and self._path != self._confirmed:
            question = f"“{self._path.name}” already exists."
            words = "Its contents will be lost."
            if await dialogs.ask(self, question, words, (_REPLACE, dialogs.CANCEL)) != _REPLACE:
                return
        self.start(self._bake())

    async def _bake(self) -> str:
        files, recipe = self._model.files, lower(self._editor.commit()).recipe
        asked = Bake(paths_of(files), recipe, str(self._path), self.type.currentData())
        self._written = None
        try:
            baked = await self.run_on(asked)
        except EngineDied:
            await in_thread(remove_left_over, self._path.resolve())
            raise
        assert isinstance(baked, Baked)
        self._written = _Written(files, recipe, baked)
        self._confirmed = self._written.path
        kind = "exact" if baked.is_exact else "an approximation"
        return f"Wrote {self._written.path.name}, {format_bytes(baked.n_bytes)}: {kind}."

    async def _measure(self) -> str:
        written = self._written
        assert written is not None
        words, text = self.text.words, await self.text.read()
        whole = Recipe.whole(written.baked.n_layers)
        asked = ComparePlans(paths_of(written.files), written.recipe, whole, text)
        result = await self.run_on(replace(asked, other_paths=written.baked.files[:1]))
        assert isinstance(result, PlanDifference)
        require_unchanged(written.files)
        self.table.add(
            (
                *(written.path.name, f"{result.kl:.5f}", f"{result.top1_agreement:.1%}"),
                *(f"{result.other_perplexity:.3f}", f"{result.perplexity:.3f}"),
                *(f"{result.n_tokens:,}", words),
            )
        )
        return f"Measured on {result.n_tokens:,} tokens."

    def _open(self) -> None:
        if self._written is not None:
            self.open_wanted.emit(self._written.path)
            self.accept()


def _proposed(document: Document) -> Path:
    """Where the file of a document's plan may lie: beside that, under its name."""
    folder = document.path.parent if document.path is not None else Path.home()
    return folder / f"{document.title}.gguf"
