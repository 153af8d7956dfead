"""All settings of replies: the whole sampler chain, what ends a reply, and presets of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.engine.messages import WhenFull
from app.engine.replies.logit_bias import parse_bias
from app.engine.replies.sampling_limits import SAMPLING_LIMITS
from app.ui.chat.reply_settings.presets import BUILT_IN, Preset, PresetError, from_json, to_json
from app.ui.chat.reply_settings.template_tab import TemplateTab
from app.ui.state.settings import ChatSettings, Settings
from app.ui.state.tasks import Tasks, in_thread
from app.ui.state.writing import write_or_tell
from app.ui.widgets import dialogs
from app.ui.widgets.number_spin import NumberSpin

_PATTERN = "Preset (*.json)"
_NO_PRESET = "Custom settings"
_WIDTH = 88
_DECIMALS = 2
_WHEN_FULL: dict[WhenFull, str] = {
    "stop": "Stop the reply",
    "slide": "Drop the oldest turns and continue",
    "summarise": "Summarise the oldest turns and continue",
}


class _Number(NamedTuple):
    """A number of Sampling: its field, its label, and the step of its arrows."""

    name: str
    label: str
    step: float
    tip: str


_CHOOSING = (
    _Number("temperature", "Temperature", 0.05, "0: always the likeliest token"),
    _Number("top_k", "Top-k", 1, "Keep this many of the likeliest tokens; 0: all"),
    _Number("top_p", "Top-p", 0.05, "Keep the likeliest tokens up to this total probability"),
    _Number("min_p", "Min-p", 0.01, "Drop tokens below this fraction of the likeliest"),
    _Number("typical_p", "Typical-p", 0.05, "Locally typical sampling; 1: off"),
    _Number("xtc_probability", "XTC probability", 0.05, "Chance to remove the top tokens; 0: off"),
    _Number("xtc_threshold", "XTC threshold", 0.01, "Remove those above it, except the last"),
    _Number("mirostat", "Mirostat", 1, "1 or 2: used instead of top-k and the like; 0: off"),
    _Number("mirostat_tau", "Mirostat tau", 0.1, "Target entropy"),
    _Number("mirostat_eta", "Mirostat eta", 0.01, "Learning rate"),
)
_REPETITION = (
    _Number("repeat_last_n", "Repeat last N", 16, "Tokens, prompt included; -1: all"),
    _Number("repeat_penalty", "Repeat penalty", 0.05, "For repeated tokens; 1: off"),
    _Number("frequency_penalty", "Frequency penalty", 0.05, "For each occurrence; 0: off"),
    _Number("presence_penalty", "Presence penalty", 0.05, "For any occurrence; 0: off"),
    _Number("dry_multiplier", "DRY multiplier", 0.1, "For repeated sequences; 0: off"),
    _Number("dry_base", "DRY base", 0.05, "Growth with their length"),
    _Number("dry_allowed_length", "DRY allowed length", 1, "Shorter ones are not penalised"),
)


class ReplySettingsDialog(QDialog):
    """Takes effect with the next reply. `chat_changed` carries the ChatSettings at each edit."""

    chat_changed = Signal(object)

    def __init__(
        self, parent: QWidget, chat: ChatSettings, settings: Settings, tasks: Tasks
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Reply settings")
        self._chat = chat
        self._settings = settings
        self._tasks = tasks
        self._showing = False
        self.numbers: dict[str, NumberSpin | QSpinBox] = {}
        self.stop = _lines("Stop strings", "One a line; \\n stands for a line break")
        self.biases = _lines("Logit biases", "One a line: a text, “=” and a number, or -inf")
        self.grammar = _lines("Grammar", "GBNF, or a JSON schema; empty: any text")
        for field in (self.stop, self.biases, self.grammar):
            field.textChanged.connect(self._edited)
        self.template = TemplateTab()
        self.template.changed.connect(self._edited)
        self.when_full = QComboBox()
        self.when_full.setAccessibleName("When the context is full")
        for way, words in _WHEN_FULL.items():
            self.when_full.addItem(words, way)
        self.when_full.currentIndexChanged.connect(self._edited)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.presets = QComboBox()
        self.presets.setAccessibleName("Preset")
        self.presets.activated.connect(self._choose)
        self.save, self.delete = QPushButton("Save as …"), QPushButton("Delete")
        self.export, self.bring = QPushButton("Export …"), QPushButton("Import …")
        self.save.clicked.connect(lambda _checked=False: tasks.start(self._save_as()))
        self.delete.clicked.connect(lambda _checked=False: self._delete())
        self.export.clicked.connect(lambda _checked=False: tasks.start(self._export()))
        self.bring.clicked.connect(lambda _checked=False: tasks.start(self._import()))
        self._own = self._read_presets()
        self._lay_out()
        self.show_chat(chat)

    def show_chat(self, chat: ChatSettings) -> None:
        """Show settings that were changed elsewhere, or here by a preset."""
        self._chat, self._showing = chat, True
        for name, spin in self.numbers.items():
            spin.setValue(getattr(chat.sampling, name))
        _show(self.stop, [text.replace("\n", "\\n") for text in chat.stop])
        _show(self.biases, [f"{text}={bias:g}" for text, bias in chat.sampling.logit_bias])
        if self.grammar.toPlainText() != chat.sampling.grammar:
            self.grammar.setPlainText(chat.sampling.grammar)
        self.when_full.setCurrentIndex(self.when_full.findData(chat.when_full))
        self.template.show_chat(chat)
        self._showing = False
        self._list_presets()

    # --- fields ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.presets, 1)
        for button in (self.save, self.delete, self.export, self.bring):
            button.setAutoDefault(False)
            row.addWidget(button)
        pages = QTabWidget()
        pages.addTab(self._page(_CHOOSING), "Choosing")
        pages.addTab(self._page(_REPETITION), "Repetition")
        texts = QWidget()
        form = QFormLayout(texts)
        form.addRow("When the context is full", self.when_full)
        form.addRow("Stop strings", self.stop)
        form.addRow("Logit biases", self.biases)
        form.addRow("Grammar", self.grammar)
        pages.addTab(texts, "Limits")
        pages.addTab(self.template, "Template")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(pages, 1)
        column.addWidget(self.problem)
        self.resize(560, 520)

    def _page(self, numbers: Sequence[_Number]) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for number in numbers:
            spin: NumberSpin | QSpinBox
            low, high = limits = SAMPLING_LIMITS[number.name]
            if limits.is_whole:
                spin = QSpinBox()
                spin.setRange(round(low), round(high))
                spin.setSingleStep(round(number.step))
            else:
                spin = NumberSpin()
                spin.setDecimals(_DECIMALS)
                spin.setRange(low, high)
                spin.setSingleStep(number.step)
            spin.setMinimumWidth(_WIDTH)
            spin.setAccessibleName(number.label)
            spin.setAccessibleDescription(number.tip)
            spin.setToolTip(number.tip)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._edited)
            self.numbers[number.name] = spin
            line = QHBoxLayout()
            line.addWidget(spin)
            hint = QLabel(number.tip)
            hint.setForegroundRole(hint.palette().ColorRole.PlaceholderText)
            line.addWidget(hint, 1)
            form.addRow(number.label, line)
        return page

    def _edited(self) -> None:
        if self._showing:
            return
        problem, biases = "", []
        for line in filter(str.strip, self.biases.toPlainText().split("\n")):
            try:
                biases.append(parse_bias(line))
            except ValueError as error:
                problem = f"{error}. This line counts once it is complete."
        self.problem.setText(problem)
        stop = tuple(
            line.replace("\\n", "\n") for line in self.stop.toPlainText().split("\n") if line
        )
        changed: dict[str, Any] = {
            name: spin.value()
            for name, spin in self.numbers.items()
            if not math.isclose(spin.value(), getattr(self._chat.sampling, name), abs_tol=0.005)
        }
        sampling = replace(
            self._chat.sampling,
            **changed,
            logit_bias=tuple(biases),
            grammar=self.grammar.toPlainText(),
        )
        when_full = self.when_full.currentData()
        chat = replace(self._chat, sampling=sampling, stop=stop, when_full=when_full)
        self._chat = self.template.put_into(chat)
        self._list_presets()
        self.chat_changed.emit(self._chat)

    # --- presets ---------------------------------------------------------------------------------

    def _read_presets(self) -> list[Preset]:
        own = []
        for text in self._settings.presets():
            try:
                own.append(from_json(text))
            except PresetError:
                continue  # damaged: nothing can be made of it
        return own

    def _keep_presets(self) -> None:
        self._settings.save_presets([to_json(preset) for preset in self._own])
        self._list_presets()

    def _list_presets(self) -> None:
        """Name the preset that the settings are, if they are one."""
        known = [*BUILT_IN, *self._own]
        chat = self._chat
        at = max((n for n, preset in enumerate(known) if preset.put_into(chat) == chat), default=-1)
        self.presets.clear()
        self.presets.addItems([preset.name for preset in known])
        if at < 0:
            self.presets.addItem(_NO_PRESET)
        self.presets.setCurrentIndex(at if at >= 0 else len(known))
        self.delete.setEnabled(at >= len(BUILT_IN))

    def _choose(self, index: int) -> None:
        known = [*BUILT_IN, *self._own]
        if index < len(known):
            self._take(known[index])

    def _take(self, preset: Preset) -> None:
        chat = preset.put_into(self._chat)
        self.show_chat(chat)
        self.chat_changed.emit(chat)

    async def _save_as(self) -> None:
        name = await _ask_name(self)
        if name:
            self._own = [p for p in self._own if p.name != name] + [Preset.of(name, self._chat)]
            self._keep_presets()

    def _delete(self) -> None:
        del self._own[self.presets.currentIndex() - len(BUILT_IN)]
        self._keep_presets()

    async def _export(self) -> None:
        name = self.presets.currentText()
        proposed = Path.home() / f"{name}.json"
        path = await dialogs.ask_save_path(self, "Export preset", proposed, _PATTERN)
        if path is not None:
            content = to_json(Preset.of(path.stem if name == _NO_PRESET else name, self._chat))
            if await write_or_tell(self, path, content.encode("utf-8")):
                self.problem.setText(f"Exported {path.name}.")

    async def _import(self) -> None:
        path = await dialogs.ask_open_path(self, "Import preset", Path.home(), _PATTERN)
        if path is None:
            return
        try:
            preset = from_json(await in_thread(path.read_text, "utf-8"))
        except (OSError, UnicodeDecodeError, PresetError) as error:
            await dialogs.tell(self, f"“{path.name}” could not be imported.", str(error))
            return
        self._own = [p for p in self._own if p.name != preset.name] + [preset]
        self._keep_presets()
        self._take(preset)


async def _ask_name(parent: QWidget) -> str:
    """The name for a preset, empty when the user changes his mind."""
    box = QDialog(parent)
    box.setWindowTitle("Save preset")
    field = QLineEdit()
    field.setAccessibleName("Name of the preset")
    field.setPlaceholderText("Name of the preset")
    save = QPushButton("Save")
    save.setDefault(True)
    save.setEnabled(False)
    field.textChanged.connect(lambda text: save.setEnabled(bool(text.strip())))
    save.clicked.connect(box.accept)
    column = QVBoxLayout(box)
    column.addWidget(field)
    column.addWidget(save)
    accepted = await dialogs.finished(box) == QDialog.DialogCode.Accepted
    return field.text().strip() if accepted else ""


def _lines(name: str, hint: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(hint)
    field.setTabChangesFocus(True)
    field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    return field


def _show(field: QPlainTextEdit, lines: Sequence[str]) -> None:
    """Show these lines, unless they are what the field says already: one may be typing there."""
    if [line for line in field.toPlainText().split("\n") if line.strip()] != list(lines):
        field.setPlainText("\n".join(lines))
