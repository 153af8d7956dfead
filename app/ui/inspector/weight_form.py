"""The form of a WeightBlock: which weight layers it borrows, what feeds it, what it runs as."""

from __future__ import annotations

from app.plan import edits
from app.plan.document import LAYER_LIMIT, WeightBlock
from app.ui.canvas.faces import range_text
from app.ui.editor import PlanEditor
from app.ui.inspector.fields import BlockChoice, LayerSpin, caption, fact
from app.ui.inspector.form import BlockForm


class WeightForm(BlockForm):
    """Start, length and end of the range are typed; the other two follow."""

    def __init__(self, editor: PlanEditor) -> None:
        super().__init__(editor, "Weight block")

    def fill_body(self) -> None:
        self.first = LayerSpin("First weight layer")
        self.count = LayerSpin("Number of layers")
        self.last = LayerSpin("Last weight layer")
        self.source = BlockChoice("Input")
        self._runs_as = fact()
        for text, field in (
            ("First weight layer", self.first),
            ("Number of layers", self.count),
            ("Last weight layer", self.last),
            ("Input", self.source),
        ):
            label = caption(text)
            label.setBuddy(field)
            self.rows.addRow(label, field)
        self.end_rows.addRow(caption("Runs as"), self._runs_as)
        self.first.valueChanged.connect(self._set_first)
        self.count.valueChanged.connect(self._set_count)
        self.last.valueChanged.connect(self._set_last)
        for spin in (self.first, self.count, self.last):
            spin.editingFinished.connect(self.new_step)
        self.source.chosen.connect(self._link)

    def refresh(self) -> None:
        super().refresh()
        block = self._block()
        n = self.editor.n_weight_layers or LAYER_LIMIT
        self.first.show_value(block.weight_start, 0, n - 1)
        self.count.show_value(block.n_layers, 1, n - block.weight_start)
        self.last.show_value(block.weight_end - 1, block.weight_start, n - 1)
        self.source.show_choice(self.editor, self.block_id, block.input)
        layers = self.editor.plan_layers(self.block_id)
        if layers is None:
            self._runs_as.setText("Nothing: it is muted" if block.muted else "Not linked yet")
        else:
            word = "plan layer" if block.n_layers == 1 else "plan layers"
            self._runs_as.setText(f"{word} {range_text(*layers)}")

    def _block(self) -> WeightBlock:
        block = self.editor.plan.blocks[self.block_id]
        assert isinstance(block, WeightBlock)
        return block

    def _set_first(self, first: int) -> None:
        n = self.editor.n_weight_layers or LAYER_LIMIT
        self._set_weights(first, max(1, min(self._block().n_layers, n - first)))

    def _set_count(self, count: int) -> None:
        self._set_weights(self._block().weight_start, count)

    def _set_last(self, last: int) -> None:
        start = self._block().weight_start
        self._set_weights(start, max(1, last + 1 - start))

    def _set_weights(self, first: int, count: int) -> None:
        after = edits.set_weights(self.editor.plan, self.block_id, first, count)
        self.editor.apply("Change layers", after, merge_key=self.step)

    def _link(self, source: str | None) -> None:
        plan = self.editor.plan
        if source is None:
            self.editor.apply("Remove link", edits.disconnect(plan, self.block_id, 0))
        else:
            self.editor.apply("Add link", edits.connect(plan, source, self.block_id, 0))
