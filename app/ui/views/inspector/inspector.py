"""Shows the form for what is selected on the canvas and keeps it in step with the plan."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.plan.document import WeightBlock
from app.ui.canvas import Canvas
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.merge_form import MergeForm
from app.ui.views.inspector.summary import Summary
from app.ui.views.inspector.weight_form import MemoryOf, WeightForm


class Inspector(QScrollArea):
    """The properties of the selected block; for none or several, a summary."""

    def __init__(
        self,
        editor: PlanEditor,
        canvas: Canvas,
        memory_of: MemoryOf,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._canvas = canvas
        self.weight_form = WeightForm(editor, memory_of)
        self.merge_form = MergeForm(editor)
        self.summary = Summary(editor, canvas)
        self._pages: tuple[QWidget, ...] = (self.summary, self.weight_form, self.merge_form)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        for page in self._pages:
            column.addWidget(page)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Inspector")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        canvas.selection_changed.connect(self._refresh)
        editor.changed.connect(self._refresh)
        editor.replaced.connect(self._refresh)
        editor.weight_layers_changed.connect(self._refresh)
        least = max(page.minimumSizeHint().width() for page in self._pages)
        self.setMinimumWidth(least + self.verticalScrollBar().sizeHint().width())
        self._refresh()

    def sizeHint(self) -> QSize:
        return QSize(280, 360)

    def show_memory(self, _heard: object = None) -> None:
        """Say anew what the block takes in memory."""
        if self.weight_form.isVisible():
            self.weight_form.show_memory()

    def _refresh(self, _heard: object = None) -> None:
        selected = self._canvas.selected_ids()
        block = self._editor.plan.blocks[selected[0]] if len(selected) == 1 else None
        if block is None:
            self.summary.refresh()
            self._show_page(self.summary)
            return
        form = self.weight_form if isinstance(block, WeightBlock) else self.merge_form
        form.show_block(block.id)
        self._show_page(form)

    def _show_page(self, page: QWidget) -> None:
        for other in self._pages:
            other.setVisible(other is page)
