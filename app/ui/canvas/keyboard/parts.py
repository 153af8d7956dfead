"""The parts of a block that keys can reach, in words: what each is, and what keys do to it."""

from __future__ import annotations

from app.plan.kinds import links_into
from app.ui.canvas.numbers import scale_text
from app.ui.canvas.shapes import Part
from app.ui.canvas.words import fader_name, input_name, output_name
from app.ui.state.block_kinds import layer_range, scales_of
from app.ui.state.editor import PlanEditor


def sentence_of(editor: PlanEditor, block_id: str, part: Part) -> str:
    """What the part is, and what the keys do to it."""
    block = editor.plan.blocks[block_id]
    if part.kind == "fader":
        scale = scale_text(scales_of(block)[part.index])
        return (
            f"{fader_name(editor, block, part.index)}: {scale}. "
            "Up and Down change it, with Shift finely; Enter types it."
        )
    layers = layer_range(block)
    if part.kind == "cell" and layers is not None:
        return f"Weight layer {layers[part.index]}. Delete leaves it out."
    if part.kind == "in":
        cut = "; Delete cuts the link" if not input_is_free(editor, block_id, part.index) else ""
        return f"{input_name(editor, block, part.index)}. Enter links it{cut}."
    return f"{output_name(editor, block_id)}. Enter links it."


def input_is_free(editor: PlanEditor, block_id: str, port: int) -> bool:
    """Whether nothing feeds this input."""
    return links_into(editor.plan.blocks[block_id])[port] is None
