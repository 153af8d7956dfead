"""What every gesture is: something that follows the pointer from press to release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

if TYPE_CHECKING:
    from app.ui.canvas.view import PlanView


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


class Gesture:
    """One press, drag and release. A cancelled gesture leaves the plan as it was at the press."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: PlanView, press: Pointer) -> None:
        self.canvas = canvas
        self.press = press

    def move(self, to: Pointer) -> None:
        """Follow the pointer."""

    def release(self, at: Pointer) -> None:
        """Finish: what was shown becomes the plan."""

    def cancel(self) -> None:
        """Give up: everything is as at the press."""

    def paint(self, painter: QPainter) -> None:
        """Draw on top of the canvas, in scene coordinates."""

    def travelled(self, to: Pointer) -> bool:
        """Whether the pointer is far enough from the press to mean a drag and no click."""
        return (to.view - self.press.view).manhattanLength() >= 4
