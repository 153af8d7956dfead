"""Weight blocks in the interface: a strip of the weight layers that the block runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import QPointF

from app.plan import kinds
from app.plan.document import LAYER_LIMIT, TOKENS, Block, Plan, WeightBlock
from app.plan.kinds import links_into
from app.plan.layer_ranges import ends_in
from app.ui.canvas.numbers import range_text, range_words
from app.ui.canvas.sections.strip import StripSection, strip_figures
from app.ui.canvas.shapes import PAD, Shape
from app.ui.kinds.weight_form import WeightForm
from app.ui.state.block_kinds import BlockKindUi, LayerFigures, LinkEnd, Proposal, layer_range
from app.ui.state.editor import PlanEditor

_N_LAYERS = 8
_HEIGHT, _PORT_Y = 96.0, 42.0
_LAYERS = re.compile(r"^layers?(?=[\s\d])")


@cache
def _shape_of(n_layers: int) -> Shape:
    strip = StripSection(n_layers)
    width = strip.inner_width + 2 * PAD
    return Shape(width, _HEIGHT, (QPointF(0, _PORT_Y),), QPointF(width, _PORT_Y), (strip,))


def _figures(editor: PlanEditor, block: WeightBlock, figures: LayerFigures) -> tuple[Any, ...]:
    return (strip_figures(editor, block.id, kinds.WEIGHT.layers(block), figures),)


def _words(editor: PlanEditor, block: WeightBlock) -> str:
    words = range_words("weight", block.weight_start, block.weight_end)
    plan_layers = editor.plan_layers(block.id)
    return words if plan_layers is None else f"{words}, {range_words('plan', *plan_layers)}"


def _short_words(editor: PlanEditor, block: WeightBlock) -> str:
    words = f"weights {range_text(block.weight_start, block.weight_end)}"
    plan_layers = editor.plan_layers(block.id)
    return words if plan_layers is None else f"{words} · plan {range_text(*plan_layers)}"


# --- what a new one starts as ------------------------------------------------------------------


def _new_block(
    plan: Plan, id_: str, n_weight_layers: int | None, selected: Sequence[str]
) -> WeightBlock:
    """It goes on where the only selected one ends, or else takes layers that no block borrows.

    In an empty plan it takes the whole model, fed by the tokens.
    """
    if not plan.blocks:
        return WeightBlock(id_, 0, n_weight_layers or _N_LAYERS, TOKENS)
    ranges = {i: layers for i, b in plan.blocks.items() if (layers := layer_range(b)) is not None}
    selected_ends = [layers.stop for i, layers in ranges.items() if i in selected]
    ends = [layers.stop for layers in ranges.values()]
    end = selected_ends[0] if len(selected_ends) == 1 else max(ends, default=0)
    return WeightBlock(id_, *_layers_from(plan, n_weight_layers, end), None)


def _for_link(editor: PlanEditor, id_: str, end: LinkEnd) -> Proposal:
    """It takes the weight layers that go on from, or lead up to, the link's end."""
    start, n_layers = _layers_at(editor.plan, editor.n_weight_layers, end)
    sentence = f"A new block on weight layers {range_text(start, start + n_layers)}, linked."
    return Proposal(kinds.WEIGHT.title, sentence, WeightBlock(id_, start, n_layers, None))


def _from_words(
    editor: PlanEditor, id_: str, words: str, _sources: Sequence[str]
) -> Proposal | None:
    """The block that is meant by layers such as 22-29."""
    ends = ends_in(_LAYERS.sub("", words, count=1))
    if ends is None:
        return None
    first, last = sorted(ends)
    n = editor.n_weight_layers
    end = LAYER_LIMIT if n is None else n
    if first >= end:
        return None
    stop = min(last + 1, end)
    sentence = "Runs them one after the other."
    if stop <= last:
        sentence = f"The last layer is {end - 1}."
    title = f"Weight block on layer{'s' if stop - first > 1 else ''} {range_text(first, stop)}"
    return Proposal(title, sentence, WeightBlock(id_, first, stop - first, None))


def _layers_at(plan: Plan, n_weight_layers: int | None, link: LinkEnd) -> tuple[int, int]:
    target = None if link.target is None else plan.blocks.get(link.target[0])
    layers = None if target is None else layer_range(target)
    if layers is not None and layers.start > 0:
        start = max(0, layers.start - _N_LAYERS)
        return start, layers.start - start
    if link.source is not None:
        return _layers_from(plan, n_weight_layers, _end_before(plan, link.source))
    ranges = (layer_range(block) for block in plan.blocks.values())
    ends = (layers.stop for layers in ranges if layers is not None)
    return _layers_from(plan, n_weight_layers, max(ends, default=0))


def _layers_from(plan: Plan, n_weight_layers: int | None, end: int) -> tuple[int, int]:
    """The first and the number of weight layers from `end` on, or of some that no block borrows."""
    n = LAYER_LIMIT if n_weight_layers is None else n_weight_layers
    if end < n:
        return end, min(_N_LAYERS, n - end)
    ranges = (layer_range(block) for block in plan.blocks.values())
    layers_used = {layer for layers in ranges for layer in layers or () if layer < n}
    start = next((layer for layer in range(n) if layer not in layers_used), 0)
    stop = start
    while stop < min(start + _N_LAYERS, n) and (stop not in layers_used or start in layers_used):
        stop += 1
    return start, max(1, stop - start)


def _end_before(plan: Plan, source: str) -> int:
    """Where the weight layers end that a block puts out: a merge's go as far as its inputs'."""
    end, route, ahead = 0, {TOKENS}, [source]
    while ahead:
        block_id = ahead.pop()
        if block_id in route:
            continue
        route.add(block_id)
        block: Block = plan.blocks[block_id]
        layers = layer_range(block)
        if layers is not None:
            end = max(end, layers.stop)
        else:
            ahead += [link for link in links_into(block) if link is not None]
    return end


WEIGHT = BlockKindUi(
    plan_kind=kinds.WEIGHT,
    icon="weight-block",
    sentence="Runs a range of the model's layers, one after the other.",
    search_words=("range of layers", "repeat layers", "leave out layers", "run"),
    key="W",
    default_title=lambda block: f"Layers {range_text(block.weight_start, block.weight_end)}",
    words=_words,
    short_words=_short_words,
    shape=lambda block: _shape_of(max(1, block.n_layers)),
    figures=_figures,
    new_block=_new_block,
    for_link=_for_link,
    from_words=_from_words,
    form=WeightForm,
)
