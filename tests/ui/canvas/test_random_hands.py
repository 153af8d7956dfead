"""Random hands on canvas and inspector: whatever they do, scene and plan agree and undo undoes."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.plan.document import TOKENS, MergeBlock
from app.plan.kinds import links_into
from app.ui.canvas import Canvas
from app.ui.canvas.canvas import KIND_MIME
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.canvas.menus import menu_for
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.shapes import OUTPUT, shape_of
from app.ui.views.inspector import Inspector
from app.ui.views.problems_panel import ProblemsPanel
from tests.ui.hands import ALT, CTRL, LEFT, NO_KEY, SHIFT, Hand

NONE, SHIFT, CTRL, ALT = (
    NO_KEY,
    SHIFT,
    CTRL,
    ALT,
)
KEYS = Qt.Key


def require_agreement(canvas: Canvas) -> None:
    """The scene shows exactly what the plan says."""
    scene, plan = canvas.plan_scene, canvas.editor.plan
    assert set(scene.blocks) == {TOKENS, OUTPUT} | set(plan.blocks)
    sources = {
        (block.id, port): source
        for block in plan.blocks.values()
        for port, source in enumerate(links_into(block))
        if source is not None
    }
    if plan.output is not None:
        sources[OUTPUT_LINK] = plan.output
    assert {key: link.source for key, link in scene.links.items()} == sources
    for block_id, block in plan.blocks.items():
        item = scene.blocks[block_id]
        assert (item.left, item.top) == block.position
        assert item.block_shape is shape_of(block)
        face = item.face
        assert (face.passes is not None) == block.muted
        assert face.number == canvas.editor.number(block_id)
        assert not block.muted or face.number is None
        if isinstance(block, MergeBlock) and block.sums_to_one:
            assert sum(i.scale for i in block.inputs) == pytest.approx(1.0)
    for key, link in scene.links.items():
        assert link.line.p1() == scene.blocks[link.source].out_port()
        assert link.line.p2() == scene.blocks[key[0]].in_port(key[1])


class RandomHand(Hand):
    """Does one thing after another, the same for the same seed."""

    def __init__(self, canvas: Canvas, seed: int) -> None:
        super().__init__(canvas)
        self.random = random.Random(seed)

    def do_something(self) -> None:
        actions = (
            *(self._drag, self._undo_or_redo, self._add, self._press_key, self._double_click),
            *(self._click, self._drop_card, self._choose, self._type),
        )
        self.random.choices(actions, (6, 2, 1, 4, 1, 3, 1, 1, 1))[0]()

    def _drag(self) -> None:
        start, keys = self._place(), self.random.choice((NONE, NONE, NONE, SHIFT, CTRL, ALT))
        near = QPointF(self.random.uniform(-40, 40), self.random.uniform(-40, 40))
        end = start + near if self.random.random() < 0.4 else self._place()
        self.drag_only(start, end, keys)
        interruption = self.random.random()
        if interruption < 0.1:
            self.key(KEYS.Key_Escape)
        elif interruption < 0.2:
            self.key(KEYS.Key_Delete)
        elif interruption < 0.3:
            self.canvas.editor.undo_stack.undo()
        elif interruption < 0.5:
            self.canvas.viewport().repaint()
        self.release(end, keys)

    def _undo_or_redo(self) -> None:
        stack = self.canvas.editor.undo_stack
        self.random.choice((stack.undo, stack.undo, stack.redo))()

    def _add(self) -> None:
        self.canvas.add_block(self.random.choice(("weight", "merge")))

    def _press_key(self) -> None:
        key, keys = self.random.choice(
            [
                *((key, CTRL) for key in (KEYS.Key_C, KEYS.Key_V, KEYS.Key_X, KEYS.Key_D)),
                *((key, NONE) for key in (KEYS.Key_Delete, KEYS.Key_F, KEYS.Key_Left)),
                *((KEYS.Key_Delete, CTRL), (KEYS.Key_L, NONE), (KEYS.Key_A, CTRL)),
                *((key, NONE) for key in (KEYS.Key_M, KEYS.Key_H, KEYS.Key_J, KEYS.Key_C)),
            ]
        )
        self.key(key, keys)

    def _click(self) -> None:
        self.click(self._place(), self.random.choice((NONE, NONE, NONE, ALT, SHIFT)))

    def _drop_card(self) -> None:
        data = QMimeData()
        data.setData(KIND_MIME, self.random.choice((b"weight", b"merge")))
        at = self.canvas.viewportTransform().map(self._place())
        copy, button = Qt.DropAction.CopyAction, LEFT
        moving = QDragMoveEvent(at.toPoint(), copy, data, button, NONE)
        QApplication.sendEvent(self.canvas.viewport(), moving)
        dropping = QDropEvent(at, copy, data, button, NONE)
        QApplication.sendEvent(self.canvas.viewport(), dropping)

    def _choose(self) -> None:
        """Trigger one of the actions that shape the selected blocks, or one of a block's menu."""
        actions = [*self.canvas.commands.block.all, *self.canvas.commands.block.line_up]
        menu = None
        if self.random.random() < 0.5:
            at = self.canvas.viewportTransform().map(self._place())
            pointer = self.canvas.pointer_at(at, NONE)
            menu = menu_for(self.canvas, self.canvas.commands, self.canvas.hit(pointer), pointer)
            inner = menu.findChildren(QMenu)
            actions = [a for m in (menu, *inner) for a in m.actions() if a.menu() is None]
        enabled = [a for a in actions if a is not None and a.isEnabled()]
        if enabled:
            self.random.choice(enabled).trigger()
        if menu is not None:
            menu.close()
            menu.deleteLater()

    def _type(self) -> None:
        """Type something into what a double click opened, if it opened anything."""
        self.double_click(self._place())
        edit = self.canvas.viewport().findChild(InlineEdit)
        if edit is not None:
            edit.selectAll()
            edit.insert(self.random.choice(("0,5", "-3", "2-9", "7", "99", "", "nonsense")))
            QTest.keyClick(edit, KEYS.Key_Return)

    def _double_click(self) -> None:
        self.double_click(self._place())
        for menu in self.canvas.findChildren(QMenu):
            menu.close()

    def _place(self) -> QPointF:
        """Somewhere on a block, most often on one of its ports, or anywhere in sight."""
        if self.random.random() < 0.2:
            return self.canvas.mapToScene(
                QPoint(self.random.randrange(1100), self.random.randrange(600))
            )
        item = self.random.choice([*self.canvas.plan_scene.blocks.values()])
        shape = item.block_shape
        ports = [*shape.in_ports, *([] if shape.out_port is None else [shape.out_port])]
        if ports and self.random.random() < 0.6:
            return item.pos() + self.random.choice(ports)
        inside = QPointF(self.random.uniform(0, shape.width), self.random.uniform(0, shape.height))
        return item.pos() + inside


@pytest.mark.parametrize("seed", range(3))
def test_scene_and_plan_agree_and_undo_leads_back(qtbot, canvas, editor, plan, seed):
    watchers = Inspector(editor, canvas, lambda _id: None), ProblemsPanel(editor)
    for watcher in watchers:
        qtbot.addWidget(watcher)
        watcher.show()
    hand = RandomHand(canvas, seed)
    for _ in range(120):
        hand.do_something()
        require_agreement(canvas)
        if len(editor.plan.blocks) > 40:
            canvas.select_all()
            canvas.delete()
    assert editor.undo_stack.count() > 2
    while editor.undo_stack.canUndo():
        editor.undo_stack.undo()
        require_agreement(canvas)
    assert editor.plan == plan
    while editor.undo_stack.canRedo():
        editor.undo_stack.redo()
        require_agreement(canvas)
