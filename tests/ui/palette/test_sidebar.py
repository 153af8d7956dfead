"""The palette: a card for each kind of block."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.plan.document import MergeBlock, WeightBlock
from app.ui.palette import Palette


def test_a_click_on_a_card_adds_a_block_in_sight(qtbot, canvas, editor, plan):
    palette = Palette(canvas)
    qtbot.addWidget(palette)
    palette.show()
    QTest.mouseClick(palette.weight, Qt.MouseButton.LeftButton)
    QTest.mouseClick(palette.merge, Qt.MouseButton.LeftButton)
    weight, merge = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert isinstance(weight, WeightBlock)
    assert isinstance(merge, MergeBlock)
    assert canvas.seen_rect().intersects(canvas.plan_scene.bounds_of((merge.id,)))


def test_cards_work_by_key_and_say_what_they_are(qtbot, canvas, editor, plan):
    palette = Palette(canvas)
    qtbot.addWidget(palette)
    palette.show()
    assert palette.merge.accessibleName() == "Add merge block"
    assert palette.merge.accessibleDescription()
    palette.merge.setFocus()
    QTest.keyClick(palette.merge, Qt.Key.Key_Space)
    assert len(editor.plan.blocks) == len(plan.blocks) + 1
