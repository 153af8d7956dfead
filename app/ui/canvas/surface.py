"""The view as gestures and commands know it, and the base of all gestures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QPainter
from PySide6.QtWidgets import QWidget

from app.plan.document import Plan
from app.plan.problem import PlanError
from app.ui.canvas.join_marks import JoinMarks
from app.ui.canvas.loose_link import DroppedLink
from app.ui.canvas.scene import Hit
from app.ui.canvas.view import PlanView
from app.ui.state.editor import PlanEditor


class GestureSurface(PlanView):
    """A view of the plan on which at most one gesture is under way.

    `notice` carries a sentence for the status line. `block_wanted` carries the Pointer where a link
    was dropped into empty space, and its fixed end: the id of the block it comes from, or the
    LinkKey it leads into, the other of them None.
    """

    notice = Signal(str)
    block_wanted = Signal(object, object, object)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(editor, parent)
        self.gesture: Gesture | None = None
        self.join_marks = JoinMarks(self.plan_scene)
        self.dropped_link = DroppedLink(self)

    def hit(self, pointer: Pointer) -> Hit:
        """What lies under the pointer."""
        return self.plan_scene.hit(pointer.scene, min(16.0, max(0.0, 6 / self.zoom - 6)))

    def pointer_at(self, view: QPointF, keys: Qt.KeyboardModifier) -> Pointer:
        """The pointer at a point of the viewport."""
        return Pointer(self.to_scene(view), view, keys)

    def attempt(self, run: Callable[[], object]) -> bool:
        """Do something to the plan, or say why it is refused. Returns whether it was done."""
        try:
            run()
        except PlanError as error:
            self.notice.emit(str(error))
            return False
        return True

    def cancel_gesture(self) -> None:
        """Give up what is being dragged, if anything is."""
        if self.gesture is not None:
            gesture, self.gesture = self.gesture, None
            gesture.cancel()
            self.viewport().unsetCursor()

    def menu_point(self) -> QPointF:
        """Where a menu asked for by a key belongs: at the pointer if it is here, else midway."""
        at = self.viewport().mapFromGlobal(QCursor.pos())
        rect = self.viewport().rect()
        return QPointF(at if rect.contains(at) else rect.center())


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is, in the scene and in the viewport, and which keys are held."""

    scene: QPointF
    view: QPointF
    modifiers: Qt.KeyboardModifier

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def ctrl(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Gesture:
    """One press, drag and release. A cancelled gesture leaves the plan as it was at the press.

    `applying` is true while the gesture itself changes the plan. When something else does, the
    gesture is abandoned: what it knows of the plan may no longer be so. `acted` says after a
    release that the click did something, so that a second one is no double click.
    """

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: GestureSurface, press: Pointer) -> None:
        self.canvas = canvas
        self.press = press
        self.applying = False
        self.acted = False

    def move(self, to: Pointer) -> None:
        """Follow the pointer."""

    def release(self, at: Pointer) -> None:
        """Finish: what was shown becomes the plan."""

    def cancel(self) -> None:
        """Give up: everything is as at the press."""
        self.abandon()

    def abandon(self) -> None:
        """Stop, and show the plan as it is now."""

    def apply(self, label: str, after: Plan) -> None:
        """Change the plan; all that one gesture applies is one undo step."""
        self.applying = True
        self.canvas.editor.apply(label, after, merge_key=self)
        self.applying = False

    def paint(self, painter: QPainter) -> None:
        """Draw on top of the canvas, in scene coordinates."""

    def travelled(self, to: Pointer) -> bool:
        """Whether the pointer is far enough from the press to mean a drag and no click."""
        return (to.view - self.press.view).manhattanLength() >= 4
