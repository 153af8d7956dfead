"""Click a block to select it, drag it with all that are selected; one undo step at the release.

What is dragged keeps to the grid and is drawn to the lines of its neighbours. A block without any
link can be let go on a link, which then leads through it.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from app.plan import edits
from app.plan.clearing import Box
from app.ui.canvas.alignment import Aligning, Guides
from app.ui.canvas.annotations.move_set import MoveSet
from app.ui.canvas.gestures.link_target import LinkTarget, with_inserted
from app.ui.canvas.grid import inside, on_grid
from app.ui.canvas.items import BlockItem
from app.ui.canvas.shapes import is_terminal
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer

_REACH_PIXELS = 6.0


class MoveBlocks(Gesture):
    """Shift adds to the selection, Ctrl takes in or out, a plain click selects one block alone.

    With Alt held a drag follows the pointer freely, without grid and neighbours.
    """

    def __init__(self, canvas: GestureSurface, press: Pointer, block_id: str) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._was_selected = canvas.plan_scene.blocks[block_id].isSelected()
        self._start: dict[str, QPointF] = {}
        self._annotations: MoveSet | None = None
        self._offset = QPointF()
        self._whole = QRectF()
        self._port_ys: tuple[float, ...] = ()
        self._guides = Guides([])
        self._lines: tuple[Box, ...] = ()
        self._target = LinkTarget(canvas)
        self._is_loose = False
        self._select_at_press()

    def move(self, to: Pointer) -> None:
        scene = self.canvas.plan_scene
        if not self._start:
            if not self.travelled(to):
                return
            self._pick_up()
        offset = to.scene - self.press.scene
        if to.alt:
            self._show_lines(())
        else:
            offset = self._drawn(offset)
        places = {i: at + offset for i, at in self._start.items()}
        scene.preview_positions({i: QPointF(*inside(p.x(), p.y())) for i, p in places.items()})
        self._offset = offset
        if self._annotations is not None:
            self._annotations.preview(offset)
        if self._is_loose:
            centre = scene.blocks[self._block_id].scene_rect().center()
            self._target.aim(self.canvas.editor.plan, self._block_id, to, centre)

    def release(self, at: Pointer) -> None:
        if not self._start:
            self._select_at_click(at)
            return
        self.canvas.lift(())
        blocks = self.canvas.plan_scene.blocks
        positions = {i: (blocks[i].pos().x(), blocks[i].pos().y()) for i in self._start}
        what = "block" if len(positions) == 1 else f"{len(positions)} blocks"
        editor = self.canvas.editor
        after, label = edits.move(editor.plan, positions), f"Move {what}"
        if self._annotations is not None:
            after = self._annotations.moved(after, self._offset)
        key, reason = self._target.key, self._target.reason
        self._put_down()
        if key is not None and reason is None:
            after, label = with_inserted(after, self._block_id, key), "Insert block"
        elif reason is not None:
            self.canvas.notice.emit(reason)
        editor.apply(label, after)

    def abandon(self) -> None:
        self.canvas.lift(())
        self._put_down()
        blocks = self.canvas.editor.plan.blocks
        places = {i: blocks[i].position for i in self._start if i in blocks}
        self.canvas.plan_scene.preview_positions(
            {i: QPointF(*place) for i, place in places.items() if place is not None}
        )
        if self._annotations is not None:
            self._annotations.put_back(self.canvas.editor.plan)

    def paint(self, painter: QPainter) -> None:
        self._target.paint(painter)
        pen = QPen(self.canvas.theme.accent, 1.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for left, top, right, bottom in self._lines:
            painter.drawLine(QPointF(left, top), QPointF(right, bottom))

    def _pick_up(self) -> None:
        scene = self.canvas.plan_scene
        ids = scene.selected_ids() or (self._block_id,)
        self._start = {i: scene.blocks[i].pos() for i in ids}
        if scene.annotations.selected:
            self._annotations = MoveSet(scene, scene.annotations.selected, but=ids)
        self.canvas.lift(self._start)
        self._whole = scene.bounds_of(ids)
        alone = len(ids) == 1
        self._port_ys = _port_ys(scene.blocks[ids[0]]) if alone else ()
        self._is_loose = alone and not any(scene.links_at(ids[0]))
        in_view = self.canvas.seen_rect()
        self._guides = Guides(
            Aligning(_box(item.scene_rect()), _port_ys(item))
            for i, item in scene.blocks.items()
            if i not in self._start and not is_terminal(i) and item.scene_rect().intersects(in_view)
        )

    def _drawn(self, offset: QPointF) -> QPointF:
        """Where the neighbours and the grid draw what is moved so far."""
        ports = tuple(y + offset.y() for y in self._port_ys)
        box_lines = Aligning(_box(self._whole.translated(offset)), ports)
        pull = self._guides.draw(box_lines, _REACH_PIXELS / self.canvas.zoom)
        anchor = self._start.get(self._block_id, next(iter(self._start.values())))
        on_grid_offset = (
            QPointF(*on_grid(anchor.x() + offset.x(), anchor.y() + offset.y())) - anchor
        )
        self._show_lines(pull.lines)
        return QPointF(
            on_grid_offset.x() if pull.dx is None else offset.x() + pull.dx,
            on_grid_offset.y() if pull.dy is None else offset.y() + pull.dy,
        )

    def _show_lines(self, lines: tuple[Box, ...]) -> None:
        margin = 2 / self.canvas.zoom
        before, self._lines = self._lines, lines
        for left, top, right, bottom in {*before} ^ {*lines}:
            line = QRectF(QPointF(left, top), QPointF(right, bottom))
            self.canvas.plan_scene.touched.emit(line.adjusted(-margin, -margin, margin, margin))

    def _put_down(self) -> None:
        self._show_lines(())
        self._target.leave()

    def _select_at_press(self) -> None:
        scene = self.canvas.plan_scene
        if self.press.shift:
            scene.blocks[self._block_id].setSelected(True)
        elif not self._was_selected and not self.press.ctrl:
            scene.select((self._block_id,))
        elif not self._was_selected:
            scene.blocks[self._block_id].setSelected(True)
        scene.select_link(None)

    def _select_at_click(self, at: Pointer) -> None:
        scene = self.canvas.plan_scene
        if self.press.ctrl and self._was_selected:
            scene.blocks[self._block_id].setSelected(False)
        elif not self.press.ctrl and not self.press.shift:
            scene.select((self._block_id,))


def _box(rect: QRectF) -> Box:
    return rect.left(), rect.top(), rect.right(), rect.bottom()


def _port_ys(item: BlockItem) -> tuple[float, ...]:
    """The heights of a block's ports in the scene."""
    out = item.block_shape.out_port
    ys = {port.y() for port in item.block_shape.in_ports} | ({out.y()} if out else set())
    return tuple(item.top + y for y in ys)
