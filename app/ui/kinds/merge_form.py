"""The form of a MergeBlock: its inputs with their scales, and the sum of them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.plan import edits, shaping
from app.plan.document import MergeBlock
from app.plan.kinds.merge import MAX_MERGE_INPUTS
from app.plan.problem import PlanError
from app.ui.canvas.numbers import scale_text
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.fields import BlockChoice, ScaleSlider, ScaleSpin, fact
from app.ui.views.inspector.form import BlockForm, MemoryOf
from app.ui.widgets import icons
from app.ui.widgets import theme as themes


class MergeForm(BlockForm):
    """A row for each input: what feeds it, its scale to type or to drag, a button to remove it."""

    def __init__(self, editor: PlanEditor, _memory_of: MemoryOf) -> None:
        super().__init__(editor, "Merge block")

    def fill_body(self) -> None:
        self.inputs: list[InputRow] = []
        self._list = QWidget()
        self._grid = QGridLayout(self._list)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._show_rows(2)
        self.add_input = QPushButton("Add input")
        icons.set_icon(self.add_input, "add")
        self.add_input.clicked.connect(self._add_input)
        self.equalise = QPushButton("Equalise")
        icons.set_icon(self.equalise, "equalise")
        self.equalise.setToolTip("Give all inputs the same scale, with a sum of 1.")
        self.equalise.clicked.connect(self._equalise)
        self.sum = fact()
        self.keep_sum = QCheckBox("Keep the sum at 1")
        self.keep_sum.setToolTip("Changing one scale adjusts the others.")
        self.keep_sum.clicked.connect(self._keep_sum)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.add_input)
        buttons.addWidget(self.equalise)
        sum_row = QHBoxLayout()
        sum_row.setSpacing(8)
        sum_row.addWidget(self.keep_sum)
        sum_row.addStretch(1)
        sum_row.addWidget(QLabel("Sum"))
        sum_row.addWidget(self.sum)
        self.body.addWidget(self._list)
        self.body.addLayout(buttons)
        self.body.addLayout(sum_row)

    def refresh(self) -> None:
        super().refresh()
        merge = self._merge()
        self._show_rows(len(merge.inputs))
        for row, merge_input in zip(self.inputs, merge.inputs, strict=True):
            row.source.show_source(merge_input.block)
            row.spin.show_value(merge_input.scale)
            row.slider.show_value(merge_input.scale)
            row.remove.setEnabled(len(merge.inputs) > 2)
            row.say_refused("")
        self.sum.setText(scale_text(sum(i.scale for i in merge.inputs)))
        self.keep_sum.setChecked(merge.sums_to_one)
        self.add_input.setEnabled(len(merge.inputs) < MAX_MERGE_INPUTS)
        self.equalise.setEnabled({i.scale for i in merge.inputs} != {1.0 / len(merge.inputs)})

    def link(self, port: int, source: str | None) -> None:
        """Feed an input by another block, or by none."""
        plan = self.editor.plan
        if source is None:
            self.editor.apply("Remove link", edits.disconnect(plan, self.block_id, port))
        else:
            self.editor.apply("Add link", edits.connect(plan, source, self.block_id, port))

    def set_scale(self, port: int, scale: float) -> None:
        """Set an input's scale, or say at the input why that is refused.

        Consecutive calls are one undo step until `new_step`.
        """
        try:
            after = edits.set_scale(self.editor.plan, self.block_id, port, scale)
        except PlanError as error:
            self.refresh()
            self.inputs[port].say_refused(str(error))
            return
        self.editor.apply("Set scale", after, merge_key=(self.step, port))

    def remove_input(self, port: int) -> None:
        """Take an input away, with its link."""
        after = edits.remove_input(self.editor.plan, self.block_id, port)
        self.editor.apply("Remove input", after)

    def _show_rows(self, n_inputs: int) -> None:
        while len(self.inputs) > n_inputs:
            self.inputs.pop().remove_from(self._grid)
        while len(self.inputs) < n_inputs:
            self.inputs.append(InputRow(self, self._grid, len(self.inputs)))

    def _merge(self) -> MergeBlock:
        block = self.editor.plan.blocks[self.block_id]
        assert isinstance(block, MergeBlock)
        return block

    def _add_input(self) -> None:
        self.editor.apply("Add input", edits.add_input(self.editor.plan, self.block_id))

    def _equalise(self) -> None:
        after = shaping.equalise(self.editor.plan, self.block_id)
        self.editor.apply("Equalise scales", after)

    def _keep_sum(self, on: bool) -> None:
        after = shaping.set_sums_to_one(self.editor.plan, self.block_id, on)
        self.editor.apply("Keep the sum at 1" if on else "Unlock the sum", after)


class InputRow:
    """The controls of one input of a merge, in two lines of a grid, and what was refused below."""

    def __init__(self, form: MergeForm, grid: QGridLayout, port: int) -> None:
        name = f"input {port + 1}"
        self.source = BlockChoice(f"Block of {name}", form.choices)
        self.source.chosen.connect(partial(form.link, port))
        self.spin = ScaleSpin(f"Scale of {name}")
        self.spin.valueChanged.connect(partial(form.set_scale, port))
        self.spin.editingFinished.connect(form.new_step)
        self.slider = ScaleSlider(f"Scale of {name} as a slider")
        self.slider.drag_began.connect(form.new_step)
        self.slider.dragged.connect(partial(form.set_scale, port))
        self.slider.sliderReleased.connect(form.refresh)
        self.remove = QToolButton()
        self.remove.setAutoRaise(True)
        self.remove.setAccessibleName(f"Remove {name}")
        self.remove.setToolTip("Remove this input")
        icons.set_icon(self.remove, "remove")
        self.remove.clicked.connect(lambda _checked=False: form.remove_input(port))
        self.refusal = QLabel()
        self.refusal.setWordWrap(True)
        self.refusal.setTextFormat(Qt.TextFormat.PlainText)
        grid.addWidget(self.source, 3 * port, 0)
        grid.addWidget(self.remove, 3 * port, 1)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 8)
        line.setSpacing(8)
        line.addWidget(self.slider, 1)
        line.addWidget(self.spin)
        self._line = line
        grid.addLayout(line, 3 * port + 1, 0, 1, 2)
        grid.addWidget(self.refusal, 3 * port + 2, 0, 1, 2)
        self.say_refused("")

    def say_refused(self, words: str) -> None:
        """Say why what was asked for is not done; without words all is well."""
        self.refusal.setText(words)
        self.refusal.setVisible(bool(words))
        palette = self.refusal.palette()
        palette.setColor(self.refusal.foregroundRole(), themes.current().error)
        self.refusal.setPalette(palette)

    def remove_from(self, grid: QGridLayout) -> None:
        """Take the controls off the form."""
        grid.removeItem(self._line)
        for widget in (self.source, self.spin, self.slider, self.remove, self.refusal):
            grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
