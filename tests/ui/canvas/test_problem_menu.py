"""A block's problems are fixed where the block stands: from its badge and from its menu."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu

from app.plan import edits
from tests.ui.hands import NO_KEY


def badge(canvas, block_id: str) -> QPointF:
    item = canvas.plan_scene.blocks[block_id]
    return item.pos() + QPointF(item.block_shape.width - 1, 0)


def menu_of(canvas) -> QMenu:
    (menu,) = [m for m in canvas.findChildren(QMenu) if m.parent() is canvas]
    return menu


def test_the_badge_opens_what_mends(canvas, editor, plan, hand):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.3))
    hand.click(badge(canvas, "m"))
    menu = menu_of(canvas)
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == ["The scales of block 3 add up to 0.8, not 1.", "Scale to a sum of 1"]
    assert canvas.selected_ids() == ("m",)
    menu.actions()[1].trigger()
    menu.close()
    scales = [i.scale for i in editor.plan.blocks["m"].inputs]
    assert scales == [0.375, 0.625]
    assert editor.undo_stack.undoText() == "Scale to a sum of 1"


def test_without_a_badge_a_press_there_moves_the_block(canvas, editor, plan, hand):
    start = canvas.plan_scene.blocks["m"].pos() + QPointF(30, 8)
    hand.drag(start, start + QPointF(40, 40))
    assert not canvas.findChildren(QMenu)
    assert editor.plan.blocks["m"].position != plan.blocks["m"].position


def test_the_block_s_menu_offers_its_mends(canvas, editor, plan, hand):
    editor.apply("Change layers", edits.set_weights(plan, "right", 35, 10))
    pointer = canvas.pointer_at(QPointF(canvas.mapFromScene(hand.body("right"))), NO_KEY)
    canvas.menu_wanted.emit(canvas.hit(pointer), pointer)
    menu = menu_of(canvas)
    fix = next(a for a in menu.actions() if a.text() == "Shorten to the model's layers")
    fix.trigger()
    menu.close()
    assert editor.plan == edits.set_weights(plan, "right", 35, 5)
