"""The memory settings: how the context is made, setting by setting, and what is to stay free."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal, SignalInstance
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

from app.memory.context_settings import SETTINGS, ContextSettings, Setting
from app.memory.kv_types import KV_TYPES

_MIB = 1 << 20
Field = QCheckBox | QComboBox | QSpinBox
_RESERVE = Setting(
    "",
    "memory to leave for other programs",
    label="Keep &free",
    most=1 << 30,
    step=256,
    unit="MiB",
)


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
        self.fields = {
            name: _field(setting, getattr(context, name))
            for name, setting in SETTINGS.items()
            if setting.label
        }
        """The widgets by setting."""
        self.reserve = _spin(_RESERVE, reserve_bytes // _MIB)
        self.reserve.setSpecialValueText("nothing")
        form = QFormLayout()
        rows = [(SETTINGS[name], field) for name, field in self.fields.items()]
        rows.append((_RESERVE, self.reserve))
        for setting, field in rows:
            tip = setting.help[0].upper() + setting.help[1:]
            field.setToolTip(tip)
            field.setAccessibleName(setting.label.replace("&", ""))
            field.setAccessibleDescription(tip)
            form.addRow("" if isinstance(field, QCheckBox) else setting.label, field)
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
        for field in self.fields.values():
            _edited(field).connect(lambda _value: self.context_changed.emit(self.context))
        self.reserve.valueChanged.connect(lambda mib: self.reserve_changed.emit(mib * _MIB))

    @property
    def context(self) -> ContextSettings:
        """The settings as shown."""
        return replace(self._context, **{name: _value(f) for name, f in self.fields.items()})


def _field(setting: Setting, value: object) -> Field:
    if isinstance(value, bool):
        box = QCheckBox(setting.label)
        box.setChecked(value)
        return box
    if isinstance(value, int):
        return _spin(setting, value)
    choice = QComboBox()
    choice.addItems(KV_TYPES)
    choice.setCurrentText(str(value))
    return choice


def _value(field: Field) -> Any:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    return field.value() if isinstance(field, QSpinBox) else field.currentText()


def _edited(field: Field) -> SignalInstance:
    if isinstance(field, QCheckBox):
        return field.toggled
    return field.valueChanged if isinstance(field, QSpinBox) else field.currentTextChanged


def _spin(setting: Setting, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(setting.least, setting.most)
    box.setSingleStep(setting.step)
    box.setSuffix(f" {setting.unit}")
    box.setGroupSeparatorShown(True)
    box.setKeyboardTracking(False)
    box.setValue(value)
    return box
