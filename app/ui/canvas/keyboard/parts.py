"""The parts of a block that keys can reach: where each lies, and what it is in words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from app.plan.document import MergeBlock, WeightBlock
from app.plan.kinds import links_into
from app.ui.canvas.faces import scale_text
from app.ui.canvas.shapes import MergeShape, Part, Shape, WeightShape
from app.ui.canvas.words import fader_name, input_name, output_name
from app.ui.state.editor import PlanEditor

_PORT_REACH = 9.0


def parts_of(shape: Shape) -> list[Part]:
    """Input ports, then cells or faders, then the output port."""
    parts = [Part("in", i) for i in range(len(shape.in_ports))]
    if isinstance(shape, WeightShape):
        parts += [Part("cell", i) for i in range(shape.n_layers)]
    elif isinstance(shape, MergeShape):
        parts += [Part("fader", i) for i in range(len(shape.in_ports))]
    return [*parts, Part("out")] if shape.out_port is not None else parts


def area_of(shape: Shape, part: Part) -> QRectF:
    """Where a part lies, in the block's own coordinates."""
    if part.kind == "cell" and isinstance(shape, WeightShape):
        return shape.cells(part.index, 1)
    if part.kind == "fader" and isinstance(shape, MergeShape):
        return shape.number(part.index) | shape.track(part.index).adjusted(0, 0, 0, 6)
    port = shape.in_ports[part.index] if part.kind == "in" else shape.out_port
    reach = QPointF(_PORT_REACH, _PORT_REACH)
    return QRectF(port - reach, port + reach) if port is not None else shape.rect


def sentence_of(editor: PlanEditor, block_id: str, part: Part) -> str:
    """What the part is, and what the keys do to it."""
    block = editor.plan.blocks[block_id]
    if part.kind == "fader" and isinstance(block, MergeBlock):
        scale = scale_text(block.inputs[part.index].scale)
        return (
            f"{fader_name(editor, block, part.index)}: {scale}. "
            "Up and Down change it, with Shift finely; Enter types it."
        )
    if part.kind == "cell" and isinstance(block, WeightBlock):
        return f"Weight layer {block.weight_start + part.index}. Delete leaves it out."
    if part.kind == "in":
        cut = "; Delete cuts the link" if not input_is_free(editor, block_id, part.index) else ""
        return f"{input_name(editor, block, part.index)}. Enter links it{cut}."
    return f"{output_name(editor, block_id)}. Enter links it."


def input_is_free(editor: PlanEditor, block_id: str, port: int) -> bool:
    """Whether nothing feeds this input."""
    return links_into(editor.plan.blocks[block_id])[port] is None
