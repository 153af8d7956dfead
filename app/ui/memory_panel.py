"""The strip that always shows what the plan will take of the memory that is free."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.engine.messages import MemoryEstimate
from app.memory.amounts import format_bytes
from app.memory.verdict import Verdict, judge
from app.ui import theme


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """What the plan will take and what there is, all in bytes."""

    estimate: MemoryEstimate
    available_bytes: int
    """Free now, without what the running engine would give back."""
    given_back_bytes: int
    """What the running engine holds and frees before another plan is opened."""
    is_dry_run: bool
    """Whether the engine simulated this very plan; otherwise these are exact sums over the file,
    with compute and process as it last found them."""
    measured_bytes: int | None = None
    """What the engine process holds with this very plan open, where that is known."""

    @property
    def free_bytes(self) -> int:
        """What the plan may take."""
        return self.available_bytes + self.given_back_bytes

    @property
    def verdict(self) -> Verdict:
        """Whether it fits."""
        return judge(self.estimate.total_bytes, self.available_bytes, self.given_back_bytes)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the bar."""

    words: str
    n_bytes: int
    colour: QColor


def parts_of(estimate: MemoryEstimate) -> tuple[Part, ...]:
    """The bar's pieces from left to right; hue belongs to the sources, so the rest is grey."""
    colours = theme.current()

    def grey(share: float) -> QColor:
        return theme.mixed(colours.text, colours.window, share)

    return (
        Part("weights", estimate.weights_bytes, colours.source(0)),
        Part("KV cache", estimate.kv_bytes, grey(0.35)),
        Part("compute", estimate.compute_bytes, grey(0.55)),
        Part("process", estimate.process_bytes, grey(0.72)),
    )


class MemoryPanel(QWidget):
    """Bar, parts, total against free memory, and the verdict in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Memory")
        self.figures: MemoryFigures | None = None
        self._bar = _Bar()
        self._verdict = QLabel()
        self._verdict.setFont(theme.with_tabular_figures(self._verdict.font()))
        self._verdict.setAccessibleName("Memory verdict")
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setFont(theme.with_tabular_figures(self._legend.font()))
        self._legend.setAccessibleName("Parts of the memory")
        self._origin = QLabel()
        self._origin.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._origin.setAlignment(Qt.AlignmentFlag.AlignRight)
        title = QLabel("Memory")
        bold = title.font()
        bold.setBold(True)
        title.setFont(bold)

        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(title)
        first.addWidget(self._bar, 1)
        first.addWidget(self._verdict)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self._legend, 1)
        second.addWidget(self._origin)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 4)
        column.setSpacing(2)
        column.addLayout(first)
        column.addLayout(second)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_reason("Open a model to see what the plan needs")

    def show_figures(self, figures: MemoryFigures) -> None:
        """Show an estimate against what is free."""
        self.figures = figures
        parts = parts_of(figures.estimate)
        self._bar.show_parts(parts, figures.free_bytes)
        self._verdict.setText(verdict_in_words(figures))
        is_short = figures.verdict.kind == "does_not_fit"
        colour = theme.current().error if is_short else theme.current().text
        palette = self._verdict.palette()
        palette.setColor(QPalette.ColorRole.WindowText, colour)
        self._verdict.setPalette(palette)
        self._legend.setText(
            " &nbsp; ".join(
                f'<span style="color:{p.colour.name()}">■</span> {p.words} '
                f"{format_bytes(p.n_bytes)}"
                for p in parts
            )
        )
        self._origin.setText(origin(figures))
        self.setAccessibleDescription(self.words)

    def show_reason(self, why: str) -> None:
        """Show why there is no estimate."""
        self.figures = None
        self._bar.show_parts((), 0)
        self._verdict.setText("")
        self._legend.setText(why)
        self._origin.setText("")
        self.setAccessibleDescription(why)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.figures is not None:
            self.show_figures(self.figures)

    @property
    def words(self) -> str:
        """The whole panel as a sentence, for screen readers and for the terminal."""
        if self.figures is None:
            return self._legend.text()
        parts = ", ".join(
            f"{p.words} {format_bytes(p.n_bytes)}" for p in parts_of(self.figures.estimate)
        )
        return f"{verdict_in_words(self.figures)} ({parts}; {origin(self.figures)})"


def verdict_in_words(figures: MemoryFigures) -> str:
    """Whether it fits, in words and numbers."""
    verdict = figures.verdict
    sign = "✗" if verdict.kind == "does_not_fit" else "!" if verdict.kind == "tight" else "✓"
    total, free = figures.estimate.total_bytes, figures.free_bytes
    return f"{sign} {verdict.words} · {format_bytes(total)} of {format_bytes(free)} free"


def origin(figures: MemoryFigures) -> str:
    """Where the numbers come from, and the measured size beside them."""
    if figures.measured_bytes:
        difference = figures.estimate.total_bytes / figures.measured_bytes - 1
        return (
            f"running: {format_bytes(figures.measured_bytes)} measured (estimate {difference:+.1%})"
        )
    if figures.is_dry_run:
        return "simulated by the engine"
    if figures.estimate.compute_bytes:
        return "exact sums, compute as last simulated"
    return "exact sums, compute follows"


class _Bar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()
        self._free_bytes = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, parts: tuple[Part, ...], free_bytes: int) -> None:
        self._parts, self._free_bytes = parts, free_bytes
        total = sum(p.n_bytes for p in parts)
        self.setToolTip(f"{format_bytes(total)} of {format_bytes(free_bytes)}" if parts else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        frame = QRectF(0, self.height() / 2 - 5, self.width(), 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.well)
        painter.drawRoundedRect(frame, 2, 2)
        total = sum(p.n_bytes for p in self._parts)
        whole = max(total, self._free_bytes)
        if not whole:
            return
        left = frame.left()
        for part in self._parts:
            width = max(frame.width() * part.n_bytes / whole, 2.0 if part.n_bytes else 0.0)
            painter.fillRect(QRectF(left, frame.top(), width, frame.height()), part.colour)
            left += width
        if total > self._free_bytes:
            x = frame.left() + frame.width() * self._free_bytes / whole
            painter.fillRect(QRectF(x, frame.top() - 2, 2, frame.height() + 4), colours.error)
