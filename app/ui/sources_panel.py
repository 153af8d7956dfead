"""The model the plan is over: its colour, architecture, layers, sizes and quantisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.memory.amounts import format_bytes
from app.ui import theme
from app.ui.quiet_label import QuietLabel

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


class SourcesPanel(QWidget):
    """One row a source. Without one it says what to do."""

    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self._empty = QLabel("No model is open.\nOpen a GGUF file or drop one here.")
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._rows.addWidget(self._empty)
        open_button = QPushButton("Open model …")
        open_button.clicked.connect(self.open_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(self._rows)
        column.addWidget(open_button)
        column.addStretch(1)

    def show_models(self, models: tuple[ModelFile, ...]) -> None:
        """Show these sources, in the order in which their weight layers are counted."""
        while (item := self._rows.takeAt(0)) is not None:
            row = item.widget()
            if row is not None:
                row.hide()
                row.deleteLater()
        for index, model in enumerate(models):
            self._rows.addWidget(_Source(index, model))


class _Source(QWidget):
    def __init__(self, index: int, model: ModelFile) -> None:
        super().__init__()
        self._index = index
        name = QLabel(model.path.stem)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        facts = QLabel(model_facts(model))
        facts.setFont(theme.with_tabular_figures(facts.font()))
        title = QuietLabel(model.name)
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (name, title, facts):
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 0, 0)
        row.addLayout(words, 1)
        self.setToolTip(str(model.path))
        self.setAccessibleName(f"Source {index + 1}: {name.text()}, {facts.text()}")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().source(self._index))
        painter.drawRoundedRect(QRectF(0, 2, 5, self.height() - 4), 2, 2)


def model_facts(model: ModelFile) -> str:
    """Architecture, layers, quantisation, width and sizes in two lines."""
    layers = "1 layer" if model.n_layers == 1 else f"{model.n_layers} layers"
    return (
        f"{model.architecture} · {layers} · {model.file_type}\n"
        f"width {model.n_embd} · vocabulary {model.n_vocab:,}\n"
        f"layers {format_bytes(sum(model.layer_bytes))} · other {format_bytes(model.other_bytes)}"
    )
