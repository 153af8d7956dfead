"""The strip that always shows what the plan will take of the memory that is free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.memory.amounts import format_bytes
from app.ui.state.memory_figures import MemoryFigures
from app.ui.state.services import Services
from app.ui.widgets import theme
from app.ui.widgets.link_button import LinkButton
from app.ui.widgets.quantity import quantity

if TYPE_CHECKING:
    from app.memory.changes import Change


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the bar."""

    words: str
    n_bytes: int
    colour: QColor


def parts_of(figures: MemoryFigures) -> tuple[Part, ...]:
    """The bar's pieces from left to right; hue belongs to the sources, so the rest is grey."""
    colours, estimate = theme.current(), figures.estimate

    def grey(share: float) -> QColor:
        return theme.mixed(colours.text, colours.window, share)

    later = [(n, size) for n, size in enumerate(figures.later_sources_bytes, 1) if size]
    first_bytes = estimate.weights_bytes - sum(size for _, size in later)
    parts = (
        Part("weights", first_bytes, colours.source(0)),
        *(Part(f"of source {n + 1}", size, colours.source(n)) for n, size in later),
        Part("KV cache", estimate.kv_bytes, grey(0.35)),
        Part("compute", estimate.compute_bytes, grey(0.55)),
        Part("process", estimate.process_bytes, grey(0.72)),
    )
    if not figures.n_beside:
        return parts
    return (*parts, Part(quantity(figures.n_beside, "other plan"), figures.beside_bytes, grey(0.2)))


class MemoryPanel(QWidget):
    """Bar, parts, total against free memory, the verdict in words, and what would help."""

    fit_wanted = Signal()
    """Layers that can be left out are to be looked for."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setAccessibleName("Memory")
        self._window = services.window
        self._settings = services.settings
        self._reply_settings = services.reply_settings
        self._watch = services.memory_watch
        self._bar = _Bar()
        self._verdict = QLabel()
        self._verdict.setFont(theme.with_tabular_figures(self._verdict.font()))
        self._verdict.setAccessibleName("Memory verdict")
        self._verdict.setForegroundRole(QPalette.ColorRole.WindowText)  # a toolbar's is another
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setFont(theme.with_tabular_figures(self._legend.font()))
        self._legend.setAccessibleName("Parts of the memory")
        self._origin = QLabel()
        self._origin.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._origin.setAlignment(Qt.AlignmentFlag.AlignRight)
        settings = LinkButton("Settings …")
        settings.setToolTip("Context length, KV cache, batch, and memory kept free")
        settings.setAccessibleName("Memory settings")
        settings.clicked.connect(lambda _checked=False: self.show_settings())
        self._advice = LinkButton("")
        self._advice.clicked.connect(lambda _checked=False: self._take_advice())
        self._others = QLabel()
        self._others.setForegroundRole(QPalette.ColorRole.PlaceholderText)
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
        second.addWidget(settings)
        third = QHBoxLayout()
        third.setSpacing(12)
        third.addWidget(self._advice)
        third.addWidget(self._others, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 4)
        column.setSpacing(2)
        column.addLayout(first)
        column.addLayout(second)
        column.addLayout(third)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_reason("Open a model to see what the plan needs")
        self._watch.estimated.connect(self.show_figures)
        self._watch.unknown.connect(self.show_reason)

    def show_figures(self, figures: MemoryFigures) -> None:
        """Show an estimate against what is free."""
        parts = parts_of(figures)
        self._bar.show_parts(parts, figures.free_bytes)
        self._verdict.setText(verdict_in_words(figures))
        is_short = figures.verdict.is_short
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
        self._show_changes(figures.changes, leaving_in_words(figures))
        self.setAccessibleDescription(self.words)

    def _show_changes(self, changes: tuple[Change, ...], leaving: str) -> None:
        best, *others = changes or (None,)
        self._advice.setVisible(best is not None)
        if best is not None:
            self._advice.setText(_capitalised(best.words))
        words = [f"or {change.words}" for change in others]
        self._others.setText(" · ".join([*words, leaving] if leaving else words))
        self._others.setVisible(bool(self._others.text()))

    def _take_advice(self) -> None:
        figures = self._watch.figures
        if figures is None or not figures.changes:
            return
        change = figures.changes[0]
        context = self._reply_settings.context
        if change.kind == "layers":
            self.fit_wanted.emit()
        elif isinstance(change.value, int):
            self._reply_settings.set_context(replace(context, n_ctx=change.value))
        else:
            self._reply_settings.set_context(replace(context, kv_type=change.value))

    def show_settings(self) -> None:
        """Open the memory settings; each edit takes effect at once."""
        from app.ui.window.memory_settings import MemorySettingsDialog

        reserve_bytes = self._settings.memory_reserve()
        context = self._reply_settings.context
        dialog = MemorySettingsDialog(self._window, context, reserve_bytes)
        dialog.context_changed.connect(self._reply_settings.set_context)
        dialog.reserve_changed.connect(self._keep_free)
        dialog.open()

    def _keep_free(self, n_bytes: int) -> None:
        self._settings.save_memory_reserve(n_bytes)
        self._watch.look_again()

    def show_reason(self, why: str) -> None:
        """Show why there is no estimate."""
        self._bar.show_parts((), 0)
        self._verdict.setText("")
        self._legend.setText(why)
        self._origin.setText("")
        self._show_changes((), "")
        self.setAccessibleDescription(why)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._watch.figures is not None:
            self.show_figures(self._watch.figures)

    @property
    def words(self) -> str:
        """The whole panel as a sentence, for screen readers and for the terminal."""
        figures = self._watch.figures
        if figures is None:
            return self._legend.text()
        parts = ", ".join(f"{p.words} {format_bytes(p.n_bytes)}" for p in parts_of(figures))
        sentence = f"{verdict_in_words(figures)} ({parts}; {origin(figures)})"
        if figures.leaving:
            sentence += f". {leaving_in_words(figures)}"
        changes = figures.changes
        return f"{sentence}. What helps most: {changes[0].words}" if changes else sentence


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


def verdict_in_words(figures: MemoryFigures) -> str:
    """Whether it fits, in words and numbers."""
    verdict = figures.verdict
    sign = "✗" if verdict.is_short else "!" if verdict.kind == "tight" else "✓"
    total, free = figures.total_bytes, figures.free_bytes
    return f"{sign} {verdict.words} · {format_bytes(total)} of {format_bytes(free)} free"


def leaving_in_words(figures: MemoryFigures) -> str:
    """Which plans the engine closes for this one; '' for none."""
    names = ", ".join(f"“{document.name}”" for document in figures.leaving)
    return f"Opening it closes {names} in the engine" if names else ""


def origin(figures: MemoryFigures) -> str:
    """Where the numbers come from, and the measured size beside them."""
    if figures.measured_bytes:
        difference = figures.total_bytes / figures.measured_bytes - 1
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
