"""A choice made by keys on the canvas: arrows walk, Enter takes, Escape gives up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent

from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer

End = TypeVar("End")

_DIRECTIONS = {
    Qt.Key.Key_Left.value: QPointF(-1, 0),
    Qt.Key.Key_Right.value: QPointF(1, 0),
    Qt.Key.Key_Up.value: QPointF(0, -1),
    Qt.Key.Key_Down.value: QPointF(0, 1),
}
_ENTER = (Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value)
_ROOM = 48.0
_MOST_ASKED = 50
"""So many ends are asked at first whether they may be taken: the answer takes a while."""


class KeyWalk(Gesture, Generic[End]):
    """Goes from end to end. The first one is the nearest that may be taken, if any may."""

    def __init__(self, canvas: GestureSurface, ends: Sequence[End]) -> None:
        """`ends` begins with the likeliest."""
        super().__init__(canvas, canvas.pointer_at(QPointF(), Qt.KeyboardModifier.NoModifier))
        self._ends = ends
        may_be = (end for end in ends[:_MOST_ASKED] if self._why_not(end) is None)
        self.end: End | None = next(may_be, ends[0] if ends else None)
        self.hint = Hint(canvas)
        self._show()

    @property
    def reason(self) -> str | None:
        """Why this end may not be taken; None when it may."""
        return "There is nothing to link with." if self.end is None else self._why_not(self.end)

    def key(self, event: QKeyEvent) -> None:
        """Do what a key asks for."""
        if event.key() in _DIRECTIONS:
            self._walk(_DIRECTIONS[event.key()])
        elif event.key() in _ENTER:
            self._finish()
        elif event.key() == Qt.Key.Key_Escape:
            self.canvas.cancel_gesture()
            self.canvas.notice.emit("Nothing was changed.")

    def release(self, at: Pointer) -> None:
        """A click on the canvas gives it up too."""
        self.abandon()

    def abandon(self) -> None:
        self.hint.say(None, QPointF())
        self.canvas.viewport().update()

    def _point(self, end: End) -> QPointF:
        """Where an end lies in the scene."""
        raise NotImplementedError

    def _why_not(self, end: End) -> str | None:
        """Why an end may not be taken; None when it may."""
        raise NotImplementedError

    def _words(self, end: End) -> str:
        """What taking an end makes."""
        raise NotImplementedError

    def _take(self, end: End) -> None:
        """Change the plan."""
        raise NotImplementedError

    def _walk(self, direction: QPointF) -> None:
        """Go to the nearest end that lies in this direction."""
        if self.end is None:
            return
        here = self._point(self.end)
        best: tuple[float, End] | None = None
        for end in self._ends:
            way = self._point(end) - here
            along = QPointF.dotProduct(way, direction)
            aside = abs(way.x() * direction.y()) + abs(way.y() * direction.x())
            if along > 0.5 and (best is None or along + 2 * aside < best[0]):
                best = along + 2 * aside, end
        if best is not None:
            self.end = best[1]
        self._show()

    def _finish(self) -> None:
        reason = self.reason
        if reason is not None or self.end is None:
            self.canvas.notice.emit(reason or "")
            return
        words = self._words(self.end)
        self._take(self.end)
        self.canvas.cancel_gesture()
        self.canvas.notice.emit(f"Done: {words}.")

    def _show(self) -> None:
        """Bring the end into sight and say what Enter would do."""
        reason = self.reason
        words = reason or ""
        if reason is None and self.end is not None:
            words = f"{self._words(self.end)}: Enter confirms, Esc cancels."
        self.canvas.notice.emit(words)
        if self.end is not None:
            at, room = self._point(self.end), QPointF(_ROOM, _ROOM) / self.canvas.zoom
            self.canvas.bring_into_sight(QRectF(at - room, at + room))
            view = QPointF(self.canvas.viewportTransform().map(at))
            self.hint.say(words, view, refused=reason is not None)
        self.canvas.viewport().update()
