"""A block put into a link by keys: arrows walk from link to link."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from app.ui.canvas.gestures.link_target import why_not_insert, with_inserted
from app.ui.canvas.keyboard.key_walk import KeyWalk
from app.ui.canvas.links import LinkKey
from app.ui.canvas.surface import GestureSurface
from app.ui.canvas.words import short_name


def begin_insert(canvas: GestureSurface, block_id: str) -> None:
    """Let the keys look for the link into which a block is put."""
    canvas.cancel_gesture()
    if canvas.plan_scene.links:
        canvas.gesture = KeyInsert(canvas, block_id)
    else:
        canvas.notice.emit("There are no links yet to insert the block into.")


class KeyInsert(KeyWalk[LinkKey]):
    """The block stays where it is; the link then leads through it."""

    def __init__(self, canvas: GestureSurface, block_id: str) -> None:
        self._block_id = block_id
        self._links = canvas.plan_scene.links
        self._plan = canvas.editor.plan
        here = canvas.plan_scene.blocks[block_id].scene_rect().center()
        ends = sorted(self._links, key=lambda key: (self._point(key) - here).manhattanLength())
        super().__init__(canvas, ends)

    def paint(self, painter: QPainter) -> None:
        link = None if self.end is None else self._links.get(self.end)
        if link is not None:
            theme = self.canvas.theme
            painter.setBrush(Qt.BrushStyle.NoBrush)
            colour = theme.accent if self.reason is None else theme.error
            painter.setPen(QPen(colour, link.width + 2.0))
            painter.drawPath(link.path)
        self.hint.paint(painter)

    def _point(self, end: LinkKey) -> QPointF:
        return self._links[end].line.center()

    def _why_not(self, end: LinkKey) -> str | None:
        return why_not_insert(self._plan, self._block_id, end)

    def _words(self, end: LinkKey) -> str:
        editor, link = self.canvas.editor, self._links[end]
        ends = f"{short_name(editor, link.source)} and {short_name(editor, end[0])}"
        return f"Insert {short_name(editor, self._block_id)} between {ends}"

    def _take(self, end: LinkKey) -> None:
        after = with_inserted(self.canvas.editor.plan, self._block_id, end)
        self.apply("Insert block", after)
