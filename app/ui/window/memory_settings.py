"""What a plan's context takes in memory, to be set: length, KV cache type, batch, and what is kept
free."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.engine.messages import ContextSettings
from app.memory.kv_types import KV_TYPES

_MIB = 1 << 20


class MemorySettingsDialog(QDialog):
    """Each edit is shown by the estimate at once; the plan is opened anew with the next Run."""

    context_changed = Signal(object)
    """ContextSettings."""
    reserve_changed = Signal(object)
    """Bytes."""

    def __init__(self, parent: QWidget, context: ContextSettings, reserve_bytes: int) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Memory settings")
        self._context = context
        self.n_ctx = _spin(64, 4_194_304, 512, context.n_ctx, " tokens")
        self.kv_type = QComboBox()
        for kv_type in KV_TYPES:
            self.kv_type.addItem(kv_type)
        self.kv_type.setCurrentText(context.kv_type)
        self.n_batch = _spin(1, 65_536, 64, context.n_batch, " tokens")
        self.use_mmap = QCheckBox("Memory-map the model file")
        self.use_mmap.setChecked(context.use_mmap)
        self.reserve = _spin(0, 1 << 30, 256, reserve_bytes // _MIB, " MiB")
        self.reserve.setSpecialValueText("nothing")
        form = QFormLayout()
        rows: tuple[tuple[str, QWidget, str], ...] = (
            ("&Context", self.n_ctx, "Maximum tokens of prompt and replies together"),
            (
                "&KV cache",
                self.kv_type,
                "Type of the KV cache; q8_0 needs half the memory of f16 at about the same quality",
            ),
            (
                "&Batch",
                self.n_batch,
                "Prompt tokens processed together; fewer need less memory but are slower",
            ),
            (
                "",
                self.use_mmap,
                "The system can drop mapped weights when memory is short, and read them again",
            ),
            ("Keep &free", self.reserve, "Memory to leave for other programs"),
        )
        for words, field, tip in rows:
            field.setToolTip(tip)
            field.setAccessibleName(words.replace("&", "") or self.use_mmap.text())
            field.setAccessibleDescription(tip)
            form.addRow(words, field)
        note = QLabel(
            "The estimate updates at once. Press Run to reopen the plan with these settings."
        )
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.accept)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(buttons)
        self.n_ctx.valueChanged.connect(self._edited)
        self.n_batch.valueChanged.connect(self._edited)
        self.kv_type.currentTextChanged.connect(self._edited)
        self.use_mmap.toggled.connect(self._edited)
        self.reserve.valueChanged.connect(lambda mib: self.reserve_changed.emit(mib * _MIB))

    @property
    def context(self) -> ContextSettings:
        """The settings as shown."""
        return replace(
            self._context,
            n_ctx=self.n_ctx.value(),
            kv_type=KV_TYPES[self.kv_type.currentIndex()],
            n_batch=self.n_batch.value(),
            use_mmap=self.use_mmap.isChecked(),
        )

    def _edited(self, _value: object) -> None:
        self.context_changed.emit(self.context)


def _spin(low: int, high: int, step: int, value: int, suffix: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setSuffix(suffix)
    box.setGroupSeparatorShown(True)
    box.setKeyboardTracking(False)
    box.setValue(value)
    return box
