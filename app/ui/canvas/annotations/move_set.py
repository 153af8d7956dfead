"""What moves along with what is dragged: a frame takes everything that stands inside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from app.plan import annotating, edits
from app.plan.document import Annotation, Plan
from app.ui.canvas.annotations.shapes import rect_of
from app.ui.canvas.grid import inside
from app.ui.canvas.shapes import is_terminal

if TYPE_CHECKING:
    from app.ui.canvas.scene import PlanScene


class MoveSet:
    """These blocks, frames and notes, and what stands wholly inside the frames among them.

    What is named in `but` is not among it, for something else moves that.
    """

    def __init__(self, scene: PlanScene, ids: Collection[str], but: Collection[str] = ()) -> None:
        self._scene = scene
        frames = [i for i in ids if i in scene.annotations.shown and _is_frame(scene, i)]
        all_ids = {*ids}.union(*(contents(scene, i) for i in frames)) - {*but}
        self._blocks = {i: scene.blocks[i].pos() for i in all_ids & scene.blocks.keys()}
        annotations = scene.annotations.shown
        self._annotations = {i: a for i, a in annotations.items() if i in all_ids}

    @property
    def block_ids(self) -> frozenset[str]:
        """The blocks that move."""
        return frozenset(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks) + len(self._annotations)

    def preview(self, offset: QPointF) -> None:
        """Show it all this far from where it was, without a word to the document."""
        dx, dy = offset.x(), offset.y()
        self._scene.preview_positions(
            {i: QPointF(*inside(p.x() + dx, p.y() + dy)) for i, p in self._blocks.items()}
        )
        self._scene.preview_annotations(self._displaced(offset))

    def put_back(self, plan: Plan) -> None:
        """Show it where the plan says."""
        places = {i: plan.blocks[i].position for i in self._blocks if i in plan.blocks}
        self._scene.preview_positions({i: QPointF(*at) for i, at in places.items() if at})
        annotations = plan.annotations
        self._scene.preview_annotations(
            annotations[i] for i in self._annotations if i in annotations
        )

    def moved(self, plan: Plan, offset: QPointF) -> Plan:
        """The plan with all of it this far from where it was."""
        dx, dy = offset.x(), offset.y()
        places = {i: inside(p.x() + dx, p.y() + dy) for i, p in self._blocks.items()}
        return annotating.put_annotations(edits.move(plan, places), self._displaced(offset))

    def _displaced(self, offset: QPointF) -> Iterator[Annotation]:
        for a in self._annotations.values():
            left, top = a.position
            yield replace(a, position=inside(left + offset.x(), top + offset.y()))


def contents(scene: PlanScene, frame_id: str) -> set[str]:
    """The blocks, frames and notes that stand wholly inside a frame."""
    area = rect_of(scene.annotations.shown[frame_id])
    blocks = {
        i
        for i, item in scene.blocks.items()
        if not is_terminal(i) and area.contains(item.scene_rect())
    }
    return blocks | scene.annotations.within(frame_id)


def _is_frame(scene: PlanScene, id_: str) -> bool:
    return scene.annotations.shown[id_].kind == "frame"
