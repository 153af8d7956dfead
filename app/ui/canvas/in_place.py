"""Typing on a block where the words stand: its title, a scale, the range it borrows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF

from app.plan import edits
from app.plan.document import Plan
from app.plan.kinds import kind_of
from app.plan.problem import PlanError, Problem
from app.ui.canvas.inline_edit import InlineEdit, font_at, parse_range
from app.ui.canvas.numbers import range_text
from app.ui.canvas.shapes import Part
from app.ui.canvas.surface import GestureSurface
from app.ui.state.block_kinds import layer_range, scales_of
from app.ui.widgets.number_spin import parse_number


def type_title(canvas: GestureSurface, block_id: str) -> None:
    """Let the block's title be typed."""
    shape = canvas.plan_scene.blocks[block_id].block_shape

    def rename(text: str) -> Plan:
        return edits.rename(canvas.editor.plan, block_id, text)

    area = _on_screen(canvas, block_id, shape.title, least_width=140)
    title = canvas.editor.plan.blocks[block_id].title
    _edit_line(canvas, area, title, "Title of the block", "Rename block", rename)


def type_scale(canvas: GestureSurface, block_id: str, index: int) -> None:
    """Let the scale of a fader be typed."""
    block = canvas.editor.plan.blocks[block_id]
    shape = canvas.plan_scene.blocks[block_id].block_shape

    def set_scale(text: str) -> Plan:
        scale = parse_number(text)
        if scale is None:
            refusal = Problem("typed", f"“{text}” is not a scale.", "Type a number such as 0.5.")
            raise PlanError([refusal])
        return edits.set_scale(canvas.editor.plan, block_id, index, scale)

    number = shape.area_of(Part("number", index))
    area = _on_screen(canvas, block_id, number, least_width=64)
    scale, name = scales_of(block)[index], f"Scale of {kind_of(block).scale_name(block, index)}"
    _edit_line(canvas, area, repr(scale), name, "Set scale", set_scale)


def type_range(canvas: GestureSurface, block_id: str) -> None:
    """Let the weight layers of a block be typed, such as 22-29."""
    layers = layer_range(canvas.editor.plan.blocks[block_id])
    shape = canvas.plan_scene.blocks[block_id].block_shape
    assert layers is not None

    def set_range(text: str) -> Plan:
        return edits.set_weights(canvas.editor.plan, block_id, *parse_range(text))

    area = _on_screen(canvas, block_id, shape.area_of(Part("range")), least_width=96)
    weights = range_text(layers.start, layers.stop)
    _edit_line(canvas, area, weights, "Weight layers", "Change layers", set_range)


def _edit_line(
    canvas: GestureSurface,
    area: QRect,
    text: str,
    name: str,
    label: str,
    after: Callable[[str], Plan],
) -> None:
    def take(text_now: str) -> None:
        canvas.attempt(lambda: canvas.editor.apply(label, after(text_now)))

    InlineEdit(canvas.viewport(), area, text, font_at(canvas.zoom), name, take)


def _on_screen(canvas: GestureSurface, block_id: str, rect: QRectF, least_width: int) -> QRect:
    """Where a part of a block is seen, large enough to type in; the block is brought into sight."""
    item = canvas.plan_scene.blocks[block_id]
    in_scene = rect.translated(item.pos())
    if not canvas.seen_rect().contains(in_scene.center()):
        canvas.bring_into_sight(item.scene_rect())
    on_screen = canvas.viewportTransform().mapRect(in_scene)
    width, height = max(float(least_width), on_screen.width()), max(26.0, on_screen.height())
    centre = on_screen.center()
    return QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height).toRect()
