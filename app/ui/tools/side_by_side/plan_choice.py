"""Which plan answers: an open document as it is, or with one of its faders elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.plan import edits
from app.plan.checks import check_plan
from app.plan.document import Plan
from app.plan.faders import Fader, faders_of
from app.plan.lowering import lower
from app.plan.problem import PlanError, errors
from app.plan.recipe import Recipe
from app.ui.state.document import Document
from app.ui.state.documents import Documents
from app.ui.state.plan_runner import PlanNotReady
from app.ui.views.inspector.fields import ScaleSpin

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile

AS_IT_IS = "As it is"
FilesOf = Callable[[Document], "tuple[ModelFile, ...]"]
"""The model files of a document's plan, () while they are not known."""


@dataclass(frozen=True, slots=True)
class NamedRecipe:
    """What answers, and what to call it."""

    name: str
    recipe: Recipe
    files: tuple[ModelFile, ...]
    """The model files that it runs on."""


class PlanChoice(QWidget):
    """The document, and below it a fader with its value."""

    changed = Signal()

    def __init__(
        self,
        number: int,
        documents: Documents,
        files_of: FilesOf,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._documents = documents
        self._files_of = files_of
        self.plan = _combo(f"Plan of column {number}")
        self.fader = _combo(f"Fader to move in column {number}")
        self.fader.setToolTip("Answer with one of the plan's faders at another value")
        self.scale = ScaleSpin(f"Scale of that fader in column {number}")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.fader, 1)
        row.addWidget(self.scale)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.plan)
        column.addLayout(row)
        self.plan.currentIndexChanged.connect(self._show_faders)
        self.fader.currentIndexChanged.connect(self._show_scale)
        self.scale.valueChanged.connect(lambda _value: self.changed.emit())
        self.show_documents()

    @property
    def document(self) -> Document | None:
        """The chosen document."""
        document = self.plan.currentData()
        return document if isinstance(document, Document) else None

    def show_documents(self) -> None:
        """Offer the plans that are open; what is chosen stays chosen while it is open."""
        known, chosen, fader, scale = self._documents.all, *self._chosen()
        self.plan.blockSignals(True)
        self.plan.clear()
        for document in known:
            self.plan.addItem(document.name, document)
        self.plan.setCurrentIndex(
            known.index(chosen if chosen in known else self._documents.active)
        )
        self.plan.blockSignals(False)
        self._show_faders()
        if fader is not None and chosen in known:
            self.choose(chosen, fader, scale)

    def choose(self, document: Document, fader: Fader | None = None, scale: float = 0.0) -> None:
        """Take this document, with this fader at that value."""
        self.plan.setCurrentIndex(self._documents.all.index(document))
        offered = [self.fader.itemData(n) for n in range(self.fader.count())]
        place = next((n for n, f in enumerate(offered) if fader and _is_same(f, fader)), 0)
        self.fader.setCurrentIndex(place)
        if place:
            self.scale.setValue(scale)

    def named_recipe(self) -> NamedRecipe:
        """What answers, as it is now. Raises PlanNotReady, which says what is wrong with it."""
        document, fader, scale = self._chosen()
        assert document is not None
        plan, name = self._documents.plan_of(document), document.name
        files = self._files_of(document)
        if not files:
            raise PlanNotReady(
                f"“{name}” has no model files yet. Show its tab to see which are missing, or "
                "choose a model with Model > Open model."
            )
        try:
            if fader is not None:
                plan = edits.set_scale(plan, fader.block_id, fader.port, scale)
                name = f"{name}, {fader.words[0].lower()}{fader.words[1:]} at {scale:g}"
            wrong = errors(check_plan(plan, sum(file.n_layers for file in files)))
            if wrong:
                raise PlanError(wrong)
        except PlanError as error:
            raise PlanNotReady(f"“{document.name}” cannot run yet. {error}") from error
        return NamedRecipe(name, lower(plan).recipe, files)

    def _chosen(self) -> tuple[Document | None, Fader | None, float]:
        return self.document, self.fader.currentData(), self.scale.value()

    def _plan(self) -> Plan:
        document = self.document
        return self._documents.plan_of(document) if document is not None else Plan()

    def _show_faders(self) -> None:
        self.fader.blockSignals(True)
        self.fader.clear()
        self.fader.addItem(AS_IT_IS, None)
        for fader in faders_of(self._plan()):
            self.fader.addItem(fader.words, fader)
        self.fader.blockSignals(False)
        self.fader.setEnabled(self.fader.count() > 1)
        self._show_scale()

    def _show_scale(self) -> None:
        fader = self.fader.currentData()
        self.scale.setVisible(fader is not None)
        if fader is not None:
            self.scale.setValue(fader.scale)
        self.changed.emit()


def is_over(files: tuple[ModelFile, ...], others: tuple[ModelFile, ...]) -> bool:
    """Whether a plan on these files can run over the others too, as their first ones."""
    paths = [file.path for file in files]
    return bool(paths) and paths == [file.path for file in others[: len(paths)]]


def _is_same(one: Fader | None, other: Fader) -> bool:
    return one is not None and (one.block_id, one.port) == (other.block_id, other.port)


def _combo(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return combo
