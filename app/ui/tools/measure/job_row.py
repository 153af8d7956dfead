"""A row that says how far a measurement is, and stops it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from app.ui.widgets.quiet_label import QuietLabel

_STEPS = 1000


class JobRow(QWidget):
    """Words, a bar and Cancel while something runs; empty, but as high, while nothing does."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QuietLabel()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress of the measurement")
        self.bar.setTextVisible(False)
        self.bar.setMaximum(_STEPS)
        self.bar.setFixedSize(120, 8)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(lambda _checked=False: self._cancel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for widget in (self.bar, self.cancel):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.end()

    def begin(self) -> None:
        """Something was asked for."""
        self.words.setText("Waiting for the engine …")
        self.bar.setValue(0)
        self.bar.show()
        self.cancel.setEnabled(True)
        self.cancel.show()

    def show_progress(
        self, phase: str, fraction: float, tokens_per_s: float, seconds_left: float | None
    ) -> None:
        """How far it is: `fraction` 0..1, the speed (0: unknown) and the time that is left."""
        parts = [phase]
        if tokens_per_s:
            parts.append(f"{tokens_per_s:,.0f} tok/s")
        if seconds_left is not None:
            parts.append(f"{time_left(seconds_left)} left")
        self.words.setText(" · ".join(parts))
        self.bar.setValue(round(fraction * _STEPS))

    def end(self, words: str = "") -> None:
        """Nothing runs any more."""
        self.words.setText(words)
        self.bar.hide()
        self.cancel.hide()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.words.setText("Stopping …")
        self.cancelled.emit()


def time_left(seconds: float) -> str:
    """Such as "40 s", "12 min" or "3 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
