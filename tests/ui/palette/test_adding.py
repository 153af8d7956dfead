"""The search palette on the canvas: what it finds, and the blocks that come of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.plan import edits
from app.plan.document import TOKENS, MergeBlock, Plan, WeightBlock
from app.plan.templates import TEMPLATES
from app.ui.canvas.scene import Hit
from app.ui.palette.adding import AddingPalette
from tests.ui.hands import LEFT, NO_KEY

pytestmark = pytest.mark.usefixtures("adding")


@pytest.fixture
def asked() -> list[tuple[object, ...]]:
    """The templates that were asked for, with the place."""
    return []


@pytest.fixture
def adding(canvas, asked) -> AddingPalette:
    return AddingPalette(canvas, TEMPLATES, lambda *args: asked.append(args))


def added(editor, plan):
    (block,) = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    return block


def pointer(canvas, at: QPointF):
    view = canvas.viewportTransform().map(at)
    return canvas.pointer_at(view, NO_KEY)


def centre_of(canvas, block) -> QPointF:
    return canvas.plan_scene.bounds_of((block.id,)).center()


def test_a_double_click_typing_and_enter_add_a_block_there(canvas, editor, plan, hand, fingers):
    at = hand.empty_place() + QPointF(160, -140)
    hand.double_click(at)
    fingers.type("sum")
    assert fingers.titles[0] == "Merge block"
    fingers.enter()
    block = added(editor, plan)
    assert isinstance(block, MergeBlock)
    assert (centre_of(canvas, block) - at).manhattanLength() < 12
    assert not fingers.is_open
    assert editor.undo_stack.count() == 1


def test_tab_opens_it_and_the_arrows_go_round(canvas, editor, plan, hand, fingers):
    canvas.setFocus()
    hand.key(Qt.Key.Key_Tab)
    first = fingers.popup.current
    fingers.key(Qt.Key.Key_Up)
    assert fingers.popup.current is fingers.popup.entries[-1]
    fingers.key(Qt.Key.Key_Down)
    assert fingers.popup.current is first
    fingers.key(Qt.Key.Key_Down)
    fingers.enter()
    assert isinstance(added(editor, plan), MergeBlock)


def test_a_context_menu_entry_opens_it_where_the_menu_was(canvas, editor, plan, hand, fingers):
    at = hand.empty_place() + QPointF(160, -140)
    canvas.menu_wanted.emit(Hit(), pointer(canvas, at))
    menu = canvas.findChild(QMenu)
    menu.actions()[0].trigger()
    menu.close()
    fingers.enter()
    assert (centre_of(canvas, added(editor, plan)) - at).manhattanLength() < 12


def test_escape_leaves_the_plan_as_it_was(canvas, editor, plan, hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    fingers.type("weight")
    fingers.key(Qt.Key.Key_Escape)
    assert not fingers.is_open
    assert editor.plan == plan


def test_a_click_on_a_line_chooses_it(canvas, editor, plan, hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    rows = fingers.popup.list
    place = rows.visualRect(rows.model().index(1)).center()
    QTest.mouseClick(rows.viewport(), LEFT, pos=place)
    assert isinstance(added(editor, plan), MergeBlock)


@pytest.mark.parametrize(
    ("typed", "start", "n_layers"),
    [
        ("22-29", 22, 8),
        ("8..15", 8, 8),
        ("15 to 8", 8, 8),
        ("layer 17", 17, 1),
        ("30-99", 30, 10),
    ],
)
def test_typed_layers_make_a_block_on_them(editor, plan, hand, fingers, typed, start, n_layers):
    hand.key(Qt.Key.Key_Tab)
    fingers.type(typed)
    assert fingers.titles[0].startswith("Weight block on layer")
    fingers.enter()
    block = added(editor, plan)
    assert (block.weight_start, block.n_layers) == (start, n_layers)


def test_layers_that_the_model_does_not_have_are_not_offered(hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    fingers.type("40-41")
    assert fingers.titles == []
    assert fingers.popup.current is None
    fingers.enter()
    assert fingers.is_open


@pytest.mark.parametrize(("typed", "n"), [("merge 3", 3), ("sum of 5", 5), ("4 inputs", 4)])
def test_a_typed_number_of_inputs_makes_such_a_merge(editor, plan, hand, fingers, typed, n):
    hand.key(Qt.Key.Key_Tab)
    fingers.type(typed)
    fingers.enter()
    assert [i.scale for i in added(editor, plan).inputs] == [1 / n] * n


def test_a_merge_takes_no_more_inputs_than_it_may(editor, plan, hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    fingers.type("merge 99")
    assert fingers.titles == ["Merge block with 16 inputs"]


def test_layers_typed_in_an_empty_plan_run_at_once(editor, hand, fingers):
    editor.replace_document(Plan())
    hand.key(Qt.Key.Key_Tab)
    fingers.type("0-9")
    fingers.enter()
    assert editor.lowered is not None
    assert editor.lowered.recipe.n_plan_layers == 10


def test_a_template_is_asked_for_where_the_pointer_is(canvas, asked, hand, fingers):
    at = hand.empty_place() + QPointF(160, -140)
    hand.double_click(at)
    fingers.type("template")
    assert len(fingers.titles) == len(TEMPLATES)
    fingers.key(Qt.Key.Key_Down)
    fingers.enter()
    ((template, place),) = asked
    assert template.title == TEMPLATES[1].title
    assert (place - at).manhattanLength() < 2


def test_a_link_from_a_block_ends_in_a_new_block_that_goes_on(canvas, editor, plan, fingers):
    at = QPointF(700, 300)
    canvas.block_wanted.emit(pointer(canvas, at), "left", None)
    fingers.enter()
    block = added(editor, plan)
    assert isinstance(block, WeightBlock)
    assert (block.weight_start, block.n_layers, block.input) == (28, 8, "left")
    assert (canvas.plan_scene.blocks[block.id].in_port(0) - at).manhattanLength() < 12
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize("into_the_block", [False, True])
def test_a_dropped_link_is_seen_until_it_is_known_where_it_leads(
    canvas, editor, plan, hand, fingers, into_the_block
):
    def is_seen() -> bool:
        colours = canvas.viewport().grab().toImage()
        near = canvas.viewportTransform().map(at).toPoint()
        return colours.pixelColor(near) == canvas.theme.accent

    editor.apply("Unlink", edits.disconnect(plan, "m", 1))
    at = QPointF(600, 300)
    port = hand.in_port("m", 1) if into_the_block else hand.out_port("left")
    for leave in (lambda: fingers.key(Qt.Key.Key_Escape), fingers.enter):
        hand.drag(port, at)
        assert is_seen()
        leave()
        canvas.plan_scene.select(())
        assert not is_seen()
    assert added(editor, plan)


def test_a_link_ends_in_a_merge_of_as_many_inputs_as_are_typed(canvas, editor, plan, fingers):
    canvas.block_wanted.emit(pointer(canvas, QPointF(700, 300)), "left", None)
    fingers.type("merge 3")
    fingers.enter()
    assert [i.block for i in added(editor, plan).inputs] == ["left", None, None]


def test_a_link_from_a_block_can_end_in_the_output(canvas, editor, plan, fingers):
    canvas.block_wanted.emit(pointer(canvas, QPointF(700, 300)), "left", None)
    fingers.type("output")
    fingers.enter()
    assert editor.plan.output == "left"


def test_only_merges_with_a_free_input_are_offered(canvas, editor, plan, fingers):
    canvas.block_wanted.emit(pointer(canvas, QPointF(700, 300)), "left", None)
    assert fingers.titles == ["Weight block", "Merge block", "Output"]
    fingers.key(Qt.Key.Key_Escape)
    editor.apply("Unlink", edits.disconnect(plan, "m", 1))
    canvas.block_wanted.emit(pointer(canvas, QPointF(700, 300)), "left", None)
    fingers.type("merge")
    assert fingers.titles == ["Merge", "Merge block"]
    fingers.enter()
    assert editor.plan.blocks["m"].inputs[1].block == "left"


def test_the_merge_itself_is_not_offered_to_what_depends_on_it(canvas, editor, plan, fingers):
    after = edits.disconnect(plan, "m", 1)
    after = edits.add_block(after, WeightBlock("tail", 36, 4, "m", position=(900.0, 60.0)))
    editor.apply("Add", after)
    canvas.block_wanted.emit(pointer(canvas, QPointF(700, 300)), "tail", None)
    assert fingers.titles == ["Weight block", "Merge block", "Output"]


def test_a_link_into_a_block_begins_in_a_new_block_that_leads_up_to_it(
    canvas, editor, plan, fingers
):
    at = QPointF(300, 300)
    canvas.block_wanted.emit(pointer(canvas, at), None, ("left", 0))
    assert fingers.titles == ["Weight block", "Merge block", "Tokens"]
    fingers.enter()
    block = added(editor, plan)
    assert (block.weight_start, block.n_layers) == (12, 8)
    assert editor.plan.blocks["left"].input == block.id
    assert (canvas.plan_scene.blocks[block.id].out_port() - at).manhattanLength() < 12


def test_a_link_into_a_block_can_come_from_the_tokens(canvas, editor, plan, fingers):
    canvas.block_wanted.emit(pointer(canvas, QPointF(300, 300)), None, ("left", 0))
    fingers.type("tok")
    fingers.enter()
    assert editor.plan.blocks["left"].input == TOKENS


def test_the_tokens_are_not_offered_to_the_output(canvas, fingers):
    canvas.block_wanted.emit(pointer(canvas, QPointF(300, 300)), None, ("the output", 0))
    assert fingers.titles == ["Weight block", "Merge block"]


def test_it_stays_on_the_screen(canvas, hand, fingers):
    room = QGuiApplication.primaryScreen().availableGeometry()
    canvas.move(room.right() - 200, room.bottom() - 150)
    canvas.add_wanted.emit(canvas.pointer_at(QPointF(150, 140), NO_KEY))
    assert room.contains(fingers.popup.geometry())


def test_it_says_what_it_is_and_what_is_marked(hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    popup = fingers.popup
    assert popup.line.accessibleName()
    assert popup.list.accessibleName()
    assert popup.line.accessibleDescription().startswith("Weight block. Runs a range")
    fingers.key(Qt.Key.Key_Down)
    assert popup.line.accessibleDescription().startswith("Merge block. ")


def test_a_link_dragged_into_the_void_asks_what_it_leads_to(canvas, editor, plan, hand, fingers):
    at = hand.empty_place() + QPointF(260, -120)
    hand.drag(hand.out_port("left"), at)
    assert editor.plan == plan
    fingers.type("24-27")
    fingers.enter()
    block = added(editor, plan)
    assert (block.weight_start, block.n_layers, block.input) == (24, 4, "left")
    assert editor.undo_stack.count() == 1


def test_a_link_dragged_from_the_output_asks_where_it_comes_from(editor, plan, hand, fingers):
    editor.apply("Unlink", edits.connect_output(plan, None))
    hand.drag(hand.in_port("the output"), hand.empty_place() + QPointF(260, -120))
    fingers.enter()
    assert editor.plan.output == added(editor, plan).id


def test_it_closes_when_the_plan_is_changed_under_it(editor, plan, hand, fingers):
    hand.key(Qt.Key.Key_Tab)
    editor.apply("Delete", edits.remove(plan, ["left"]))
    assert not fingers.is_open


@pytest.mark.parametrize(("typed", "kind"), [("note", "note"), ("group", "frame")])
def test_frames_and_notes_are_added_at_the_pointer(
    canvas, editor, plan, hand, fingers, typed, kind
):
    at = hand.empty_place() + QPointF(200, -140)
    hand.double_click(at)
    fingers.type(typed)
    fingers.enter()
    (annotation,) = editor.plan.annotations.values()
    assert annotation.kind == kind
    (left, top), (width, height) = annotation.position, annotation.size
    assert (QPointF(left + width / 2, top + height / 2) - at).manhattanLength() < 12


def test_what_is_selected_is_framed(canvas, editor, plan, hand, fingers):
    canvas.plan_scene.select(("left", "right"))
    hand.key(Qt.Key.Key_Tab)
    fingers.type("frame")
    assert fingers.titles[0] == "Frame around the selection"
    fingers.enter()
    (frame,) = editor.plan.annotations.values()
    assert frame.position[0] < 400 and frame.position[1] < 0
