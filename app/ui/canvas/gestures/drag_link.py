"""Drag a new link from a port, or an end of a link elsewhere or into the void."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from app.plan import edits
from app.plan.document import TOKENS, Plan
from app.plan.kinds import links_into
from app.ui.canvas.block_commands import free_port
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.links import LinkKey
from app.ui.canvas.loose_link import anchor_of, paint_end, paint_loose
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.shapes import OUTPUT, Part, is_terminal
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class DragLink(Gesture):
    """One end stays where it is; the other follows the pointer.

    A new link that is dropped in the void asks for a block there that it can lead to.

    `source` is given when the end that arrives is dragged, `target` when the end that leaves is.
    `moved` is the link that was taken up, if it is no new one. `reason` says in words why the
    link may not be made where the pointer is, None when it may or there is nothing.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self,
        canvas: GestureSurface,
        press: Pointer,
        *,
        source: str | None = None,
        target: LinkKey | None = None,
        moved: LinkKey | None = None,
    ) -> None:
        super().__init__(canvas, press)
        assert (source is None) != (target is None)
        self._source = source
        self._target = target
        self._old_key = moved
        self._to = press
        self._aim: tuple[str, LinkKey] | None = None
        self._dragging = False
        self._hint = Hint(canvas)
        self.reason: str | None = None

    def move(self, to: Pointer) -> None:
        if not self._dragging and not self.travelled(to):
            return
        self._dragging = True
        self.canvas.plan_scene.hidden_link = self._old_key
        self._to = to
        self._aim = self._link_under(to)
        plan = without_link(self.canvas.editor.plan, self._old_key)
        self.reason = None if self._aim is None else why_not(plan, *self._aim)
        self._hint.say(self.reason, to.view, refused=True)
        self.canvas.viewport().update()

    def release(self, at: Pointer) -> None:
        self.canvas.plan_scene.hidden_link = None
        self.canvas.viewport().update()
        if not self._dragging:
            self.canvas.plan_scene.select_link(self._old_key)
            return
        editor = self.canvas.editor
        if self._aim is not None:
            if self.reason is None:
                label = "Add link" if self._old_key is None else "Move link"
                after = with_link(without_link(editor.plan, self._old_key), *self._aim)
                editor.apply(label, after)
            else:
                self.canvas.notice.emit(self.reason)
        elif self._over_nothing(at):
            if self._old_key is None:
                self.canvas.block_wanted.emit(at, self._source, self._target)
            else:
                editor.apply("Remove link", without_link(editor.plan, self._old_key))

    def abandon(self) -> None:
        self.canvas.plan_scene.hidden_link = None
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if not self._dragging:
            return
        theme = self.canvas.theme
        loose = self._to.scene
        if self._aim is not None and self.reason is None:
            loose = self._port_of(self._aim)
        anchor = anchor_of(self.canvas, self._source, self._target)
        start, end = (anchor, loose) if self._source is not None else (loose, anchor)
        colour = theme.error if self.reason is not None else theme.accent
        paint_loose(painter, colour, start, end, refused=self.reason is not None)
        paint_end(painter, colour, loose)
        self._hint.paint(painter)

    def _port_of(self, aim: tuple[str, LinkKey]) -> QPointF:
        """The port that the loose end would be put to."""
        source, (target, port) = aim
        blocks = self.canvas.plan_scene.blocks
        if self._source is not None:
            item = blocks[target]
            if port < len(item.block_shape.in_ports):
                return item.in_port(port)
            return item.pos() + QPointF(0, item.block_shape.in_ports[-1].y() + 16)
        return blocks[source].out_port()

    def _link_under(self, to: Pointer) -> tuple[str, LinkKey] | None:
        """The link that a release here would ask for."""
        hit = self.canvas.hit(to)
        if hit.block_id is None or hit.part is None:
            return None
        if self._source is not None:
            if hit.block_id == TOKENS:
                return None
            return self._source, (hit.block_id, self._port_under(hit.block_id, hit.part))
        assert self._target is not None
        return None if hit.block_id == OUTPUT else (hit.block_id, self._target)

    def _port_under(self, block_id: str, part: Part) -> int:
        """The port that a drop on a part of the block means: on its body the first free one."""
        if is_terminal(block_id):
            return 0
        block = self.canvas.editor.plan.blocks[block_id]
        if part.kind in ("in", "add-input") and not block.collapsed:
            return part.index
        return free_port(block)

    def _over_nothing(self, at: Pointer) -> bool:
        return self.canvas.hit(at).block_id is None


def why_not(plan: Plan, source: str, key: LinkKey) -> str | None:
    """Why no link may lead from a block or the tokens into this port; None when it may."""
    target, _ = key
    if target == OUTPUT:
        return edits.why_not_output(plan, source)
    return edits.why_not_connect(plan, source, target)


def with_link(plan: Plan, source: str, key: LinkKey) -> Plan:
    """The plan with this link; `why_not` must have allowed it."""
    target, port = key
    if key == OUTPUT_LINK:
        return edits.connect_output(plan, source)
    if port == len(links_into(plan.blocks[target])):
        return edits.add_input(plan, target, source)
    return edits.connect(plan, source, target, port)


def without_link(plan: Plan, key: LinkKey | None) -> Plan:
    """The plan without this link."""
    if key is None:
        return plan
    if key == OUTPUT_LINK:
        return edits.connect_output(plan, None)
    return edits.disconnect(plan, *key)


def port_is_linked(plan: Plan, key: LinkKey) -> bool:
    """Whether a link arrives at this port."""
    target, port = key
    if target == OUTPUT:
        return plan.output is not None
    return links_into(plan.blocks[target])[port] is not None
