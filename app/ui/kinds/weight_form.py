"""The form of a WeightBlock: which weight layers it borrows, what feeds it, what it runs as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.memory.amounts import format_bytes
from app.plan import edits
from app.plan.document import LAYER_LIMIT, WeightBlock
from app.ui.canvas.numbers import range_text
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.fields import BlockChoice, LayerSpin, caption, fact
from app.ui.views.inspector.form import BlockForm, MemoryOf

if TYPE_CHECKING:
    from app.memory.estimate import BlockMemory


_NOT_KNOWN = "Known when the plan is valid"


class WeightForm(BlockForm):
    """Start, length and end of the range are typed; the other two follow."""

    def __init__(self, editor: PlanEditor, memory_of: MemoryOf) -> None:
        self._memory_of = memory_of
        super().__init__(editor, "Weight block")

    def fill_body(self) -> None:
        self.first = LayerSpin("First weight layer")
        self.count = LayerSpin("Number of layers")
        self.last = LayerSpin("Last weight layer")
        self.source = BlockChoice("Input", self.choices)
        self._runs_as, self.memory = fact(), fact()
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
        self.end_rows.addRow(caption("Memory"), self.memory)
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
        self.source.show_source(block.input)
        layers = self.editor.plan_layers(self.block_id)
        if block.muted:
            self._runs_as.setText("Nothing (muted)")
        elif layers is None:
            is_linked = block.input is not None
            self._runs_as.setText(_NOT_KNOWN if is_linked else "Not linked yet")
        else:
            word = "plan layer" if block.n_layers == 1 else "plan layers"
            self._runs_as.setText(f"{word} {range_text(*layers)}")
        self.show_memory()

    def show_memory(self) -> None:
        """Say what the block takes, and how much of it others share."""
        if self._block().muted:
            self.memory.setText("Nothing (muted)")
        else:
            self.memory.setText(_memory_in_words(self._memory_of(self.block_id)))

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


def _memory_in_words(memory: BlockMemory | None) -> str:
    if memory is None:
        return _NOT_KNOWN
    if not memory.weights_bytes:
        return "Nothing (unused)"
    shared_bytes = memory.weights_bytes - memory.own_weights_bytes
    weights, kv = format_bytes(memory.weights_bytes), format_bytes(memory.kv_bytes)
    sharing = f"{format_bytes(shared_bytes)} of them shared" if shared_bytes else "none shared"
    if not memory.own_weights_bytes:
        sharing = "all shared"
    return f"{weights} of weights, {sharing}\n{kv} of KV cache"
