"""Leaving layers out of a block by typing their numbers, such as 3, 7-9."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from app.plan.problem import PlanError, Problem
from app.ui.canvas.inline_edit import InlineEdit, font_at, parse_range
from app.ui.canvas.layer_cut import with_layers_cut
from app.ui.canvas.numbers import range_words
from app.ui.canvas.surface import GestureSurface
from app.ui.state.block_kinds import layer_range

_LEAST_WIDTH, _LEAST_HEIGHT = 220.0, 28.0


def type_layers(canvas: GestureSurface) -> None:
    """Let the weight layers be typed that the selected block is to leave out."""
    (block_id,) = canvas.selected_ids()
    canvas.bring_into_sight(canvas.plan_scene.bounds_of((block_id,)))

    def take(text: str) -> None:
        plan = canvas.editor.plan
        block = plan.blocks.get(block_id)
        block_layers = None if block is None else layer_range(block)
        if block_layers is None:
            return
        after, pieces = with_layers_cut(plan, block_id, parse_layers(text, block_layers))
        canvas.editor.apply("Leave out layers", after)
        canvas.plan_scene.select(pieces)

    on_screen = canvas.viewportTransform().mapRect(canvas.plan_scene.bounds_of((block_id,)))
    area = QRectF(0, 0, max(_LEAST_WIDTH, on_screen.width()), _LEAST_HEIGHT)
    area.moveCenter(on_screen.center())
    words, font = "Leave out layers", font_at(canvas.zoom)

    def attempt(text: str) -> None:
        canvas.attempt(lambda: take(text))

    edit = InlineEdit(canvas.viewport(), area.toRect(), "", font, words, attempt)
    edit.setPlaceholderText(f"{words}: 3, 7-9")


def parse_layers(text: str, block_layers: range) -> set[int]:
    """The weight layers typed as 3, 7-9. Raises PlanError where they are not the block's."""
    layers: set[int] = set()
    for part in text.replace(";", ",").split(","):
        start, n_layers = parse_range(part)
        if start < block_layers.start or start + n_layers > block_layers.stop:
            has = range_words("weight", block_layers.start, block_layers.stop)
            reason = f"“{part.strip()}” is not within the block’s layers."
            raise PlanError([Problem("typed", reason, f"It has {has}.")])
        layers.update(range(start, start + n_layers))
    if len(layers) == len(block_layers):
        raise PlanError(
            [
                Problem(
                    "typed", "These are all the layers of the block.", "Delete the block instead."
                )
            ]
        )
    return layers
