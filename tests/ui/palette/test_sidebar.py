"""The palette in the sidebar: a card for each kind of block and each template, and the search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.plan.document import MergeBlock, WeightBlock
from app.plan.templates import TEMPLATES
from app.ui.palette import Palette
from tests.ui.hands import LEFT


@pytest.fixture
def asked() -> list[object]:
    """The templates that were asked for."""
    return []


@pytest.fixture
def palette(qtbot, canvas, asked) -> Palette:
    palette = Palette(canvas, TEMPLATES, asked.append)
    qtbot.addWidget(palette)
    palette.resize(256, 700)
    palette.show()
    return palette


def titles(palette: Palette) -> list[str]:
    cards = (*palette.blocks.values(), *palette.templates)
    return [card.text() for card in cards if card.isVisible()]


def test_a_click_on_a_card_adds_a_block_in_sight(palette, canvas, editor, plan):
    QTest.mouseClick(palette.blocks["weight"], LEFT)
    QTest.mouseClick(palette.blocks["merge"], LEFT)
    weight, merge = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert isinstance(weight, WeightBlock)
    assert isinstance(merge, MergeBlock)
    assert canvas.seen_rect().intersects(canvas.plan_scene.bounds_of((merge.id,)))


def test_cards_work_by_key_and_say_what_they_are(palette, editor, plan):
    assert palette.blocks["merge"].accessibleName() == "Add merge block"
    assert palette.blocks["merge"].accessibleDescription()
    palette.blocks["merge"].setFocus()
    QTest.keyClick(palette.blocks["merge"], Qt.Key.Key_Space)
    assert len(editor.plan.blocks) == len(plan.blocks) + 1


def test_a_click_on_a_template_asks_for_its_numbers(palette, asked):
    QTest.mouseClick(palette.templates[1], LEFT)
    assert asked == [TEMPLATES[1]]


def test_typing_leaves_the_cards_that_are_meant(palette):
    QTest.keyClicks(palette.search, "blend")
    assert titles(palette) == ["Merge block"]
    palette.search.clear()
    assert len(titles(palette)) == 2 + len(TEMPLATES)
    QTest.keyClicks(palette.search, "template")
    assert titles(palette) == [t.title for t in TEMPLATES]


def test_enter_in_the_search_line_takes_the_first_card_found(palette, editor, plan):
    palette.search.setFocus()
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert editor.plan == plan
    QTest.keyClicks(palette.search, "sum")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    (block,) = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    assert isinstance(block, MergeBlock)


def test_arrows_go_through_the_cards_that_are_left_and_escape_back(palette, asked):
    QTest.keyClicks(palette.search, "template")
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.templates[0].hasFocus()
    QTest.keyClick(palette.templates[0], Qt.Key.Key_Down)
    assert palette.templates[1].hasFocus()
    QTest.keyClick(palette.templates[1], Qt.Key.Key_Up)
    QTest.keyClick(palette.templates[0], Qt.Key.Key_Up)
    assert palette.search.hasFocus()
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.search.text() == ""
    assert len(titles(palette)) == 2 + len(TEMPLATES)


def test_it_says_when_nothing_is_found(palette):
    QTest.keyClicks(palette.search, "xyzzy")
    assert titles(palette) == []
    assert palette.nothing.isVisible()
    assert "xyzzy" in palette.nothing.text()
