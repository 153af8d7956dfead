"""From one block to the next: along its links, and to the neighbours above and below."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from app.plan.kinds import links_into
from app.ui.canvas.scene import PlanScene
from app.ui.canvas.shapes import is_terminal
from app.ui.state.editor import PlanEditor

Way = Literal["up the flow", "down the flow", "above", "below"]


def first_block(editor: PlanEditor, scene: PlanScene) -> str | None:
    """The block at the left, of several the one at the top."""
    items = scene.blocks
    return min(editor.plan.blocks, key=lambda i: (items[i].left, items[i].top), default=None)


def next_block(editor: PlanEditor, scene: PlanScene, block_id: str, way: Way) -> str | None:
    """The block that is next in this direction, None when there is none."""
    blocks = editor.plan.blocks
    if way == "up the flow":
        return _nearest(scene, block_id, [i for i in links_into(blocks[block_id]) if i in blocks])
    if way == "down the flow":
        below = [i for i, block in blocks.items() if block_id in links_into(block)]
        return _nearest(scene, block_id, below)
    here = scene.blocks[block_id].scene_rect()
    sign = -1 if way == "above" else 1
    best: tuple[float, str] | None = None
    for id_, item in scene.blocks.items():
        there = item.scene_rect()
        down = sign * (there.center().y() - here.center().y())
        if is_terminal(id_) or id_ == block_id or down <= 0:
            continue
        gap = max(0.0, there.left() - here.right(), here.left() - there.right())
        far = (down + 3 * gap, id_)
        best = far if best is None else min(best, far)
    return None if best is None else best[1]


def _nearest(scene: PlanScene, block_id: str, ids: Collection[str | None]) -> str | None:
    """Of these blocks the one at a height most like that of the block."""
    there = [i for i in ids if i is not None]
    middle = scene.blocks[block_id].scene_rect().center().y()
    return min(
        there, key=lambda i: abs(scene.blocks[i].scene_rect().center().y() - middle), default=None
    )
