"""A link made by keys: arrows walk to its other end, Enter makes it, Escape gives it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from app.plan.document import TOKENS
from app.ui.canvas.gestures.drag_link import port_is_linked, why_not, with_link
from app.ui.canvas.gestures.gesture import Gesture, Pointer
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.links import LinkKey, curve
from app.ui.canvas.shapes import OUTPUT
from app.ui.canvas.words import short_name

if TYPE_CHECKING:
    from app.ui.canvas.gesture_view import GestureView

_DIRECTIONS = {
    Qt.Key.Key_Left.value: QPointF(-1, 0),
    Qt.Key.Key_Right.value: QPointF(1, 0),
    Qt.Key.Key_Up.value: QPointF(0, -1),
    Qt.Key.Key_Down.value: QPointF(0, 1),
}
_ENTER = (Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value)
_ROOM = 48.0
_MOST_ASKED = 50
"""So many ends are asked at first whether a link may lead there: the answer takes a while."""


def begin_link(
    canvas: GestureView, *, source: str | None = None, target: LinkKey | None = None
) -> None:
    """Let the keys look for the other end of a link."""
    canvas.cancel_gesture()
    canvas.gesture = KeyLink(canvas, source=source, target=target)
    canvas.setFocus()


class KeyLink(Gesture):
    """`source` is given when its target is looked for, `target` when its source is.

    An input that is fed already is fed by the new link instead.
    """

    def __init__(
        self, canvas: GestureView, *, source: str | None = None, target: LinkKey | None = None
    ) -> None:
        super().__init__(canvas, canvas.pointer_at(QPointF(), Qt.KeyboardModifier.NoModifier))
        assert (source is None) != (target is None)
        self._source = source
        self._target = target
        self._ends = self._all_ends()
        self._end: tuple[str, LinkKey] | None = self._likely_end()
        self._hint = Hint(canvas)
        self._show()

    @property
    def reason(self) -> str | None:
        """Why the link may not be made; None when it may."""
        if self._end is None:
            return "There is nothing to link with."
        return why_not(self.canvas.editor.plan, *self._end)

    def key(self, event: QKeyEvent) -> None:
        """Do what a key asks for."""
        if event.key() in _DIRECTIONS:
            self._walk(_DIRECTIONS[event.key()])
        elif event.key() in _ENTER:
            self._finish()
        elif event.key() == Qt.Key.Key_Escape:
            self.canvas.cancel_gesture()
            self.canvas.notice.emit("No link was made.")

    def release(self, at: Pointer) -> None:
        """A click on the canvas gives it up too."""
        self.abandon()

    def abandon(self) -> None:
        self._hint.say(None, QPointF())
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        start, end = self._anchor(), self._anchor()
        if self._end is not None:
            start, end = self._points(self._end)
        theme = self.canvas.theme
        colour = theme.accent if self.reason is None else theme.error
        pen = QPen(colour, 2.0)
        if self.reason is not None:
            pen.setDashPattern([3.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(curve(start, end))
        painter.setPen(QPen(colour, 2.0 / min(1.0, self.canvas.zoom)))
        painter.drawEllipse(end if self._source is not None else start, 9.0, 9.0)
        self._hint.paint(painter)

    def _walk(self, direction: QPointF) -> None:
        """Go to the nearest end that lies in this direction."""
        if self._end is None:
            return
        here = self._loose_point(self._end)
        best: tuple[float, tuple[str, LinkKey]] | None = None
        for end in self._ends:
            way = self._loose_point(end) - here
            along = QPointF.dotProduct(way, direction)
            aside = abs(way.x() * direction.y()) + abs(way.y() * direction.x())
            if along > 0.5 and (best is None or along + 2 * aside < best[0]):
                best = along + 2 * aside, end
        if best is not None:
            self._end = best[1]
        self._show()

    def _finish(self) -> None:
        reason, editor = self.reason, self.canvas.editor
        if reason is not None or self._end is None:
            self.canvas.notice.emit(reason or "")
            return
        after = with_link(editor.plan, *self._end)
        self.apply("Add link", after)
        self.canvas.cancel_gesture()
        self.canvas.notice.emit(f"{self._words()} is made.")

    def _show(self) -> None:
        """Bring the end into sight and say what Enter would do."""
        reason = self.reason
        words = reason or f"{self._words()}: Enter makes it, Esc gives it up."
        self.canvas.notice.emit(words)
        at = self._anchor() if self._end is None else self._loose_point(self._end)
        room = QPointF(_ROOM, _ROOM) / self.canvas.zoom
        self.canvas.bring_into_sight(QRectF(at - room, at + room))
        view = QPointF(self.canvas.viewportTransform().map(at))
        self._hint.say(words, view, refused=reason is not None)
        self.canvas.viewport().update()

    def _words(self) -> str:
        assert self._end is not None
        editor, (source, (target, port)) = self.canvas.editor, self._end
        words = f"Link from {short_name(editor, source)} to {short_name(editor, target)}"
        return words if target == OUTPUT else f"{words}, input {port + 1}"

    def _all_ends(self) -> list[tuple[str, LinkKey]]:
        items = self.canvas.plan_scene.blocks
        if self._source is not None:
            return [
                (self._source, (i, port))
                for i, item in items.items()
                if i != self._source
                for port in range(len(item.block_shape.in_ports))
            ]
        assert self._target is not None
        sources = [i for i in items if i not in (OUTPUT, self._target[0])]
        return [(i, self._target) for i in sources if (i, self._target[0]) != (TOKENS, OUTPUT)]

    def _likely_end(self) -> tuple[str, LinkKey] | None:
        """The end that may be linked and is free, if any is; of several the nearest."""
        plan, anchor = self.canvas.editor.plan, self._anchor()

        def order(end: tuple[str, LinkKey]) -> tuple[bool, float]:
            taken = self._source is not None and port_is_linked(plan, end[1])
            return taken, (self._loose_point(end) - anchor).manhattanLength()

        ends = sorted(self._ends, key=order)
        may_be = (end for end in ends[:_MOST_ASKED] if why_not(plan, *end) is None)
        return next(may_be, ends[0] if ends else None)

    def _anchor(self) -> QPointF:
        items = self.canvas.plan_scene.blocks
        if self._source is not None:
            return items[self._source].out_port()
        assert self._target is not None
        return items[self._target[0]].in_port(self._target[1])

    def _points(self, end: tuple[str, LinkKey]) -> tuple[QPointF, QPointF]:
        items = self.canvas.plan_scene.blocks
        source, (target, port) = end
        return items[source].out_port(), items[target].in_port(port)

    def _loose_point(self, end: tuple[str, LinkKey]) -> QPointF:
        return self._points(end)[1 if self._source is not None else 0]
