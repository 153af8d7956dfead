"""A WeightBlock's strip under the hand: layers slid, cut out, joined again and typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from app.plan import edits
from app.plan.document import TOKENS, Plan, WeightBlock
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.canvas.sections.strip import StripSection
from tests.ui.hands import ALT, SHIFT


def ranges(editor) -> dict[str, tuple[int, int]]:
    blocks = editor.plan.blocks.items()
    return {i: (b.weight_start, b.weight_end) for i, b in blocks if isinstance(b, WeightBlock)}


def chain(editor, id_: str) -> list[tuple[int, int]]:
    """The ranges from a block on to the merge, along its only way."""
    found = [ranges(editor)[id_]]
    while True:
        users = [b for b in editor.plan.blocks.values() if getattr(b, "input", None) == id_]
        if not users:
            return found
        (user,) = users
        id_ = user.id
        found.append(ranges(editor)[id_])


def test_dragging_the_strip_slides_the_range_in_one_step(editor, plan, hand):
    cell = hand.section("left", StripSection).cell
    start = hand.cell("left", 3)
    hand.drag_only(start, start + QPointF(4 * cell, 0))
    assert ranges(editor)["left"] == (24, 32)
    hand.canvas.grab()
    hand.release(start + QPointF(4 * cell, 0))
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_a_strip_of_many_layers_holds_the_runs_of_its_sources_and_can_be_painted(canvas, editor):
    editor.set_weight_layer_count(40, (0, 30, 36))
    editor.apply("Long", edits.set_weights(editor.plan, "left", 20, 90_000))
    assert canvas.plan_scene.blocks["left"].face.figures[0].runs == ((0, 10), (1, 6), (2, 89_984))
    assert canvas.plan_scene.blocks["right"].face.figures[0].runs == ((0, 2), (1, 6))
    canvas.zoom_by(2.0)
    strip = canvas.plan_scene.blocks["left"]
    canvas.centre_on(strip.scene_rect().center())
    image, y = canvas.viewport().grab().toImage(), strip.top + 34
    left, right = (
        canvas.viewportTransform().map(QPointF(x, y)).toPoint()
        for x in (strip.left + 30, strip.left + 300)
    )
    colours = {image.pixelColor(x, left.y()).name() for x in range(left.x(), right.x())}
    assert canvas.theme.source(2).name() in colours


def test_the_range_slides_no_farther_than_the_model(editor, hand):
    start = hand.cell("left", 3)
    hand.drag(start, start + QPointF(900, 0))
    assert ranges(editor)["left"] == (32, 40)
    start = hand.cell("left", 3)
    hand.drag(start, start - QPointF(1900, 0))
    assert ranges(editor)["left"] == (0, 8)


def test_escape_slides_back(editor, plan, hand):
    start = hand.cell("left", 3)
    hand.drag_only(start, start + QPointF(60, 0))
    assert editor.plan != plan
    hand.key(Qt.Key.Key_Escape)
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0


def test_the_first_click_on_a_cell_only_selects_the_block(canvas, editor, plan, hand):
    hand.click(hand.cell("left", 3))
    assert editor.plan == plan
    assert canvas.selected_ids() == ("left",)


def test_a_click_on_a_cell_of_the_selected_block_cuts_it_out(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.cell("left", 3))
    assert ranges(editor)["left"] == (20, 23)
    (piece,) = editor.plan.blocks.keys() - plan.blocks.keys()
    assert ranges(editor)[piece] == (24, 28)
    assert editor.plan.blocks[piece].input == "left"
    assert editor.plan.blocks["m"].inputs[0].block == piece
    assert canvas.selected_ids() == (piece,)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_the_pieces_stand_in_a_row_and_cover_nothing(canvas, editor, hand):
    hand.click(hand.body("trunk"))
    hand.click(hand.cell("trunk", 9))
    assert chain_of_trunk(editor) == [(0, 9), (10, 20)]
    rects = [canvas.plan_scene.blocks[i].scene_rect() for i in editor.plan.blocks]
    pairs = [(a, b) for n, a in enumerate(rects) for b in rects[n + 1 :]]
    assert not any(a.intersects(b) for a, b in pairs)
    assert len({editor.plan.blocks[i].position[1] for i in trunk_pieces(editor)}) == 1


def chain_of_trunk(editor) -> list[tuple[int, int]]:
    return [ranges(editor)[i] for i in trunk_pieces(editor)]


def trunk_pieces(editor) -> list[str]:
    new = [i for i in editor.plan.blocks if i.startswith("b")]
    return ["trunk", *new]


def test_quick_clicks_cut_one_cell_after_another_and_open_nothing(qtbot, canvas, editor, hand):
    hand.click(hand.body("left"))
    asked = []
    canvas.add_wanted.connect(asked.append)
    hand.double_click(hand.cell("left", 3))
    assert ranges(editor)["left"] == (20, 23)
    assert asked == []
    assert canvas.viewport().findChild(InlineEdit) is None


def test_a_click_on_a_cell_of_several_selected_blocks_cuts_nothing(canvas, editor, plan, hand):
    hand.click(hand.body("left"))
    hand.click(hand.body("right"), SHIFT)
    hand.click(hand.cell("left", 3))
    assert editor.plan == plan
    assert canvas.selected_ids() == ("left",)


def test_alt_cuts_several_cells_of_any_block_at_once(canvas, editor, plan, hand):
    hand.drag_only(hand.cell("left", 5), hand.cell("left", 2), ALT)
    canvas.grab()
    assert editor.plan == plan
    hand.release(hand.cell("left", 2), ALT)
    assert chain(editor, "left") == [(20, 22), (26, 28)]
    assert editor.undo_stack.count() == 1


def test_the_last_layer_is_not_cut_out(canvas, editor, plan, hand):
    told = []
    canvas.notice.connect(told.append)
    hand.drag(hand.cell("left", 0), hand.cell("left", 7), ALT)
    assert editor.plan == plan
    assert len(told) == 1


def test_the_cell_that_a_click_would_cut_is_marked(canvas, hand):
    def picture():
        return canvas.viewport().grab().toImage()

    place = hand.cell("left", 3)
    hand.move(place)
    before = picture()
    hand.click(hand.body("left"))
    hand.move(place + QPointF(1, 0))
    at = canvas.viewportTransform().map(place + QPointF(4, 7)).toPoint()
    assert picture().pixelColor(at) != before.pixelColor(at)
    hand.move(hand.body("trunk"))
    assert picture().pixelColor(at) == before.pixelColor(at)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("22-29", (22, 30)),
        ("22..29", (22, 30)),
        ("4 - 4", (4, 5)),
        ("7", (7, 8)),
        ("22\u201329", (22, 30)),
    ],
)
def test_the_range_is_typed_where_it_stands(canvas, editor, hand, typed, expected):
    hand.double_click(hand.range("left"))
    edit = canvas.viewport().findChild(InlineEdit)
    assert edit.text() == "20–27"
    edit.selectAll()
    edit.insert(typed)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert ranges(editor)["left"] == expected
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize("typed", ["", "all", "9-3", "-3", "1-2-3", "99999999999", "5-999999999"])
def test_what_is_no_range_is_refused_in_words(canvas, editor, plan, hand, typed):
    told = []
    canvas.notice.connect(told.append)
    hand.double_click(hand.range("left"))
    edit = canvas.viewport().findChild(InlineEdit)
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    QTest.keyClicks(edit, typed)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert editor.plan == plan
    assert len(told) == 1


@pytest.fixture
def in_halves(editor) -> Plan:
    """Two blocks that continue each other, and a third that does not."""
    plan = Plan(output="c").with_blocks(
        WeightBlock("a", 0, 4, TOKENS, position=(0.0, 0.0)),
        WeightBlock("b", 4, 4, "a", position=(300.0, 0.0)),
        WeightBlock("c", 10, 4, "b", position=(600.0, 0.0)),
    )
    editor.replace_document(plan)
    return plan


def test_j_joins_what_continues_each_other(editor, in_halves, hand):
    hand.key(Qt.Key.Key_J)
    assert ranges(editor) == {"a": (0, 8), "c": (10, 14)}
    assert editor.plan.blocks["c"].input == "a"
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == in_halves


def test_j_joins_only_the_selected_blocks_and_says_when_there_are_none(
    canvas, editor, in_halves, hand
):
    told = []
    canvas.notice.connect(told.append)
    hand.click(hand.body("b"))
    hand.click(hand.body("c"), SHIFT)
    hand.key(Qt.Key.Key_J)
    assert editor.plan == in_halves
    assert len(told) == 1


def test_a_click_on_the_mark_between_two_blocks_joins_them(canvas, editor, in_halves, hand):
    hand.click(hand.middle_of_link("b"))
    assert ranges(editor) == {"a": (0, 8), "c": (10, 14)}
    editor.undo_stack.undo()
    hand.click(hand.middle_of_link("c"))
    assert editor.plan == in_halves
    assert canvas.plan_scene.selected_link == ("c", 0)


def test_a_cut_is_mended_by_a_join_after_the_gap_is_filled(editor, in_halves, hand):
    hand.drag(hand.cell("a", 1), hand.cell("a", 1), ALT)
    (piece,) = editor.plan.blocks.keys() - in_halves.blocks.keys()
    editor.apply("Change layers", edits.set_weights(editor.plan, "a", 0, 2))
    hand.key(Qt.Key.Key_J)
    assert ranges(editor)["a"] == (0, 8)
    assert piece not in editor.plan.blocks


def test_a_block_says_what_it_takes_in_memory(canvas):
    canvas.plan_scene.show_layer_bytes([1000 + n for n in range(40)])
    assert canvas.plan_scene.blocks["left"].face.figures[0].n_bytes == sum(range(1020, 1028))
    canvas.plan_scene.show_layer_bytes(())
    assert canvas.plan_scene.blocks["left"].face.figures[0].n_bytes is None
