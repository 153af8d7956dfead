"""Merge blocks in the interface: a fader for each input, and the sum of their scales."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import QPointF

from app.plan import kinds
from app.plan.document import MergeBlock, MergeInput, Plan
from app.plan.kinds import links_into
from app.plan.kinds.merge import MAX_MERGE_INPUTS
from app.ui.canvas.numbers import scale_text
from app.ui.canvas.sections.faders import COLUMN, FaderFigures, FadersSection
from app.ui.canvas.sections.sum_bar import SumBar, SumFigures
from app.ui.canvas.shapes import PAD, Shape
from app.ui.kinds.merge_form import MergeForm
from app.ui.state.block_kinds import (
    BlockKindUi,
    LayerFigures,
    LinkEnd,
    Proposal,
    VariableInputs,
    layer_range,
)
from app.ui.state.editor import PlanEditor

_FIRST_PORT_Y, _PORT_STEP = 132, 16
_INPUTS = re.compile(r"(?:merge|sum|blend|mix|add)\D{0,12}(\d{1,3})\D{0,8}|(\d{1,3}) inputs?")


@cache
def _shape_of(n_inputs: int) -> Shape:
    width = max(n_inputs, 2) * COLUMN + 2 * PAD
    height = _FIRST_PORT_Y + _PORT_STEP * (1 + max(n_inputs, 2))
    ports = tuple(QPointF(0, _FIRST_PORT_Y + _PORT_STEP * i) for i in range(n_inputs))
    faders = FadersSection((width - n_inputs * COLUMN) / 2, n_inputs, ports)
    total = SumBar(width, height, n_inputs, can_grow=n_inputs < MAX_MERGE_INPUTS)
    return Shape(width, height, ports, QPointF(width, height / 2), (total, faders))


def _figures(
    editor: PlanEditor, block: MergeBlock, _layer_figures: LayerFigures
) -> tuple[Any, ...]:
    scales = kinds.MERGE.scales(block)
    sources = tuple(_last_source(editor, link) for link in links_into(block))
    return SumFigures(sum(scales), block.sums_to_one), FaderFigures(scales, sources)


def _last_source(editor: PlanEditor, block_id: str | None) -> int | None:
    """The source of the last layer that feeds an input, None where that is a sum."""
    block = editor.plan.blocks.get(block_id or "")
    layers = None if block is None else layer_range(block)
    return None if layers is None else editor.source_of(layers.stop - 1)


def _words(_editor: PlanEditor, block: MergeBlock) -> str:
    scales = ", ".join(map(scale_text, kinds.MERGE.scales(block)))
    return f"merge of {len(block.inputs)} inputs, scales {scales}"


def _new_block(
    _plan: Plan, id_: str, _n_weight_layers: int | None, selected: Sequence[str]
) -> MergeBlock:
    """It is fed by the selected blocks when there are several."""
    return _equal_sum(id_, selected if len(selected) >= 2 else (None, None))


def _for_link(_editor: PlanEditor, id_: str, end: LinkEnd) -> Proposal:
    sentence = "A new sum of several blocks, linked."
    if end.source is not None:
        sentence = "A new sum with this as its first input."
    return Proposal(kinds.MERGE.title, sentence, _equal_sum(id_, (None, None)))


def _from_words(
    _editor: PlanEditor, id_: str, words: str, sources: Sequence[str]
) -> Proposal | None:
    """The block that is meant by a number of inputs, such as "merge 3"."""
    inputs = _INPUTS.fullmatch(words)
    if inputs is None:
        return None
    n_inputs = max(2, min(int(inputs[1] or inputs[2]), MAX_MERGE_INPUTS))
    title = f"Merge block with {n_inputs} inputs"
    sentence = "Adds up their outputs, each with its own scale."
    links = (*sources, *(None,) * n_inputs)[:n_inputs]
    return Proposal(title, sentence, _equal_sum(id_, links))


def _equal_sum(id_: str, links: Sequence[str | None]) -> MergeBlock:
    """The block with an input for each of these links, all of the same scale."""
    return MergeBlock(id_, tuple(MergeInput(link, 1.0 / len(links)) for link in links))


MERGE = BlockKindUi(
    plan_kind=kinds.MERGE,
    icon="merge-block",
    sentence="Adds up the outputs of several blocks, each with its own scale.",
    search_words=("sum", "blend", "mix", "average", "combine", "ratio"),
    key="Shift+M",
    default_title=lambda _block: "Merge",
    words=_words,
    short_words=lambda _editor, block: f"merge of {len(block.inputs)} inputs",
    reset_scale=lambda block, _port: 1.0 / len(block.inputs),
    inputs=VariableInputs(2, MAX_MERGE_INPUTS, lambda block: block.sums_to_one),
    shape=lambda block: _shape_of(len(block.inputs)),
    figures=_figures,
    new_block=_new_block,
    for_link=_for_link,
    from_words=_from_words,
    form=MergeForm,
)
