"""The actions for those who work by keys alone, for the menus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent

from app.plan import edits
from app.plan.document import LAYER_LIMIT, TOKENS, Plan
from app.plan.kinds import links_into
from app.ui.canvas import block_commands, in_place
from app.ui.canvas.annotations import commands
from app.ui.canvas.annotations.text_edit import type_text
from app.ui.canvas.keyboard.current_part import CurrentPart
from app.ui.canvas.keyboard.key_insert import begin_insert
from app.ui.canvas.keyboard.key_link import begin_link
from app.ui.canvas.keyboard.key_walk import KeyWalk
from app.ui.canvas.keyboard.leave_out import type_layers
from app.ui.canvas.keyboard.walking import Way, first_block, next_block
from app.ui.canvas.sections.faders import FadersSection
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.surface import GestureSurface
from app.ui.canvas.words import annotation_name, block_name
from app.ui.state.block_kinds import kind_ui, layer_range

Make = Callable[..., QAction]
Actions = list[QAction | None]

_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_SIZES = {
    Qt.Key.Key_Left.value: (-1, 0),
    Qt.Key.Key_Right.value: (1, 0),
    Qt.Key.Key_Up.value: (0, -1),
    Qt.Key.Key_Down.value: (0, 1),
}

_WALKS: tuple[tuple[Way, str, str], ...] = (
    ("up the flow", "Previous block", "Left"),
    ("down the flow", "Next block", "Right"),
    ("above", "Block above", "Up"),
    ("below", "Block below", "Down"),
)


class KeyboardActions:
    """`all` lists the actions in menu order, None for a separator. `part` is what they are on."""

    def __init__(self, canvas: GestureSurface, make: Make) -> None:
        self._canvas = canvas
        self.part = CurrentPart(canvas)
        self._at: str | None = None  # the block that was walked to last
        walks: Actions = [
            make(words, None, partial(self._walk, way), f"Alt+{key}") for way, words, key in _WALKS
        ]
        extends: Actions = [
            make(f"{words}, selected too", None, partial(self._walk, way, True), f"Alt+Shift+{key}")
            for way, words, key in _WALKS
        ]
        self._any_annotation = make("Next frame or note", None, self._next_annotation, "Alt+G")
        self._edit = make("Edit in place", None, self._edit_in_place, "Return", "Enter")
        self._parts = [
            make("Next part of the block", None, lambda: self.part.step(1), "Ctrl+Right"),
            make("Previous part of the block", None, lambda: self.part.step(-1), "Ctrl+Left"),
        ]
        self._swap = make("Swap with next input", None, self._swap_inputs, "S")
        self._link = make("Link from here …", None, self._begin_link, "Shift+C")
        self._insert = make("Insert into a link …", None, self._begin_insert, "I")
        self._ranges = [
            make("Longer", None, partial(self._change_ranges, 0, 1), "+", "="),
            make("Shorter", None, partial(self._change_ranges, 0, -1), "-"),
            make("Start later", None, partial(self._change_ranges, 1, -1), "Ctrl+PgUp"),
            make("Start earlier", None, partial(self._change_ranges, -1, 1), "Ctrl+PgDown"),
            make("Slide up", None, partial(self._change_ranges, 1, 0), "PgUp"),
            make("Slide down", None, partial(self._change_ranges, -1, 0), "PgDown"),
        ]
        self._leave_out = make("Leave out layers …", None, lambda: type_layers(canvas), "X")
        self.all: Actions = [
            *(*walks, None, *extends, self._any_annotation, None),
            *(self._edit, *self._parts, self._swap, self._link, self._insert, None),
            *(*self._ranges, self._leave_out),
        ]

    def enable(self) -> None:
        """Offer what can be done to the selection."""
        canvas = self._canvas
        blocks = [canvas.editor.plan.blocks[i] for i in canvas.selected_ids()]
        single = len(blocks) == 1
        self._any_annotation.setEnabled(bool(canvas.plan_scene.annotations.shown))
        self._edit.setEnabled(len(canvas.plan_scene.selection()) == 1)
        for action in (*self._parts, self._insert):
            action.setEnabled(single)
        self._swap.setEnabled(single and kind_ui(blocks[0]).inputs is not None)
        self._link.setEnabled(len(blocks) <= 1 and bool(canvas.editor.plan.blocks))
        for action in self._ranges:
            action.setEnabled(any(layer_range(block) is not None for block in blocks))
        self._leave_out.setEnabled(single and layer_range(blocks[0]) is not None)

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means to a choice that is being made, a part, or a selected frame or note.

        Returns whether it means anything to them.
        """
        canvas = self._canvas
        if isinstance(canvas.gesture, KeyWalk):
            canvas.gesture.key(event)
            return True
        if canvas.gesture is not None:
            return False
        sizes = _SIZES.get(event.key())
        if sizes is not None and event.modifiers() == _CTRL_SHIFT:
            canvas.attempt(partial(commands.grow, canvas, *sizes))
            return True
        return self.part.press(event)

    def _walk(self, way: Way, extending: bool = False) -> None:
        canvas, scene, editor = self._canvas, self._canvas.plan_scene, self._canvas.editor
        selection = scene.selection()
        here = self._here()
        there = first_block(editor, scene) if here is None else None
        if here is not None:
            there = next_block(editor, scene, here, way)
        if there is None:
            where = {"above": "above this", "below": "below this"}.get(way, f"further {way}")
            canvas.notice.emit(f"No block is {where}.")
            return
        canvas.look_at_block(there)
        if extending:
            scene.select({*selection, there})
        self._at = there
        canvas.notice.emit(f"{block_name(editor, editor.plan.blocks[there])}.")

    def _here(self) -> str | None:
        selection = self._canvas.selected_ids()
        if self._at in selection:
            return self._at
        return selection[0] if selection else None

    def _next_annotation(self) -> None:
        canvas, annotations = self._canvas, self._canvas.plan_scene.annotations
        ids = [*annotations.shown]
        at = ids.index(annotations.selected[0]) + 1 if annotations.selected else 0
        id_ = ids[at % len(ids)]
        canvas.plan_scene.select((id_,))
        canvas.bring_into_sight(canvas.plan_scene.bounds_of((id_,)))
        canvas.notice.emit(f"{annotation_name(annotations.shown[id_])}.")

    def _edit_in_place(self) -> None:
        """Type what matters most where it stands: a range, a scale, a title, a text."""
        canvas = self._canvas
        if self.part.enter():
            return
        if canvas.plan_scene.annotations.selected:
            type_text(canvas, canvas.plan_scene.annotations.selected[0])
            return
        (block_id,) = canvas.selected_ids()
        shape = canvas.plan_scene.blocks[block_id].block_shape
        if shape.section(StripSection) is not None:
            in_place.type_range(canvas, block_id)
        elif shape.section(FadersSection) is not None:
            self.part.choose_fader(0)
        else:
            in_place.type_title(canvas, block_id)

    def _begin_link(self) -> None:
        place = self.part.place
        selection = self._canvas.selected_ids()
        if place is not None and place[1].kind == "in":
            begin_link(self._canvas, target=(place[0], place[1].index))
        else:
            begin_link(self._canvas, source=selection[0] if selection else TOKENS)

    def _begin_insert(self) -> None:
        (block_id,) = self._canvas.selected_ids()
        begin_insert(self._canvas, block_id)

    def _swap_inputs(self) -> None:
        place = self.part.place
        if place is None or place[1].kind not in ("in", "fader"):
            self._canvas.notice.emit("Press the number of an input first, then S to swap it.")
            return
        n_inputs = len(links_into(self._canvas.editor.plan.blocks[place[0]]))
        other = (place[1].index + 1) % n_inputs
        block_commands.swap_inputs(self._canvas, place[0], place[1].index, other)

    def _change_ranges(self, start: int, length: int) -> None:
        """Move the first weight layer and change the number of layers of all selected blocks."""
        canvas, ids = self._canvas, self._canvas.selected_ids()
        plan, limit = canvas.editor.plan, canvas.editor.n_weight_layers or LAYER_LIMIT
        for id_ in ids:
            plan = _with_range(plan, id_, start, length, limit)
        key = ("key range", ids, start, length)
        canvas.editor.apply("Change layers", plan, merge_key=key)
        if len(ids) == 1:
            canvas.notice.emit(f"{block_name(canvas.editor, plan.blocks[ids[0]])}.")


def _with_range(plan: Plan, id_: str, start: int, length: int, limit: int) -> Plan:
    """The plan with a block's range changed, as far as it stays within the model."""
    layers = layer_range(plan.blocks[id_])
    if layers is None:
        return plan
    first, n_layers = layers.start + start, len(layers) + length
    is_within = first >= 0 and n_layers >= 1
    if not is_within or first + n_layers > max(limit, layers.stop):
        return plan
    return edits.set_weights(plan, id_, first, n_layers)
