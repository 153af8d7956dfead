"""What every gesture is: something that follows the pointer from press to release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from app.plan.document import Plan

if TYPE_CHECKING:
    from app.ui.canvas.gesture_view import GestureView


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

    def __init__(self, canvas: GestureView, press: Pointer) -> None:
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
