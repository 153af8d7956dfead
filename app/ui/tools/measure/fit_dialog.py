"""Fit into memory: searches for the plan of least loss under a budget, and puts it in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QSplitter,
)

from app.fit.errors import FitError
from app.fit.fit import FitPoint, FitResult, FitTask, Method, fit
from app.fit.scores import FitProgress
from app.memory.amounts import format_bytes, parse_bytes
from app.memory.context_settings import ContextSettings
from app.model_files.model_file import ModelFile
from app.plan.document import Plan
from app.plan.lowering import lower
from app.ui.state.services import Services
from app.ui.tools.measure.chart import Chart
from app.ui.tools.measure.measure_dialog import MeasureDialog
from app.ui.tools.measure.without_layers import with_layers_left_out
from app.ui.tools.results_table import ResultsTable, Table

_SENTENCE = (
    "Finds the layers to leave out with the least loss, so that the plan fits into the given "
    "memory. Nothing changes until you apply one of the plans found."
)
_HEADERS = ("Memory", "Perplexity", "Weight layers left out")
_METHODS: tuple[tuple[str, Method], ...] = (
    ("Quick: by the influence of the layers", "quick"),
    ("Thorough: by trying plans (minutes)", "thorough"),
)
_MIB = 1 << 20


class FitDialog(MeasureDialog):
    """Looks for layers to leave out, so that the plan fits into so much memory."""

    applied = Signal()
    """A plan that was found is in place of the open one, with the context in which it fits."""

    def __init__(self, services: Services, budget_bytes: int) -> None:
        """`budget_bytes` is proposed."""
        super().__init__(services, "Fit into memory")
        self._estimator = services.estimator
        self._editor = services.editor
        self._model = services.model
        self._reply_settings = services.reply_settings
        self._searched: tuple[Plan, Sequence[ModelFile]] | None = None
        self._result: FitResult | None = None
        self.budget = QLineEdit(format_bytes(budget_bytes))
        self.budget.setAccessibleName("Memory the plan may use")
        self.budget.setToolTip("Such as 12 GiB or 900 MiB: the engine with the whole plan")
        self.method = QComboBox()
        self.method.setAccessibleName("Method")
        for words, method in _METHODS:
            self.method.addItem(words, method)
        self.may_quantise = QCheckBox("May use a q8_0 KV cache")
        self.may_shorten = QCheckBox("May shorten the context to")
        self.least_n_ctx = QSpinBox()
        self.least_n_ctx.setAccessibleName("Minimum context, in tokens")
        self.least_n_ctx.setRange(256, max(256, self._reply_settings.context.n_ctx))
        self.least_n_ctx.setSingleStep(256)
        self.least_n_ctx.setSuffix(" tokens")
        self.least_n_ctx.setEnabled(False)
        self.may_shorten.toggled.connect(self.least_n_ctx.setEnabled)
        self.chart = Chart("Perplexity against memory", "Memory in MiB", "Perplexity")
        self.table = ResultsTable("Plans found", _HEADERS, _HEADERS[-1:])
        self.table.setSelectionMode(ResultsTable.SelectionMode.SingleSelection)
        self.chart.chosen.connect(self.table.selectRow)
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.search = QPushButton("Search")
        self.search.setDefault(True)
        self.search.clicked.connect(lambda _checked=False: self.start(self._search()))
        self.save = QPushButton("Save chart …")
        self.save.clicked.connect(lambda _checked=False: self._tasks.start(self._save()))
        self.apply = QPushButton("Apply")
        self.apply.setToolTip("Leave these layers out of the open plan, as one undo step")
        self.apply.clicked.connect(lambda _checked=False: self._apply())
        self._arrange()
        self._editor.changed.connect(self._enable)
        self._editor.replaced.connect(self._enable)
        self._editor.weight_layers_changed.connect(self._enable)
        self._enable()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self._enable()

    def _arrange(self) -> None:
        shorten = QHBoxLayout()
        shorten.addWidget(self.may_shorten)
        shorten.addWidget(self.least_n_ctx)
        shorten.addStretch(1)
        form = QFormLayout()
        form.addRow("Memory", self.budget)
        form.addRow("Method", self.method)
        form.addRow("Text", self.text)
        form.addRow("Trade-offs", self.may_quantise)
        form.addRow("", shorten)
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(self.chart)
        both.addWidget(self.table)
        both.setSizes([260, 140])
        self.lay_out(_SENTENCE, form, both, self.save, self.search, self.apply)
        self.resize(680, 720)

    async def _search(self) -> str:
        try:
            budget_bytes = parse_bytes(self.budget.text())
        except ValueError as error:
            raise FitError(f"{error}.") from None
        plan = self._editor.commit()
        settings = self._reply_settings.context
        task = FitTask(
            self._model.files,
            lower(plan).recipe,
            budget_bytes,
            await self.text.read(),
            self.method.currentData(),
            settings,
            "q8_0" if self.may_quantise.isChecked() else None,
            self.least_n_ctx.value() if self.may_shorten.isChecked() else None,
        )
        result = await fit(task, self.run_on, self._estimator.run, self._show_progress)
        self._searched, self._result = (plan, task.models), result
        self._show_result(result, budget_bytes)
        return _words(result, settings, budget_bytes)

    def _show_progress(self, progress: FitProgress) -> None:
        tried = f" (plan {progress.n_tried + 1})" if progress.n_tried else ""
        self.row.show_progress(
            progress.phase + tried, progress.fraction, progress.tokens_per_s, progress.seconds_left
        )

    def _show_result(self, result: FitResult, budget_bytes: int) -> None:
        points = result.points
        rows = [(p.memory_bytes, p.perplexity, " ".join(map(str, p.left_out))) for p in points]
        best = points.index(result.found)
        self.chart.show_points(
            [(p.memory_bytes / _MIB, p.perplexity) for p in points],
            best,
            [
                f"{format_bytes(p.memory_bytes)}, perplexity {p.perplexity:.2f}, "
                f"without {_listed(p.left_out)}"
                for p in points
            ],
            Table(("memory_bytes", "perplexity", "left_out"), rows),
            budget_bytes / _MIB,
        )
        self.table.clear()
        for point in points:
            figures = format_bytes(point.memory_bytes), f"{point.perplexity:.2f}"
            self.table.add((*figures, _listed(point.left_out)))
        self.table.selectRow(best)

    def _chosen(self) -> FitPoint | None:
        """The plan of the selected row."""
        rows = self.table.selected_rows()
        return self._result.points[rows[0]] if self._result is not None and rows else None

    def _enable(self, _what: object = None) -> None:
        for widget in (self.search, self.budget, self.method, self.may_quantise, self.may_shorten):
            widget.setEnabled(not self.runs)
        self.least_n_ctx.setEnabled(not self.runs and self.may_shorten.isChecked())
        self.save.setEnabled(not self.chart.is_empty)
        is_as_searched = self._searched == (self._editor.plan, self._model.files)
        self.apply.setEnabled(not self.runs and self._chosen() is not None and is_as_searched)

    def _apply(self) -> None:
        point, result = self._chosen(), self._result
        if point is None or result is None:
            return
        after = with_layers_left_out(self._editor.plan, point.left_out)
        self._editor.apply(f"Leave out {_listed(point.left_out)}", after)
        self._reply_settings.set_context(result.settings)
        self.applied.emit()
        self.accept()

    async def _save(self) -> None:
        path = await self.chart.save(Path.home() / "fit.png")
        if path is not None:
            self.row.end(f"Saved {path.name}.")


def _words(result: FitResult, settings: ContextSettings, budget_bytes: int) -> str:
    found = result.found
    words = [f"{format_bytes(found.memory_bytes)} of {format_bytes(budget_bytes)}"]
    if not found.left_out:
        words = ["Fits as it is: " + words[0]]
    if result.settings.kv_type != settings.kv_type:
        words.append(f"KV cache in {result.settings.kv_type}")
    if result.settings.n_ctx != settings.n_ctx:
        words.append(f"{result.settings.n_ctx} tokens of context")
    words.append(f"{result.n_tried} plans tried, {result.tried_per_minute:.0f} a minute")
    if result.was_stopped:
        words.append("stopped by you")
    return " · ".join(words)


def _listed(layers: Sequence[int]) -> str:
    if not layers:
        return "no layer"
    return f"layer{'' if len(layers) == 1 else 's'} {', '.join(map(str, layers))}"
