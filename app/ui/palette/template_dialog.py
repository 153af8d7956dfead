"""Asks for the two or three numbers of a template and shows the plan that comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.plan.document import Plan
from app.plan.lowering import lower
from app.plan.problem import PlanError
from app.plan.recipe import Recipe
from app.plan.templates import SECOND_START, Number, Template
from app.ui.palette.plan_picture import PlanPicture
from app.ui.views.inspector.fields import LayerSpin, ScaleSpin
from app.ui.widgets import theme as themes
from app.ui.widgets.quantity import quantity

MemoryWords = Callable[[Recipe], str]
"""What a plan will need, in words; empty while there is no model."""

_USUAL_LAYERS, _MOST_LAYERS = 32, 512


@dataclass(frozen=True, slots=True)
class ModelLayers:
    """How many weight layers there are, None while no model is known, and where sources start."""

    n_all: int | None
    source_starts: tuple[int, ...] = (0,)

    @property
    def n(self) -> int | None:
        """The layers that a template is made of: those that the first two sources both have."""
        if self.n_all is None or len(self.source_starts) < 2:
            return self.n_all
        ends = (*self.source_starts[1:], self.n_all)
        return min(end - start for start, end in zip(self.source_starts[:2], ends, strict=False))


class TemplateDialog(QDialog):
    """`new_wanted` carries the plan to open as a new one, `insert_wanted` the one to insert."""

    new_wanted = Signal(object)
    insert_wanted = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        template: Template,
        layers: ModelLayers,
        memory_words: MemoryWords,
        *,
        inserts: bool,
    ) -> None:
        """`inserts` makes Enter insert the plan rather than open it as a new one."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(template.title)
        self._template = template
        self._layers = layers
        self._memory_words = memory_words
        self._plan: Plan | None = None
        self.fields: dict[str, LayerSpin | ScaleSpin] = {}
        self.n_layers = LayerSpin("Weight layers of the model")
        self.picture = PlanPicture()
        self.figures, self.problem = _words(), _words()
        self.problem.setPalette(_in_colour(self.problem, themes.current().error))
        self.figures.setFont(themes.with_tabular_figures(self.figures.font()))
        buttons, roles = QDialogButtonBox(), QDialogButtonBox.ButtonRole
        self.make_button = QPushButton("Create plan")
        self.make_button.setToolTip("Open it as a new plan")
        self.insert_button = QPushButton("Insert")
        self.insert_button.setToolTip("Add its blocks to the open plan")
        buttons.addButton(self.make_button, roles.AcceptRole)
        buttons.addButton(self.insert_button, roles.AcceptRole)
        buttons.addButton("Cancel", roles.RejectRole)
        default = self.insert_button if inserts else self.make_button
        buttons.rejected.connect(self.reject)
        make, insert = self.new_wanted.emit, self.insert_wanted.emit
        self.make_button.clicked.connect(lambda _checked=False: self._finish(make))
        self.insert_button.clicked.connect(lambda _checked=False: self._finish(insert))

        sentence = _words()
        sentence.setText(template.sentence)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(sentence)
        column.addLayout(self._make_form())
        column.addWidget(self.picture, 1)
        for widget in (self.figures, self.problem, buttons):
            column.addWidget(widget)
        default.setDefault(True)
        self.refresh()

    @property
    def plan(self) -> Plan | None:
        """What the numbers make now, None while they make nothing."""
        return self._plan

    def refresh(self) -> None:
        """Make the plan of the numbers as they are and show it, or what is wrong with them."""
        n = self._layers.n or self.n_layers.value()
        n_all = self._layers.n_all or n
        self._plan = None
        try:
            plan = self._template.make(n, self._values())
            self.figures.setText(self._figures_of(plan))
        except PlanError as error:
            self.problem.setText("\n".join(f"{p.message} {p.fix}" for p in error.problems))
        else:
            self._plan = plan
        self.problem.setVisible(self._plan is None)
        self.figures.setVisible(self._plan is not None)
        self.picture.set_sources(n_all, self._layers.source_starts)
        self.picture.show_plan(self._plan)
        self.make_button.setEnabled(self._plan is not None)
        self.insert_button.setEnabled(self._plan is not None)

    def _make_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        if self._layers.n is None:
            self.n_layers.setKeyboardTracking(True)
            self.n_layers.show_value(_USUAL_LAYERS, 1, _MOST_LAYERS)
            self.n_layers.valueChanged.connect(self._fit_to_layers)
            form.addRow(self.n_layers.accessibleName(), self.n_layers)
        n = self._layers.n or _USUAL_LAYERS
        for number in self._template.numbers:
            field = self.fields[number.name] = _field(number, n)
            field.valueChanged.connect(self.refresh)
            form.addRow(number.label, field)
        return form

    def _fit_to_layers(self) -> None:
        """Let the numbers be what a model of so many layers allows."""
        n = self.n_layers.value()
        for number in self._template.numbers:
            field = self.fields[number.name]
            if isinstance(field, LayerSpin):
                field.setMaximum(round(number.most(n)))
            else:
                field.setMaximum(number.most(n))
        self.refresh()

    def _values(self) -> Mapping[str, float]:
        values = {name: float(field.value()) for name, field in self.fields.items()}
        if len(self._layers.source_starts) > 1:
            values[SECOND_START] = self._layers.source_starts[1]
        return values

    def _figures_of(self, plan: Plan) -> str:
        recipe = lower(plan).recipe
        counts = (
            f"{quantity(recipe.n_plan_layers, 'plan layer')} on "
            f"{quantity(len(recipe.weight_layers), 'weight layer')}, "
            f"{quantity(len(plan.blocks), 'block')}"
        )
        memory = self._memory_words(recipe)
        return f"{counts} · {memory}" if memory else counts

    def _finish(self, tell: Callable[[Plan], object]) -> None:
        plan = self._plan
        if plan is not None:
            self.accept()
            tell(plan)


def _field(number: Number, n_layers: int) -> LayerSpin | ScaleSpin:
    """A spin box for a template's number, live while one types."""
    least, most, default = number.least, number.most(n_layers), number.default(n_layers)
    if number.decimals:
        scale = ScaleSpin(number.label)
        scale.setRange(least, most)
        scale.setValue(default)
        scale.setKeyboardTracking(True)
        return scale
    layers = LayerSpin(number.label)
    layers.setRange(round(least), round(most))
    layers.setValue(round(default))
    layers.setSuffix(number.suffix)
    layers.setKeyboardTracking(True)
    return layers


def _in_colour(label: QLabel, colour: QColor) -> QPalette:
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, colour)
    return palette


def _words() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
