"""The settings of replies: sampling, seed, lengths and threads, in an area that folds away."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from app.engine.replies.sampling_limits import MAX_N_PREDICT, SAMPLING_LIMITS
from app.ui.state.reply_settings import ReplySettings
from app.ui.widgets.link_button import LinkButton
from app.ui.widgets.number_spin import NumberSpin

READ_ANEW, AS_HEARD = "Reprocess the conversation", "Keep it as processed before"


class SamplingPanel(QWidget):
    """Eight fields in two columns, and a choice below; each edit takes effect at once."""

    more_wanted = Signal()
    """All settings are asked for."""

    def __init__(self, reply_settings: ReplySettings) -> None:
        super().__init__()
        self._reply_settings = reply_settings
        self._showing = False
        chat = reply_settings.chat
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)
        context, sampling = chat.context, chat.sampling
        self.temperature = self._real(
            "&Temperature", "temperature", "0: always the likeliest token"
        )
        self.top_k = self._whole(
            "Top-&k",
            sampling.top_k,
            *_whole_limits("top_k"),
            "off",
            "Keep this many of the likeliest tokens",
        )
        self.top_p = self._real(
            "Top-&p", "top_p", "Keep the likeliest tokens up to this total probability"
        )
        self.min_p = self._real(
            "&Min-p", "min_p", "Drop tokens below this fraction of the likeliest"
        )
        self.seed = self._whole(
            "&Seed",
            -1 if sampling.seed is None else sampling.seed,
            -1,
            _whole_limits("seed")[1],
            "random",
            "The same seed and settings give the same reply",
        )
        self.n_predict = self._whole(
            "Ma&x tokens",
            max(0, chat.n_predict),
            0,
            MAX_N_PREDICT,
            "no limit",
            "Maximum tokens of a reply",
        )
        self.n_ctx = self._whole(
            "&Context",
            context.n_ctx,
            64,
            4_194_304,
            "",
            "Maximum tokens of prompt and replies together; changing it reopens the plan",
        )
        self.n_ctx.setSingleStep(512)
        self.n_threads = self._whole(
            "T&hreads",
            context.n_threads,
            0,
            1024,
            "auto",
            "Number of compute threads; changing it reopens the plan",
        )

        self.earlier = QComboBox()
        self.earlier.addItems((READ_ANEW, AS_HEARD))
        self.earlier.setCurrentText(READ_ANEW if chat.reread else AS_HEARD)
        self.earlier.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.earlier.currentIndexChanged.connect(self._edited)
        self._add_row(
            "When scales mo&ve",
            self.earlier,
            "Before the next reply, the conversation is processed again at the current scales, "
            "or its KV cache is kept and only new tokens are processed",
        )

        more = LinkButton("All settings …")
        more.setToolTip("The whole sampler chain, a grammar, stop strings and presets")
        more.clicked.connect(lambda _checked=False: self.more_wanted.emit())
        self._grid.addWidget(more, self._grid.rowCount(), 0, 1, 4, Qt.AlignmentFlag.AlignLeft)
        reply_settings.changed.connect(self._show)

    def _edited(self, _value: object) -> None:
        if self._showing:
            return
        seed, chat = self.seed.value(), self._reply_settings.chat
        edited = replace(
            chat,
            context=replace(
                chat.context, n_ctx=self.n_ctx.value(), n_threads=self.n_threads.value()
            ),
            sampling=replace(
                chat.sampling,
                temperature=self.temperature.value(),
                top_k=self.top_k.value(),
                top_p=self.top_p.value(),
                min_p=self.min_p.value(),
                seed=None if seed < 0 else seed,
            ),
            n_predict=self.n_predict.value() or -1,
            reread=self.earlier.currentText() == READ_ANEW,
        )
        self._reply_settings.set_chat(edited)

    def _show(self) -> None:
        chat = self._reply_settings.chat
        sampling = chat.sampling
        self._showing = True
        self.temperature.setValue(sampling.temperature)
        self.top_k.setValue(sampling.top_k)
        self.top_p.setValue(sampling.top_p)
        self.min_p.setValue(sampling.min_p)
        self.seed.setValue(-1 if sampling.seed is None else sampling.seed)
        self.n_predict.setValue(max(0, chat.n_predict))
        self.n_ctx.setValue(chat.context.n_ctx)
        self.n_threads.setValue(chat.context.n_threads)
        self.earlier.setCurrentText(READ_ANEW if chat.reread else AS_HEARD)
        self._showing = False

    def _real(self, words: str, name: str, tip: str) -> NumberSpin:
        """The field of a number of Sampling, by the name it has there."""
        box = NumberSpin()
        box.setRange(*SAMPLING_LIMITS[name])
        box.setSingleStep(0.05)
        box.setDecimals(2)
        box.setValue(getattr(self._reply_settings.chat.sampling, name))
        box.valueChanged.connect(self._edited)
        self._add(words, box, tip)
        return box

    def _whole(
        self, words: str, value: int, low: int, high: int, at_low: str, tip: str
    ) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setSpecialValueText(at_low)
        box.setValue(value)
        box.valueChanged.connect(self._edited)
        self._add(words, box, tip)
        return box

    def _add(self, words: str, box: QSpinBox | NumberSpin, tip: str) -> None:
        n = self._grid.count() // 2
        box.setKeyboardTracking(False)
        box.setMinimumWidth(64)
        self._grid.addWidget(_label(words, box, tip), n // 2, 2 * (n % 2))
        self._grid.addWidget(box, n // 2, 2 * (n % 2) + 1)

    def _add_row(self, words: str, box: QComboBox, tip: str) -> None:
        row = self._grid.rowCount()
        self._grid.addWidget(_label(words, box, tip), row, 0)
        self._grid.addWidget(box, row, 1, 1, 3)


def _whole_limits(name: str) -> tuple[int, int]:
    """What a whole number of Sampling may be."""
    low, high = SAMPLING_LIMITS[name]
    return round(low), round(high)


def _label(words: str, box: QWidget, tip: str) -> QLabel:
    """The label of a field, which says the same to screen readers."""
    label = QLabel(words)
    label.setBuddy(box)
    label.setToolTip(tip)
    label.setMinimumWidth(label.sizeHint().width())
    box.setToolTip(tip)
    box.setAccessibleName(words.replace("&", ""))
    box.setAccessibleDescription(tip)
    return label
