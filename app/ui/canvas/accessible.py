"""The canvas for screen readers: a list of blocks, terminals, frames and notes with their parts.

Nothing of this exists before something asks for it, and no event is made while nobody listens.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleObject,
    QAccessibleValueChangeEvent,
    QWindow,
)
from PySide6.QtWidgets import QWidget

from app.plan.change import Change
from app.plan.document import TOKENS, Plan
from app.ui.canvas.accessible_parts import AccessibleItem, ItemKey
from app.ui.canvas.canvas import Canvas
from app.ui.canvas.shapes import OUTPUT, Part
from app.ui.state.block_kinds import scales_of

_Event = QAccessible.Event
_NO_KEY = Qt.KeyboardModifier.NoModifier

_trees: list[AccessiblePlan] = []
"""Those of the canvases that were asked for: the references that Python has to keep."""


def install() -> None:
    """Let Qt ask here for what it is to tell of a canvas. Call it once."""
    QAccessible.installFactory(_interface_of)


def _interface_of(_class_name: str, of: QObject) -> QAccessibleInterface | None:
    if not isinstance(of, Canvas):
        return None
    tree = AccessiblePlan(of)
    _trees.append(tree)
    of.destroyed.connect(lambda: _forget(tree))
    return tree.root()


def _forget(tree: AccessiblePlan) -> None:
    tree.drop_all()
    if tree in _trees:
        _trees.remove(tree)


class AccessiblePlan:
    """The interfaces of one canvas. Each is made when it is asked for and dropped with its block.

    Qt's cache owns an interface once it was told of it, so that only the cache may delete it.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._root = _AccessibleCanvas(self)
        self._items: dict[ItemKey, AccessibleItem] = {}
        self._children: tuple[Plan, int, list[str]] | None = None
        canvas.editor.changed.connect(self._follow)
        canvas.editor.replaced.connect(self._start_over)
        canvas.selection_changed.connect(self._tell_focus)
        canvas.notice.connect(self._announce)
        canvas.commands.keyboard.part.changed.connect(self._tell_focus)

    def root(self) -> QAccessibleInterface:
        """The canvas itself."""
        return self._root

    def ids(self) -> list[str]:
        """The children of the canvas, in their order."""
        scene, plan = self.canvas.plan_scene, self.canvas.editor.plan
        shown = scene.annotations.shown
        if (
            self._children is None
            or self._children[0] is not plan
            or self._children[1] != len(shown)
        ):
            children = [TOKENS, *(i for i in plan.blocks if i in scene.blocks), OUTPUT, *shown]
            self._children = plan, len(shown), children
        return self._children[2]

    def item(self, key: ItemKey) -> AccessibleItem:
        """The interface of one thing, always the same one."""
        if key not in self._items:
            self._items[key] = AccessibleItem(self, key)
        return self._items[key]

    def parts(self, id_: str) -> list[Part]:
        """The ports and faders of a block or a terminal; the cells are in its name."""
        item = self.canvas.plan_scene.blocks.get(id_)
        return [] if item is None else [p for p in item.block_shape.key_parts() if p.kind != "cell"]

    def focused(self) -> ItemKey | None:
        """The part that the keys are on, or else the one thing that is selected."""
        place = self.canvas.commands.keyboard.part.place
        if place is not None:
            return place if place[1].kind != "cell" else (place[0], None)
        selection = self.canvas.plan_scene.selection()
        return (selection[0], None) if len(selection) == 1 else None

    def drop_all(self) -> None:
        """Let go of all but the canvas, which Qt drops itself."""
        for key in [*self._items]:
            self._drop(key)

    def _drop(self, key: ItemKey) -> None:
        item = self._items.pop(key)
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(item))

    def _follow(self, change: Change) -> None:
        """Drop what is gone, and tell of new names and values."""
        for key, item in [*self._items.items()]:
            if not item.isValid():
                self._drop(key)
        if not QAccessible.isActive():
            return
        if (
            change.added
            or change.removed
            or len(change.before.annotations) != len(change.after.annotations)
        ):
            QAccessible.updateAccessibility(QAccessibleEvent(self._root, _Event.ObjectReorder))
        for block_id in change.changed:
            self._tell_block(change, block_id)

    def _tell_block(self, change: Change, block_id: str) -> None:
        before, after = change.before.blocks[block_id], change.after.blocks[block_id]
        scales = zip(scales_of(before), scales_of(after), strict=False)
        for index, (was, now) in enumerate(scales):
            key = block_id, Part("fader", index)
            if was != now and key[1] in self.parts(block_id):
                event = QAccessibleValueChangeEvent(self.item(key), now)
                QAccessible.updateAccessibility(event)
        named = QAccessibleEvent(self.item((block_id, None)), _Event.NameChanged)
        QAccessible.updateAccessibility(named)

    def _tell_focus(self, _change: object = None) -> None:
        if not QAccessible.isActive():
            return
        within = QAccessibleEvent(self._root, _Event.SelectionWithin)
        QAccessible.updateAccessibility(within)
        focused = self.focused()
        if focused is not None and self.canvas.hasFocus() and self.item(focused).isValid():
            QAccessible.updateAccessibility(QAccessibleEvent(self.item(focused), _Event.Focus))

    def _announce(self, words: str) -> None:
        """Let what the status line says be spoken."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._root, words))

    def _start_over(self) -> None:
        self.drop_all()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleEvent(self._root, _Event.ObjectReorder))


class _AccessibleCanvas(QAccessibleObject):
    """The canvas: a list of what is on it."""

    def __init__(self, tree: AccessiblePlan) -> None:
        super().__init__(tree.canvas)
        self._tree = tree

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        above = self._tree.canvas.parentWidget()
        return None if above is None else QAccessible.queryAccessibleInterface(above)

    def window(self) -> QWindow:
        return self._tree.canvas.window().windowHandle()

    def childCount(self) -> int:
        return len(self._tree.ids()) + len(self._typing())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        ids, typing = self._tree.ids(), self._typing()
        if 0 <= index < len(ids):
            return self._tree.item((ids[index], None))
        if 0 <= index - len(ids) < len(typing):
            return QAccessible.queryAccessibleInterface(typing[index - len(ids)])
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        ids = self._tree.ids()
        if isinstance(child, AccessibleItem):
            return ids.index(child.id) if child.part is None and child.id in ids else -1
        typing = self._typing()
        widget = child.object()
        return len(ids) + typing.index(widget) if widget in typing else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        canvas = self._tree.canvas
        view = QPointF(canvas.viewport().mapFromGlobal(QRect(x, y, 1, 1).topLeft()))
        hit = canvas.hit(canvas.pointer_at(view, _NO_KEY))
        if hit.block_id is not None:
            return self._tree.item((hit.block_id, None))
        return None if hit.annotation is None else self._tree.item((hit.annotation.id, None))

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        focused = self._tree.focused()
        return None if focused is None else self._tree.item(focused)

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.List

    def state(self) -> QAccessible.State:
        canvas, state = self._tree.canvas, QAccessible.State()
        state.focusable = True
        state.focused = canvas.hasFocus()
        state.multiSelectable = True
        state.invisible = not canvas.isVisible()
        return state

    def rect(self) -> QRect:
        canvas = self._tree.canvas
        return QRect(canvas.mapToGlobal(canvas.rect().topLeft()), canvas.size())

    def text(self, kind: QAccessible.Text) -> str:
        canvas = self._tree.canvas
        if kind == QAccessible.Text.Name:
            return canvas.accessibleName()
        return canvas.accessibleDescription() if kind == QAccessible.Text.Description else ""

    def _typing(self) -> list[QWidget]:
        """What is laid over the canvas: fields to type in, and the minimap."""
        children = self._tree.canvas.viewport().children()
        return [w for w in children if isinstance(w, QWidget) and w.isVisible()]
