"""The plan as things on the canvas: follows the editor, says what has to be painted again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRectF, QSignalBlocker, Signal
from PySide6.QtWidgets import QGraphicsScene

from app.plan.change import Change
from app.plan.document import (
    POSITION_LIMIT,
    TOKENS,
    Annotation,
    Block,
    Plan,
)
from app.plan.kinds import links_into
from app.ui.canvas.annotations.annotations import AnnotationHit, Annotations
from app.ui.canvas.annotations.shapes import rect_of
from app.ui.canvas.block_faces import BlockFaces, Face, TerminalFace
from app.ui.canvas.items import BlockItem
from app.ui.canvas.links import Link, LinkKey, make_link
from app.ui.canvas.placement import places_of_new
from app.ui.canvas.shapes import (
    MARGIN,
    OUTPUT,
    OUTPUT_SHAPE,
    TOKENS_SHAPE,
    Part,
    shape_of,
)
from app.ui.state.block_kinds import kind_ui, scales_of
from app.ui.state.editor import PlanEditor

OUTPUT_LINK: LinkKey = (OUTPUT, 0)
EXTENT = 1.2 * POSITION_LIMIT
"""How far the canvas reaches from its origin, in scene pixels."""

_TERMINAL_GAP = 40.0
_LINK_REACH = 6.0


@dataclass(frozen=True, slots=True)
class Hit:
    """What lies under a point: a part of a block, or else a link, a frame or note, or nothing."""

    block_id: str | None = None
    part: Part | None = None
    link: LinkKey | None = None
    annotation: AnnotationHit | None = None


class PlanScene(QGraphicsScene):
    """All blocks, terminals, links, frames and notes.

    `touched` carries a QRectF that has to be painted again. `influence` is that of each weight
    layer, empty while it was not measured.
    """

    touched = Signal(object)

    def __init__(self, editor: PlanEditor, parent: QObject | None = None) -> None:
        super().__init__(-EXTENT, -EXTENT, 2 * EXTENT, 2 * EXTENT, parent)
        self._editor = editor
        self.blocks: dict[str, BlockItem] = {}
        self.links: dict[LinkKey, Link] = {}
        self.annotations = Annotations()
        self.hidden_link: LinkKey | None = None
        self._selected_link: LinkKey | None = None
        self._links_at: dict[str, set[LinkKey]] = {}
        self._records: dict[str, Block] = {}
        for terminal, shape, title in (
            (TOKENS, TOKENS_SHAPE, "Tokens"),
            (OUTPUT, OUTPUT_SHAPE, "Output"),
        ):
            self.blocks[terminal] = BlockItem(terminal, shape, TerminalFace(title, False))
            self.addItem(self.blocks[terminal])
        self._faces = BlockFaces(editor)
        self.influence: tuple[float, ...] = ()
        editor.changed.connect(self._follow_change)
        editor.replaced.connect(self._start_over)
        editor.weight_layers_changed.connect(self._refresh)
        self._start_over()

    @property
    def selected_link(self) -> LinkKey | None:
        """The link that is selected, if one is."""
        return self._selected_link

    def select_link(self, key: LinkKey | None) -> None:
        """Select this link, or none."""
        for changed in (self._selected_link, key):
            if changed in self.links:
                self.touched.emit(self.links[changed].bounds)
        if key != self._selected_link:
            self._selected_link = key
            self.selectionChanged.emit()

    def selected_ids(self) -> tuple[str, ...]:
        """The selected blocks, in the plan's order."""
        ids = {i.block_id for i in self.selectedItems() if isinstance(i, BlockItem)}
        return tuple(i for i in self._editor.plan.blocks if i in ids) if ids else ()

    def selection(self) -> tuple[str, ...]:
        """The selected blocks, frames and notes."""
        return (*self.selected_ids(), *self.annotations.selected)

    def select(self, ids: Iterable[str]) -> None:
        """Select these blocks, frames and notes, and nothing else."""
        id_set = set(ids)
        annotations_changed = self.annotations.select(id_set)
        other = [i for i, item in self.blocks.items() if item.isSelected() != (i in id_set)]
        with QSignalBlocker(self):
            for block_id in other:
                self.blocks[block_id].setSelected(block_id in id_set)
        if other or annotations_changed:
            self.selectionChanged.emit()
        self.select_link(None)

    def links_at(self, block_id: str) -> Iterator[Link]:
        """The links that run into or out of a block."""
        return (self.links[key] for key in self._links_at.get(block_id, ()))

    def show_layer_bytes(self, layer_bytes: Sequence[int]) -> None:
        """Say on the blocks what they take in memory; `layer_bytes` is by weight layer."""
        self._faces.weigh(layer_bytes)
        self._refresh()

    def show_influence(self, influence: Sequence[float]) -> None:
        """Say on the blocks how much their layers change; `influence` is by weight layer."""
        self.influence = tuple(influence)
        self._faces.rate(influence)
        self._refresh()

    def bounds_of(self, ids: Iterable[str]) -> QRectF:
        """The rectangle around these blocks, frames and notes."""
        annotations, around = self.annotations.shown, QRectF()
        boxes = []
        for id_ in ids:
            if id_ in annotations:
                around |= rect_of(annotations[id_])
            else:
                boxes.append(self.blocks[id_].box)
        if not boxes:
            return around
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        corner = QPointF(min(lefts) + MARGIN, min(tops) + MARGIN)
        return around | QRectF(corner, QPointF(max(rights) - MARGIN, max(bottoms) - MARGIN))

    def hit(self, at: QPointF, slop: float = 0.0) -> Hit:
        """What lies under a point; `slop` widens what is hard to hit when zoomed out."""
        reach = MARGIN + slop
        area = QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
        for item in self.items(area):
            if isinstance(item, BlockItem):
                part = item.block_shape.part_at(at - item.pos(), slop)
                if part is not None:
                    return Hit(item.block_id, part)
        near = [
            (link.distance_to(at), key)
            for key, link in self.links.items()
            if link.bounds.adjusted(-slop, -slop, slop, slop).contains(at)
        ]
        if near and min(near)[0] <= _LINK_REACH + slop:
            return Hit(link=min(near)[1])
        return Hit(annotation=self.annotations.hit(at, slop))

    def preview_positions(self, positions: Mapping[str, QPointF]) -> None:
        """Show blocks at other places without a word to the document."""
        dirty = QRectF()
        for block_id in positions:
            dirty |= self._extent(block_id)
        for block_id, position in positions.items():
            self.blocks[block_id].place(position.x(), position.y())
        for key in {link.key for block_id in positions for link in self.links_at(block_id)}:
            self._set_link(key, self.links[key].source, self.links[key].scale)
        for block_id in positions:
            dirty |= self._extent(block_id)
        self.touched.emit(dirty)

    def preview_annotations(self, annotations: Iterable[Annotation]) -> None:
        """Show frames and notes otherwise than the document says."""
        self.touched.emit(self.annotations.preview(annotations))

    def _extent(self, block_id: str) -> QRectF:
        """All that is painted for a block and its links."""
        bounds = self.blocks[block_id].scene_bounds()
        for link in self.links_at(block_id):
            bounds |= link.bounds
        return bounds

    def _start_over(self) -> None:
        self.select(())
        self._place_new_blocks(self._editor.plan)
        self._refresh()
        self.touched.emit(self.sceneRect())

    def _follow_change(self, change: Change) -> None:
        self._place_new_blocks(change.after)
        self._refresh()

    def _place_new_blocks(self, plan: Plan) -> None:
        """Give blocks that nobody placed a place."""
        places = places_of_new(plan)
        if places:
            self._editor.place(places)

    def _refresh(self) -> None:
        """Make items and links what the plan says now and ask to paint what differs.

        Records are immutable, so a block whose record is the one seen before stands where it stood.
        """
        plan = self._editor.plan
        removed = [i for i in self._records if i not in plan.blocks]
        had_selected = any(self.blocks[block_id].isSelected() for block_id in removed)
        with QSignalBlocker(self):  # each selected one would tell of the selection
            dirty = self._drop(removed)
        looks = self._faces.of_all()
        fresh = [b for i, b in plan.blocks.items() if self._records.get(i) is not b]
        for block in fresh:
            dirty |= self._put_block(block, looks[block.id])
        for block_id, face in looks.items():
            item = self.blocks[block_id]
            if item.face is not face and item.take_look(item.block_shape, face):
                dirty |= item.scene_bounds()
        self._records = dict(plan.blocks)
        dirty |= self.annotations.follow(plan.annotations)
        dirty |= self._place_terminals(plan)
        dirty |= self._refresh_links(plan, fresh)
        if not dirty.isNull():
            self.touched.emit(dirty)
        if had_selected:
            self.selectionChanged.emit()

    def _put_block(self, block: Block, face: Face) -> QRectF:
        """Put a block's item where its record says. Returns what has to be painted again."""
        left, top = block.position if block.position is not None else (0.0, 0.0)
        item = self.blocks.get(block.id)
        if item is None:
            item = self.blocks[block.id] = BlockItem(block.id, shape_of(block), face)
            item.place(left, top)
            self.addItem(item)
            return item.scene_bounds()
        before = item.scene_bounds()
        looks_other = item.take_look(shape_of(block), face)
        return before | item.scene_bounds() if item.place(left, top) or looks_other else QRectF()

    def _drop(self, removed: Iterable[str]) -> QRectF:
        dirty = QRectF()
        for block_id in removed:
            item = self.blocks.pop(block_id)
            dirty |= item.scene_bounds()
            self.removeItem(item)
            for key in [*self._links_at.get(block_id, ())]:
                dirty |= self._forget_link(key)
            del self._records[block_id]
        return dirty

    def _place_terminals(self, plan: Plan) -> QRectF:
        """Keep the tokens left of everything and the output right of it, level with their links."""
        whole = self.bounds_of(plan.blocks)
        fed = [self.blocks[i] for i, b in plan.blocks.items() if TOKENS in links_into(b)]
        heights = [
            item.in_port(port).y()
            for item in fed
            for port, source in enumerate(links_into(plan.blocks[item.block_id]))
            if source == TOKENS
        ]
        middle = whole.center().y()
        tokens_y = sum(heights) / len(heights) if heights else middle
        output_y = middle if plan.output is None else self.blocks[plan.output].out_port().y()
        tokens_x = min(0.0, whole.left()) - _TERMINAL_GAP - TOKENS_SHAPE.width
        output_x = max(0.0, whole.right()) + _TERMINAL_GAP
        tokens = TerminalFace("Tokens", bool(fed))
        output = TerminalFace("Output", plan.output is not None)
        dirty = QRectF()
        for terminal, face, x, y in (
            (TOKENS, tokens, tokens_x, tokens_y),
            (OUTPUT, output, output_x, output_y),
        ):
            item = self.blocks[terminal]
            before = item.scene_bounds()
            looks_other = item.take_look(item.block_shape, face)
            if (
                item.place(float(round(x)), float(round(y - item.block_shape.height / 2)))
                or looks_other
            ):
                dirty |= before | item.scene_bounds()
        return dirty

    def _refresh_links(self, plan: Plan, fresh: list[Block]) -> QRectF:
        """Fix the links into and out of the fresh blocks and the terminals."""
        dirty = QRectF()
        for block in fresh:
            inputs = [*_inputs(block)]
            for port, (source, scale) in enumerate(inputs):
                dirty |= self._set_link((block.id, port), source, scale)
            beyond = len(inputs)
            while (block.id, beyond) in self.links:
                dirty |= self._forget_link((block.id, beyond))
                beyond += 1
        dirty |= self._set_link(OUTPUT_LINK, plan.output, None)
        for block_id in (TOKENS, *(block.id for block in fresh)):
            for link in [*self.links_at(block_id)]:
                dirty |= self._set_link(link.key, link.source, link.scale)
        if self._selected_link not in self.links:
            self.select_link(None)
        return dirty

    def _set_link(self, key: LinkKey, source: str | None, scale: float | None) -> QRectF:
        """Draw the link into a port, or none. Returns what has to be painted again."""
        before = self.links.get(key)
        dirty = QRectF() if before is None else before.bounds
        if before is not None and before.source != source:
            self._forget_link(key)
        if source is None:
            return dirty
        start, end = self.blocks[source], self.blocks[key[0]]
        out_port, in_port = start.block_shape.out_port, end.block_shape.in_ports[key[1]]
        assert out_port is not None
        ends = (
            start.left + out_port.x(),
            start.top + out_port.y(),
            end.left + in_port.x(),
            end.top + in_port.y(),
        )
        link = self.links.get(key)
        if link is not None and link.ends == ends and link.scale == scale:
            return QRectF()
        link = self.links[key] = make_link(key, source, scale, ends)
        self._links_at.setdefault(source, set()).add(key)
        self._links_at.setdefault(key[0], set()).add(key)
        return dirty | link.bounds

    def _forget_link(self, key: LinkKey) -> QRectF:
        link = self.links.pop(key)
        self._links_at[link.source].discard(key)
        self._links_at[key[0]].discard(key)
        return link.bounds


def _inputs(block: Block) -> Iterator[tuple[str | None, float | None]]:
    """What feeds each input, and its scale where the kind has one for each."""
    links = links_into(block)
    scales = scales_of(block) if kind_ui(block).inputs is not None else (None,) * len(links)
    return zip(links, scales, strict=True)
