"""Perplexity of a plan, and how far another one is from it: measured, and collected in a table."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton

from app.engine.measuring.results import Perplexity, PlanDifference
from app.engine.messages import ComparePlans, EvaluatePerplexity
from app.fit.measuring import paths_of, require_unchanged
from app.plan.lowering import lower
from app.plan.recipe import Recipe
from app.ui.state.document import Document
from app.ui.state.services import Services
from app.ui.tools.measure.measure_dialog import MeasureDialog
from app.ui.tools.results_table import ResultsTable, Table

_SENTENCE = (
    "Perplexity says how well a plan predicts a text (lower is better). Against another plan, "
    "the mean KL divergence says how far the predictions differ (0: not at all), and the "
    "agreement how often both have the same top token."
)
_NOBODY = "Nothing"
_HEADERS = (
    *("Plan", "Perplexity", "Against", "Its perplexity", "Mean KL (nats)", "Same top token"),
    *("Tokens", "tok/s", "Text"),
)
_WORDS = ("Plan", "Against", "Text")


class ScoresDialog(MeasureDialog):
    """Chooses among the open plans. The results stay in the table for as long as it is open."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "Perplexity and difference")
        self._documents = services.documents
        self._model = services.model
        self.plan = _choice("Plan")
        self.other = _choice("Plan to compare it with")
        self.measure = QPushButton("Measure")
        self.measure.setDefault(True)
        self.measure.clicked.connect(lambda _checked=False: self.start(self._measure()))
        self.save = QPushButton("Save table …")
        self.save.setEnabled(False)
        self.save.clicked.connect(lambda _checked=False: self._save())
        self.table = ResultsTable("Results", _HEADERS, _WORDS)
        form = QFormLayout()
        form.addRow("Plan", self.plan)
        form.addRow("Against", self.other)
        form.addRow("Text", self.text)
        self.lay_out(_SENTENCE, form, self.table, self.save, self.measure)
        self.resize(860, 480)
        self._documents.changed.connect(self._list_documents)
        self._list_documents()

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        for widget in (self.measure, self.plan, self.other):
            widget.setEnabled(not running)

    def _list_documents(self) -> None:
        """Offer the plans that are open; what is chosen stays chosen while it is open."""
        plan, other = self.plan.currentData(), self.other.currentData()
        for choice in (self.plan, self.other):
            choice.clear()
        self.other.addItem(_NOBODY, None)
        for document in self._documents.all:
            self.plan.addItem(document.name, document)
            self.other.addItem(document.name, document)
        known = self._documents.all
        wanted = plan if plan in known else self._documents.active
        self.plan.setCurrentIndex(known.index(wanted))
        self.other.setCurrentIndex(known.index(other) + 1 if other in known else 0)

    async def _measure(self) -> str:
        document, other = self.plan.currentData(), self.other.currentData()
        recipe, files = self._recipe_of(document), self._model.files
        words, text = self.text.words, await self.text.read()
        cells: tuple[str, ...]
        if other is None:
            result = await self.run_on(EvaluatePerplexity(paths_of(files), recipe, text))
            assert isinstance(result, Perplexity)
            cells = (document.name, f"{result.perplexity:.3f}", "", "", "", "")
        else:
            request = ComparePlans(paths_of(files), recipe, self._recipe_of(other), text)
            result = await self.run_on(request)
            assert isinstance(result, PlanDifference)
            cells = (
                *(document.name, f"{result.perplexity:.3f}"),
                *(other.name, f"{result.other_perplexity:.3f}"),
                *(f"{result.kl:.5f}", f"{result.top1_agreement:.1%}"),
            )
        require_unchanged(files)
        self.table.add((*cells, f"{result.n_tokens:,}", f"{result.tokens_per_s:,.0f}", words))
        self.save.setEnabled(True)
        return f"Measured on {result.n_tokens:,} tokens."

    def _save(self) -> None:
        table = Table(_HEADERS, self.table.rows)
        self._tasks.start(self.save_table(table, "perplexity.csv"))

    def _recipe_of(self, document: Document) -> Recipe:
        self._documents.require_shown_files(document)
        return lower(self._documents.plan_of(document)).recipe


def _choice(name: str) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    return choice
