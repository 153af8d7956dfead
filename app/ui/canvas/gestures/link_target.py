"""The link into which a block would be put if it were let go now: it lights up, or says why not."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from app.plan import edits
from app.plan.document import Plan
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.links import LinkKey
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.surface import GestureSurface, Pointer

_POINTER_REACH = 10.0
_CENTRE_REACH = 28.0


class LinkTarget:
    """Follows one block over the links. `key` is the link under it, `reason` why it may not in."""

    def __init__(self, canvas: GestureSurface) -> None:
        self._canvas = canvas
        self._hint = Hint(canvas)
        self.key: LinkKey | None = None
        self.reason: str | None = None

    def aim(self, plan: Plan, block_id: str, at: Pointer, centre: QPointF) -> None:
        """Find the link under the pointer or under the block's centre; the block is in `plan`."""
        before = self.key
        self.key = self._key_at(at.scene, centre)
        self.reason = None if self.key is None else why_not_insert(plan, block_id, self.key)
        self._hint.say(self.reason, at.view, refused=True)
        if before != self.key:
            for key in (before, self.key):
                self._touch(key)

    def leave(self) -> None:
        """Aim at nothing."""
        self._hint.say(None, QPointF())
        self._touch(self.key)
        self.key = self.reason = None

    def paint(self, painter: QPainter) -> None:
        """Draw the link's light and the words on top of the canvas."""
        link = None if self.key is None else self._canvas.plan_scene.links.get(self.key)
        if link is not None:
            theme = self._canvas.theme
            colour = theme.accent if self.reason is None else theme.error
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, link.width + 2.0))
            painter.drawPath(link.path)
        self._hint.paint(painter)

    def _touch(self, key: LinkKey | None) -> None:
        scene = self._canvas.plan_scene
        if key is not None and key in scene.links:
            scene.touched.emit(scene.links[key].bounds)

    def _key_at(self, pointer: QPointF, centre: QPointF) -> LinkKey | None:
        best: tuple[float, LinkKey] | None = None
        for key, link in self._canvas.plan_scene.links.items():
            reach = link.bounds.adjusted(*(-_CENTRE_REACH,) * 2, *(_CENTRE_REACH,) * 2)
            if not (reach.contains(pointer) or reach.contains(centre)):
                continue
            beyond = min(
                link.distance_to(pointer) - _POINTER_REACH, link.distance_to(centre) - _CENTRE_REACH
            )
            if beyond <= 0 and (best is None or (beyond, key) < best):
                best = beyond, key
        return None if best is None else best[1]


def why_not_insert(plan: Plan, block_id: str, key: LinkKey) -> str | None:
    """Why the block may not be put into this link; None when it may."""
    if key == OUTPUT_LINK:
        return edits.why_not_insert_before_output(plan, block_id)
    return edits.why_not_insert(plan, block_id, *key)


def with_inserted(plan: Plan, block_id: str, key: LinkKey) -> Plan:
    """The plan with the block in this link; `why_not_insert` must have allowed it."""
    if key == OUTPUT_LINK:
        return edits.insert_before_output(plan, block_id)
    return edits.insert_on_link(plan, block_id, *key)
