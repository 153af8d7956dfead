"""How the interface shows the third kind of block: a strip of its layers, a fader beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from PySide6.QtCore import QPointF

from app.plan import edits
from app.plan.document import Plan
from app.ui.canvas.numbers import range_text, scale_text
from app.ui.canvas.sections.faders import COLUMN, FaderFigures, FadersSection
from app.ui.canvas.sections.strip import StripSection, strip_figures
from app.ui.canvas.shapes import PAD, Shape
from app.ui.state.block_kinds import (
    BlockKindUi,
    LayerFigures,
    LinkEnd,
    Proposal,
    register,
    unregister,
)
from app.ui.state.editor import PlanEditor
from app.ui.views.inspector.fields import BlockChoice, LayerSpin, ScaleSpin, caption
from app.ui.views.inspector.form import BlockForm
from tests.plan import damped_repeat
from tests.plan.damped_repeat import KIND, DampedRepeat

_N_LAYERS, _SCALE = 2, 0.25
_WORDS = "repeat with damping"


@cache
def _shape_of(n_layers: int) -> Shape:
    strip = StripSection(n_layers)
    left = strip.inner_width + PAD
    width = left + COLUMN + PAD
    out_port = QPointF(width, 42)
    return Shape(width, 130, (QPointF(0, 42),), out_port, (strip, FadersSection(left, 1)))


def _figures(
    editor: PlanEditor, block: DampedRepeat, layer_figures: LayerFigures
) -> tuple[Any, ...]:
    strip = strip_figures(editor, block.id, KIND.layers(block), layer_figures)
    return strip, FaderFigures((block.scale,), (None,))


def _in_words(block: DampedRepeat) -> str:
    return f"layers {range_text(block.weight_start, block.weight_end)} repeated"


def _new_block(
    _plan: Plan, id_: str, _n_weight_layers: int | None, _selected: Sequence[str]
) -> DampedRepeat:
    return DampedRepeat(id_, 0, _N_LAYERS, None, _SCALE)


def _for_link(_editor: PlanEditor, id_: str, _end: LinkEnd) -> Proposal:
    return Proposal(KIND.title, "Runs layers again.", DampedRepeat(id_, 0, _N_LAYERS, None, _SCALE))


def _from_words(
    _editor: PlanEditor, id_: str, typed: str, _sources: Sequence[str]
) -> Proposal | None:
    if typed != "twice":
        return None
    return Proposal("Layer 1 twice", "Runs it again.", DampedRepeat(id_, 1, 1, None, _SCALE))


class DampedRepeatForm(BlockForm):
    """The first layer, the damping and the input."""

    def __init__(self, editor: PlanEditor, _memory_of: object) -> None:
        super().__init__(editor, KIND.title)

    def fill_body(self) -> None:
        self.first, self.damping = LayerSpin("First weight layer"), ScaleSpin("Damping")
        self.source = BlockChoice("Input", self.choices)
        self.rows.addRow(caption("First weight layer"), self.first)
        self.rows.addRow(caption("Damping"), self.damping)
        self.rows.addRow(caption("Input"), self.source)
        self.first.valueChanged.connect(self._set_first)
        self.damping.valueChanged.connect(self._set_damping)

    def refresh(self) -> None:
        super().refresh()
        block = self._block()
        self.first.show_value(block.weight_start, 0, 99)
        self.damping.show_value(block.scale)
        self.source.show_source(block.input)

    def _block(self) -> DampedRepeat:
        block = self.editor.plan.blocks[self.block_id]
        assert isinstance(block, DampedRepeat)
        return block

    def _set_first(self, first: int) -> None:
        after = edits.set_weights(self.editor.plan, self.block_id, first, self._block().n_layers)
        self.editor.apply("Change layers", after, merge_key=self.step)

    def _set_damping(self, scale: float) -> None:
        after = edits.set_scale(self.editor.plan, self.block_id, 0, scale)
        self.editor.apply("Set scale", after, merge_key=self.step)


DAMPED_REPEAT = BlockKindUi(
    plan_kind=KIND,
    icon="weight-block",
    sentence="Runs layers again and mixes what comes out with what went in.",
    search_words=(_WORDS,),
    default_title=lambda block: f"Again {range_text(block.weight_start, block.weight_end)}",
    words=lambda _editor, block: f"{_in_words(block)}, damping {scale_text(block.scale)}",
    short_words=lambda _editor, block: _in_words(block),
    reset_scale=lambda _block, _index: _SCALE,
    shape=lambda block: _shape_of(block.n_layers),
    figures=_figures,
    new_block=_new_block,
    for_link=_for_link,
    from_words=_from_words,
    form=DampedRepeatForm,
)


@contextmanager
def known() -> Iterator[None]:
    """The kind is known to plan and interface while this lasts."""
    with damped_repeat.known():
        register(DAMPED_REPEAT)
        try:
            yield
        finally:
            unregister(DAMPED_REPEAT)
