"""The inspector's controls: layer numbers, scales, and the choice of a block to be fed by."""

from __future__ import annotations

import sys

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QSpinBox, QWidget

from app.plan.document import TOKENS, Plan
from app.plan.ordering import descendants
from app.ui.canvas.sections.faders import fader_range
from app.ui.state.block_kinds import title_of
from app.ui.state.editor import PlanEditor
from app.ui.widgets import theme as themes
from app.ui.widgets.number_spin import NumberSpin

Index = QModelIndex | QPersistentModelIndex

_SLIDER_STEPS = 100
_SLIDER_REACH = 1e6
_SCALE_DECIMALS = 6


class LayerSpin(QSpinBox):
    """A weight layer's number or a count of layers. The wheel turns it only while it has focus."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFont(themes.with_tabular_figures(self.font()))

    def show_value(self, value: int, least: int, most: int) -> None:
        """Show a value and allow `least` to `most`, without a word to anyone."""
        with QSignalBlocker(self):
            self.setRange(least, max(value, most))
            self.setValue(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ScaleSpin(NumberSpin):
    """A scale, any finite number."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(-sys.float_info.max, sys.float_info.max)
        self.setDecimals(_SCALE_DECIMALS)
        self.setSingleStep(0.01)
        self.setAccessibleName(name)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFont(themes.with_tabular_figures(self.font()))

    def show_value(self, value: float) -> None:
        """Show a value without a word to anyone."""
        with QSignalBlocker(self):
            self.setValue(value)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance("−0.333333") + 32
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ScaleSlider(QSlider):
    """A level slider for a scale. `dragged` carries the new scale, `drag_began` starts a step."""

    dragged = Signal(float)
    drag_began = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSingleStep(1)
        self.setPageStep(10)
        self.sliderPressed.connect(self.drag_began)
        self.valueChanged.connect(lambda steps: self.dragged.emit(steps / _SLIDER_STEPS))

    def show_value(self, scale: float) -> None:
        """Show a scale without a word to anyone; the ends wait until a drag is over."""
        with QSignalBlocker(self):
            if not self.isSliderDown():
                shown = max(-_SLIDER_REACH, min(_SLIDER_REACH, scale))
                low, high = fader_range(shown)
                self.setRange(round(low * _SLIDER_STEPS), round(high * _SLIDER_STEPS))
                self.setValue(round(shown * _SLIDER_STEPS))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class BlockChoices(QAbstractListModel):
    """What may feed a block: nothing, the tokens, and each block that would close no circle.

    All inputs of a block offer the same, so that they share one of these.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._entries: list[tuple[str, str | None]] = []
        self._rows: dict[str | None, int] = {}

    def follow(self, editor: PlanEditor, block_id: str) -> None:
        """Offer what may feed this block now."""
        entries = _entries(editor, block_id)
        if entries != self._entries:
            self.beginResetModel()
            self._entries = entries
            self._rows = {id_: row for row, (_, id_) in enumerate(entries)}
            self.endResetModel()

    def row_of(self, source: str | None) -> int:
        """The row of a block, of TOKENS, or of no link."""
        return self._rows[source]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        text, id_ = self._entries[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return id_
        return text if role == Qt.ItemDataRole.DisplayRole else None


class BlockChoice(QComboBox):
    """Which block feeds an input. `chosen` carries its id, TOKENS, or None for no link."""

    chosen = Signal(object)

    def __init__(self, name: str, choices: BlockChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self.setModel(choices)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def show_source(self, source: str | None) -> None:
        """Show what feeds the input, without a word to anyone."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self._choices.row_of(source))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def block_label(editor: PlanEditor, block_id: str) -> str:
    """How a block is named in a list: its number, where it has one, and its title."""
    if block_id == TOKENS:
        return "Tokens"
    number, title = editor.number(block_id), title_of(editor.plan.blocks[block_id])
    return title if number is None else f"{number}  {title}"


def caption(text: str) -> QLabel:
    """A label for a control or for a fact."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("First weight layer"))
    return label


def fact() -> QLabel:
    """A fact that can be read, selected and copied."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setWordWrap(True)
    label.setFont(themes.with_tabular_figures(label.font()))
    return label


def _entries(editor: PlanEditor, block_id: str) -> list[tuple[str, str | None]]:
    plan: Plan = editor.plan
    barred = descendants(plan, block_id) | {block_id}
    entries: list[tuple[str, str | None]] = [("Not linked", None), ("Tokens", TOKENS)]
    entries += [(block_label(editor, i), i) for i in plan.blocks if i not in barred]
    return entries
