"""The problems of a block where they are: its badge, and what fixes them in a menu."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QMenu

from app.ui.canvas.block_faces import BlockFace
from app.ui.canvas.items import BlockItem
from app.ui.canvas.shapes import MARGIN
from app.ui.canvas.surface import GestureSurface
from app.ui.state.fixes import fix, fix_labels
from app.ui.widgets import icons

_LONGEST = 72


def badge_at(canvas: GestureSurface, at: QPointF) -> str | None:
    """The block whose badge lies under a point of the scene."""
    around = QRectF(at.x() - MARGIN, at.y() - MARGIN, 2 * MARGIN, 2 * MARGIN)
    for item in canvas.plan_scene.items(around):
        if isinstance(item, BlockItem) and isinstance(item.face, BlockFace):
            corner = item.pos() + QPointF(item.block_shape.width - 10, -9)
            if item.face.badge is not None and QRectF(corner.x(), corner.y(), 18, 18).contains(at):
                return item.block_id
    return None


def show_problems(canvas: GestureSurface, block_id: str, at: QPointF) -> None:
    """Open the menu of a block's problems at a point of the viewport."""
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    offer_mends(menu, canvas, block_id)
    canvas.plan_scene.select((block_id,))
    menu.popup(canvas.viewport().mapToGlobal(at.toPoint()))


def offer_mends(menu: QMenu, canvas: GestureSurface, block_id: str) -> None:
    """Say in a menu what is wrong with a block, each problem with what fixes it."""
    menu.setToolTipsVisible(True)
    for problem in canvas.editor.problems:
        if problem.block_id != block_id:
            continue
        words = menu.addAction(_shortened(problem.message))
        icons.set_icon(words, problem.severity)
        words.setToolTip(f"{problem.message} {problem.fix}")
        words.setEnabled(False)
        for label in fix_labels(canvas.editor, problem):
            run = partial(fix, canvas.editor, problem, label)
            menu.addAction(label).triggered.connect(lambda _=False, run=run: run())
        menu.addSeparator()


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()} …"
