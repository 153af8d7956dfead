"""What the inspector says when no single block is selected: the plan or the selection in short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.plan.document import LAYER_LIMIT
from app.ui.canvas import Canvas
from app.ui.state.block_kinds import kind_ui, kind_uis, layer_range
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.fields import caption, fact
from app.ui.widgets import icons
from app.ui.widgets.quantity import quantity


class Summary(QWidget):
    """Counts of blocks and layers, and what to do next."""

    def __init__(self, editor: PlanEditor, canvas: Canvas) -> None:
        super().__init__()
        self._editor = editor
        self._canvas = canvas
        self._heading = QLabel()
        font = self._heading.font()
        font.setBold(True)
        self._heading.setFont(font)
        self._blocks, self._plan_layers, self._weight_layers = fact(), fact(), fact()
        self._facts = QWidget()
        rows = QFormLayout(self._facts)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(8)
        rows.addRow(caption("Blocks"), self._blocks)
        rows.addRow(caption("Plan layers"), self._plan_layers)
        rows.addRow(caption("Weight layers used"), self._weight_layers)
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        self._add = QPushButton("Add weight block")
        icons.set_icon(self._add, "weight-block")
        self._add.clicked.connect(lambda _checked=False: canvas.add_block("weight"))
        self._merge = QPushButton("Merge these blocks")
        icons.set_icon(self._merge, "merge-block")
        self._merge.clicked.connect(lambda _checked=False: canvas.add_block("merge"))
        body = QVBoxLayout(self)
        body.setContentsMargins(12, 12, 12, 12)
        body.setSpacing(12)
        for widget in (self._heading, self._facts, self._hint, self._add, self._merge):
            body.addWidget(widget)
        body.addStretch(1)

    def refresh(self) -> None:
        """Show the plan and the selection as they are now."""
        plan, selected = self._editor.plan, self._canvas.selected_ids()
        shown = selected or tuple(plan.blocks)
        blocks = [plan.blocks[i] for i in shown]
        n_of_kind = Counter(kind_ui(block).name for block in blocks)
        self._heading.setText(f"{len(selected)} blocks selected" if selected else "The whole plan")
        self._facts.setVisible(bool(blocks))
        counts = (quantity(n_of_kind[k.name], k.title.lower()) for k in kind_uis())
        self._blocks.setText(", ".join(counts))
        running = [b for b in blocks if selected or b.id in self._editor.live]
        ranges = [layers for b in running if (layers := layer_range(b)) is not None]
        self._plan_layers.setText(str(sum(map(len, ranges))))
        n = self._editor.n_weight_layers
        there = _count_borrowed(ranges, LAYER_LIMIT if n is None else n)
        self._weight_layers.setText(str(there) if n is None else f"{there} of {n}")
        self._add.setVisible(not plan.blocks)
        self._merge.setVisible(len(selected) > 1)
        self._hint.setVisible(len(selected) < 2)
        self._hint.setText(
            "Select a block to change its layers, scales and inputs."
            if plan.blocks
            else "This plan has no blocks yet. Add one here or from the palette, or double-click "
            "the canvas where it should be."
        )


def _count_borrowed(ranges: Iterable[range], n: int) -> int:
    """How many of the weight layers below `n` are in these ranges, each counted once."""
    count = end = 0
    for start, block_end in sorted((layers.start, min(layers.stop, n)) for layers in ranges):
        count += max(0, block_end - max(start, end))
        end = max(end, block_end)
    return count
