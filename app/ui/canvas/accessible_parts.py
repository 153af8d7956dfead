"""What a screen reader is told of each thing on the canvas: name, place, state, value, actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QRect, QRectF
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleInterface,
    QAccessibleValueInterface,
    QWindow,
)
from shiboken6 import VoidPtr

from app.plan.document import TOKENS
from app.plan.kinds import links_into
from app.ui.canvas import words
from app.ui.canvas.annotations.shapes import rect_of
from app.ui.canvas.keyboard.current_part import STEP, set_scale
from app.ui.canvas.keyboard.key_link import begin_link
from app.ui.canvas.numbers import scale_text
from app.ui.canvas.sections.faders import fader_range
from app.ui.canvas.shapes import OUTPUT, Part, is_terminal
from app.ui.state.block_kinds import scales_of

if TYPE_CHECKING:
    from app.ui.canvas.canvas import Canvas

ItemKey = tuple[str, Part | None]
"""A thing on the canvas: the id of a block, terminal, frame or note, and which part of it."""

_NOTHING = VoidPtr(0)
"""The null pointer: None would be taken for an address."""

_Text = QAccessible.Text
_Role = QAccessible.Role


class Tree(Protocol):
    """What the things ask of the tree they are in."""

    canvas: Canvas

    def root(self) -> QAccessibleInterface: ...
    def item(self, key: ItemKey) -> QAccessibleInterface: ...
    def parts(self, id_: str) -> list[Part]: ...
    def focused(self) -> ItemKey | None: ...


class AccessibleItem(QAccessibleInterface):
    """A block, terminal, frame or note, or a port or fader of a block."""

    def __init__(self, tree: Tree, key: ItemKey) -> None:
        super().__init__()
        self._tree = tree
        self._canvas = tree.canvas
        self.id, self.part = key
        self._actions = _Actions(self)
        self._value = None if self.part is None or self.part.kind != "fader" else _Scale(self)

    @property
    def key(self) -> ItemKey:
        """What in the tree this is."""
        return self.id, self.part

    def isValid(self) -> bool:
        scene = self._canvas.plan_scene
        if self.id in scene.annotations.shown:
            return self.part is None
        if self.id not in scene.blocks:
            return False
        return self.part is None or self.part in self._tree.parts(self.id)

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow:
        return self._canvas.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._tree.root() if self.part is None else self._tree.item((self.id, None))

    def childCount(self) -> int:
        return len(self._tree.parts(self.id)) if self.part is None else 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        parts = self._tree.parts(self.id) if self.part is None else []
        return self._tree.item((self.id, parts[index])) if 0 <= index < len(parts) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        parts = self._tree.parts(self.id) if self.part is None else []
        if not isinstance(child, AccessibleItem) or child.id != self.id or child.part not in parts:
            return -1
        return parts.index(child.part)

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        children = (self.child(i) for i in range(self.childCount()))
        return next((c for c in children if c is not None and c.rect().contains(x, y)), None)

    def role(self) -> QAccessible.Role:
        if self.part is not None:
            return _Role.Slider if self.part.kind == "fader" else _Role.Button
        annotation = self._canvas.plan_scene.annotations.shown.get(self.id)
        if annotation is None:
            return _Role.ListItem
        return _Role.Grouping if annotation.kind == "frame" else _Role.Note

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.invalid = not self.isValid()
        state.focusable = not is_terminal(self.id)
        state.focused = self._canvas.hasFocus() and self._tree.focused() == self.key
        if self.part is None and not is_terminal(self.id):
            state.selectable = True
            state.selected = self.id in self._canvas.plan_scene.selection()
        state.offscreen = not self.rect().intersects(self._tree.root().rect())
        return state

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        canvas = self._canvas
        area = canvas.viewportTransform().mapRect(self._scene_rect()).toAlignedRect()
        return QRect(canvas.viewport().mapToGlobal(area.topLeft()), area.size())

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        if kind == _Text.Name:
            return self._name()
        if kind == _Text.Value and self._value is not None:
            return scale_text(self._value.currentValue())
        block = self._canvas.editor.plan.blocks.get(self.id)
        if kind == _Text.Description and self.part is None and block is not None:
            return words.block_description(self._canvas.editor, block)
        return ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Names follow from the plan: nothing is set."""

    def interface_cast(  # type: ignore[override]
        self, kind: QAccessible.InterfaceType
    ) -> QAccessibleValueInterface | QAccessibleActionInterface | VoidPtr:
        if kind == QAccessible.InterfaceType.ValueInterface:
            return self._value or _NOTHING
        if kind == QAccessible.InterfaceType.ActionInterface and not is_terminal(self.id):
            return self._actions
        return _NOTHING

    def take_focus(self) -> None:
        """Select the thing, or the block and make this the part that the keys are on."""
        canvas = self._canvas
        canvas.setFocus()
        canvas.plan_scene.select((self.id,))
        canvas.bring_into_sight(self._scene_rect())
        if self.part is not None:
            canvas.commands.keyboard.part.choose(self.part)

    def press(self) -> None:
        """What Enter does: look for the other end of a link at a port, else take the focus."""
        if self.part is not None and self.part.kind == "in":
            begin_link(self._canvas, target=(self.id, self.part.index))
        elif self.part is not None and self.part.kind == "out":
            begin_link(self._canvas, source=self.id)
        else:
            self.take_focus()

    def scale(self) -> float:
        """The scale that a fader stands at."""
        block = self._canvas.editor.plan.blocks.get(self.id)
        assert self.part is not None
        scales = () if block is None else scales_of(block)
        return scales[self.part.index] if self.part.index < len(scales) else 0.0

    def set_scale(self, scale: float) -> None:
        """Move the fader: one undo step for a run of moves."""
        assert self.part is not None
        if self.isValid():
            self._canvas.attempt(partial(set_scale, self._canvas, self.id, self.part, scale))

    def _scene_rect(self) -> QRectF:
        scene = self._canvas.plan_scene
        if self.id in scene.annotations.shown:
            return rect_of(scene.annotations.shown[self.id])
        item = scene.blocks[self.id]
        if self.part is None:
            return item.scene_rect()
        return item.block_shape.area_of(self.part).translated(item.pos())

    def _name(self) -> str:
        editor = self._canvas.editor
        annotation = self._canvas.plan_scene.annotations.shown.get(self.id)
        if annotation is not None:
            return words.annotation_name(annotation)
        if self.part is not None and self.part.kind == "out":
            return words.output_name(editor, self.id)
        if self.id == TOKENS:
            return "Tokens"
        if self.id == OUTPUT and self.part is not None:
            return f"Input, linked from {words.short_name(editor, editor.plan.output)}"
        if self.id == OUTPUT:
            return f"Output, linked from {words.short_name(editor, editor.plan.output)}"
        block = editor.plan.blocks[self.id]
        if self.part is None:
            return words.block_name(editor, block)
        n_parts = len(scales_of(block) if self.part.kind == "fader" else links_into(block))
        if self.part.index >= n_parts:
            return ""
        if self.part.kind == "fader":
            return words.fader_name(editor, block, self.part.index)
        return words.input_name(editor, block, self.part.index)


class _Scale(QAccessibleValueInterface):
    """The value of a fader."""

    def __init__(self, item: AccessibleItem) -> None:
        super().__init__()
        self._item = item

    def currentValue(self) -> float:
        return self._item.scale()

    def setCurrentValue(self, value: object) -> None:
        if isinstance(value, int | float):
            self._item.set_scale(float(value))

    def minimumValue(self) -> float:
        return fader_range(self._item.scale())[0]

    def maximumValue(self) -> float:
        return fader_range(self._item.scale())[1]

    def minimumStepSize(self) -> float:
        return STEP


class _Actions(QAccessibleActionInterface):
    """What a screen reader can ask a thing to do."""

    def __init__(self, item: AccessibleItem) -> None:
        super().__init__()
        self._item = item

    def actionNames(self) -> list[str]:
        return [self.pressAction(), self.setFocusAction()]

    def doAction(self, name: str) -> None:
        if not self._item.isValid():
            return
        if name == self.pressAction():
            self._item.press()
        elif name == self.setFocusAction():
            self._item.take_focus()

    def keyBindingsForAction(self, name: str) -> list[str]:
        return ["Return"] if name == self.pressAction() else []
