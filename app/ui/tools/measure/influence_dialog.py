"""How much each weight layer changes what passes through it: measured, and shown as bars."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFormLayout, QPushButton

from app.fit.measuring import influence_of
from app.ui.state.services import Services
from app.ui.tools.measure.chart import Chart
from app.ui.tools.measure.measure_dialog import MeasureDialog
from app.ui.tools.results_table import Table

_SENTENCE = (
    "How much each weight layer changes what passes through it (1 − cosine similarity of the "
    "hidden state before and after it, averaged over the tokens of a text). Layers with little "
    "influence are the easiest to leave out. The blocks on the canvas show it too."
)


class InfluenceDialog(MeasureDialog):
    """A bar for each weight layer. The first time it measures; later it shows what is known."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "Influence of the layers")
        self._editor = services.editor
        self._model = services.model
        self._influence = services.influence
        self.chart = Chart("Influence by weight layer", "Weight layer", "Influence")
        self.measure = QPushButton("Measure")
        self.measure.setDefault(True)
        self.measure.clicked.connect(lambda _checked=False: self.start(self._measure()))
        self.save = QPushButton("Save chart …")
        self.save.clicked.connect(lambda _checked=False: self._tasks.start(self._save()))
        form = QFormLayout()
        form.addRow("Text", self.text)
        self.lay_out(_SENTENCE, form, self.chart, self.save, self.measure)
        self.resize(640, 520)
        self._influence.changed.connect(self._show)
        self._show()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self.measure.setEnabled(not running)
        self.save.setEnabled(not self.chart.is_empty)

    async def _measure(self) -> str:
        files = self._model.files
        text = await self.text.read()
        measured = await influence_of(files, text, self.run_on, self.show_progress)
        if files == self._model.files:
            self._influence.take(measured.values)
        return f"Measured on {measured.n_tokens:,} tokens, {measured.tokens_per_s:,.0f} tok/s."

    def _show(self) -> None:
        values = self._influence.values
        self.chart.show_bars(
            values,
            [self._editor.source_of(n) for n in range(len(values))],
            [f"Weight layer {n}: {value:.4f}" for n, value in enumerate(values)],
            Table(("weight_layer", "influence"), list(enumerate(values))),
        )
        self.save.setEnabled(not self.chart.is_empty)

    async def _save(self) -> None:
        files = self._model.files
        name = files[0].path.stem if files else "model"
        path = await self.chart.save(Path.home() / f"influence of {name}.png")
        if path is not None:
            self.row.end(f"Saved {path.name}.")
