"""A link made by keys, from a block to an input or the other way round."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from app.plan.document import TOKENS
from app.ui.canvas.gestures.drag_link import port_is_linked, why_not, with_link
from app.ui.canvas.keyboard.key_walk import KeyWalk
from app.ui.canvas.links import LinkKey
from app.ui.canvas.loose_link import anchor_of, paint_loose
from app.ui.canvas.shapes import OUTPUT
from app.ui.canvas.surface import GestureSurface
from app.ui.canvas.words import short_name

Way = tuple[str, LinkKey]
"""A link that could be: where it comes from, and the input it leads into."""


def begin_link(
    canvas: GestureSurface, *, source: str | None = None, target: LinkKey | None = None
) -> None:
    """Let the keys look for the other end of a link."""
    canvas.cancel_gesture()
    canvas.gesture = KeyLink(canvas, source=source, target=target)
    canvas.setFocus()


class KeyLink(KeyWalk[Way]):
    """`source` is given when its target is looked for, `target` when its source is.

    An input that is fed already is fed by the new link instead.
    """

    def __init__(
        self, canvas: GestureSurface, *, source: str | None = None, target: LinkKey | None = None
    ) -> None:
        assert (source is None) != (target is None)
        self._items = canvas.plan_scene.blocks
        self._source = source
        self._target = target
        plan, anchor = canvas.editor.plan, anchor_of(canvas, source, target)

        def order(end: Way) -> tuple[bool, float]:
            is_linked = source is not None and port_is_linked(plan, end[1])
            return is_linked, (self._point(end) - anchor).manhattanLength()

        self._plan = plan
        super().__init__(canvas, sorted(self._all_ends(), key=order))

    def paint(self, painter: QPainter) -> None:
        start = end = anchor_of(self.canvas, self._source, self._target)
        if self.end is not None:
            source, (target, port) = self.end
            start, end = self._items[source].out_port(), self._items[target].in_port(port)
        theme = self.canvas.theme
        colour = theme.accent if self.reason is None else theme.error
        paint_loose(painter, colour, start, end, refused=self.reason is not None)
        painter.setPen(QPen(colour, 2.0 / min(1.0, self.canvas.zoom)))
        painter.drawEllipse(end if self._source is not None else start, 9.0, 9.0)
        self.hint.paint(painter)

    def _why_not(self, end: Way) -> str | None:
        return why_not(self._plan, *end)

    def _words(self, end: Way) -> str:
        editor, (source, (target, port)) = self.canvas.editor, end
        words = f"Link from {short_name(editor, source)} to {short_name(editor, target)}"
        return words if target == OUTPUT else f"{words}, input {port + 1}"

    def _take(self, end: Way) -> None:
        self.apply("Add link", with_link(self.canvas.editor.plan, *end))

    def _point(self, end: Way) -> QPointF:
        source, (target, port) = end
        if self._source is not None:
            return self._items[target].in_port(port)
        return self._items[source].out_port()

    def _all_ends(self) -> list[Way]:
        if self._source is not None:
            return [
                (self._source, (i, port))
                for i, item in self._items.items()
                if i != self._source
                for port in range(len(item.block_shape.in_ports))
            ]
        assert self._target is not None
        sources = [i for i in self._items if i not in (OUTPUT, self._target[0])]
        return [(i, self._target) for i in sources if (i, self._target[0]) != (TOKENS, OUTPUT)]
