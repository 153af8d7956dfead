"""A model file in the compose dialog: which of its layers are taken."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.memory.amounts import format_bytes
from app.model_files.model_file import ModelFile
from app.plan.layer_ranges import parse_ranges, ranges_text
from app.ui.widgets import theme
from app.ui.widgets.icons import set_icon
from app.ui.widgets.quiet_label import QuietLabel

ALL, BORROWED, THESE = "All layers", "What open plans borrow", "These layers"
_BAR = 4


class SourceRow(QWidget):
    """`changed` says that other layers are taken, `remove_wanted` that the file is not wanted."""

    changed = Signal()
    remove_wanted = Signal()

    def __init__(self, file: ModelFile, number: int, borrowed: tuple[int, ...] | None) -> None:
        """`number` tells the colour; `borrowed` is None for a file that no open plan is over."""
        super().__init__()
        self.file = file
        self.number = number
        self._borrowed = borrowed
        name = QuietLabel(file.path.stem)
        name.shortened = Qt.TextElideMode.ElideMiddle
        name.setForegroundRole(QPalette.ColorRole.WindowText)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        name.setToolTip(str(file.path))
        self.facts = QuietLabel()
        self.choice = QComboBox()
        self.choice.setAccessibleName(f"Layers of {file.path.name}")
        self.choice.addItems([ALL, THESE] if borrowed is None else [ALL, BORROWED, THESE])
        self.choice.setMinimumContentsLength(len(BORROWED))
        self.numbers = QLineEdit(ranges_text(file.layers))
        self.numbers.setAccessibleName(f"Numbers of the layers of {file.path.name}")
        self.numbers.setToolTip("Such as 0-14, 20: both ends included, written in this order")
        policy = self.numbers.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.numbers.setSizePolicy(policy)
        self.numbers.setFixedWidth(150)
        self.remove = QToolButton()
        set_icon(self.remove, "close")
        self.remove.setAutoRaise(True)
        self.remove.setToolTip("Remove this file")
        self.remove.setAccessibleName(f"Remove {file.path.name}")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(self.facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(_BAR + 10, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(words, 1)
        for widget in (self.choice, self.numbers, self.remove):
            row.addWidget(widget)
        self.choice.currentTextChanged.connect(self._choose)
        self.numbers.textChanged.connect(lambda _text: self._tell())
        self.remove.clicked.connect(lambda _checked=False: self.remove_wanted.emit())
        self._choose(ALL)

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers taken, in order. Raises ValueError with a sentence for what is no range."""
        if self.choice.currentText() == BORROWED:
            return self._borrowed or ()
        if self.choice.currentText() == THESE:
            return parse_ranges(self.numbers.text())
        return self.file.layers

    def show_borrowed(self, borrowed: tuple[int, ...] | None) -> None:
        """Open plans borrow other layers now; None: none is over this file any more."""
        if borrowed != self._borrowed:
            self._borrowed = borrowed
            self._tell()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().source(self.number))
        painter.drawRoundedRect(QRectF(0, 1, _BAR, self.height() - 2), 2, 2)

    def _choose(self, choice: str) -> None:
        self.numbers.setVisible(choice == THESE)
        self._tell()

    def _tell(self) -> None:
        try:
            layers = self.layers
        except ValueError:
            self.facts.setText("")
        else:
            held = dict(zip(self.file.layers, self.file.layer_bytes, strict=True))
            n_bytes = sum(held.get(number, 0) for number in layers)
            of = "" if len(layers) == self.file.n_layers else f" of {self.file.n_layers}"
            word = "layer" if self.file.n_layers == 1 else "layers"
            types = " and ".join(dict.fromkeys(self.file.layer_types))
            self.facts.setText(f"{len(layers)}{of} {word} · {types} · {format_bytes(n_bytes)}")
        self.changed.emit()
