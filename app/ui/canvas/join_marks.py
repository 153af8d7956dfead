"""The marks on links between two blocks that continue each other: a click joins the two."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from app.plan import shaping
from app.plan.document import Plan
from app.ui.canvas.links import Link, LinkKey
from app.ui.canvas.scene import PlanScene
from app.ui.widgets.theme import Theme

_RADIUS = 8.0
_SHOWN_FROM_ZOOM = 0.5


class JoinMarks:
    """Knows on which links of a scene such a mark lies. Below half size there are none."""

    def __init__(self, scene: PlanScene) -> None:
        self._scene = scene
        self._plan: Plan | None = None
        self._keys: frozenset[LinkKey] = frozenset()

    def on_link(self, key: LinkKey, plan: Plan) -> bool:
        """Whether the block that a link leads into continues the one it comes from."""
        return key in self._keys_of(plan)

    def is_hit(self, key: LinkKey, plan: Plan, at: QPointF, zoom: float) -> bool:
        """Whether a point of the scene lies on the mark of this link."""
        if zoom < _SHOWN_FROM_ZOOM or not self.on_link(key, plan):
            return False
        return QLineF(at, _middle(self._scene.links[key])).length() <= _RADIUS + 2

    def paint(self, painter: QPainter, theme: Theme, plan: Plan, zoom: float) -> None:
        """Draw the marks; the painter's clip leaves out what need not be painted."""
        if zoom < _SHOWN_FROM_ZOOM:
            return
        clip = painter.clipBoundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for key in self._keys_of(plan):
            if key != self._scene.hidden_link:
                middle = _middle(self._scene.links[key])
                if clip.isEmpty() or clip.adjusted(-9, -9, 9, 9).contains(middle):
                    _paint_mark(painter, theme, middle)

    def _keys_of(self, plan: Plan) -> frozenset[LinkKey]:
        if plan is not self._plan:
            self._plan = plan
            chains = shaping.joinable(plan, plan.blocks)
            self._keys = frozenset((id_, 0) for chain in chains for id_ in chain[1:])
        return self._keys


def _middle(link: Link) -> QPointF:
    return QLineF(link.line).center()


def _paint_mark(painter: QPainter, theme: Theme, at: QPointF) -> None:
    """Two triangles that point at each other, in a small disc."""
    painter.setPen(QPen(theme.link, 1.0))
    painter.setBrush(theme.block)
    painter.drawEllipse(at, _RADIUS, _RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.quiet)
    for side in (-1, 1):
        tip, foot = at.x() + side * 0.75, at.x() + side * 5.25
        corners = [QPointF(tip, at.y()), QPointF(foot, at.y() - 3.5), QPointF(foot, at.y() + 3.5)]
        painter.drawPolygon(QPolygonF(corners))
