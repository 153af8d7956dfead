"""Shows the form for what is selected on the canvas and keeps it in step with the plan."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.ui.canvas import Canvas
from app.ui.state.block_kinds import kind_ui, kind_uis
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.form import BlockForm, MemoryOf
from app.ui.views.inspector.summary import Summary


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
        self.forms: dict[str, BlockForm] = {k.name: k.form(editor, memory_of) for k in kind_uis()}
        self.summary = Summary(editor, canvas)
        self._pages: tuple[QWidget, ...] = (self.summary, *self.forms.values())
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
        for form in self.forms.values():
            if form.isVisible():
                form.show_memory()

    def _refresh(self, _heard: object = None) -> None:
        selected = self._canvas.selected_ids()
        block = self._editor.plan.blocks[selected[0]] if len(selected) == 1 else None
        if block is None:
            self.summary.refresh()
            self._show_page(self.summary)
            return
        form = self.forms[kind_ui(block).name]
        form.show_block(block.id)
        self._show_page(form)

    def _show_page(self, page: QWidget) -> None:
        for other in self._pages:
            other.setVisible(other is page)
