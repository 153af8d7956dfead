"""Frames and notes on the canvas: adding, moving, resizing, typing, copying, deleting."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest

from app.plan import annotating, edits
from app.plan.document import Annotation
from app.ui.canvas.annotations import commands
from app.ui.canvas.annotations.painting import wrapped
from app.ui.canvas.annotations.text_edit import NoteEdit
from app.ui.canvas.inline_edit import InlineEdit
from app.ui.widgets.theme import GRID
from tests.ui.hands import CTRL, SHIFT

FRAME = Annotation("a0", "frame", "Branches", (360.0, -60.0), (300.0, 340.0), 2)
NOTE = Annotation("a1", "note", "Try 0.3 here", (0.0, 240.0), (160.0, 80.0), 6)


@pytest.fixture
def plan(plan):
    """The plan with a frame around “left” and “right”, and a note below “trunk”."""
    return replace(plan, annotations=MappingProxyType({"a0": FRAME, "a1": NOTE}))


def title(canvas, id_="a0") -> QPointF:
    return QPointF(*canvas.plan_scene.annotations.shown[id_].position) + QPointF(60, 14)


def card(canvas, id_="a1") -> QPointF:
    return QPointF(*canvas.plan_scene.annotations.shown[id_].position) + QPointF(60, 40)


def test_a_frame_moves_with_what_stands_inside_in_one_step(canvas, editor, plan, hand):
    start = title(canvas)
    hand.drag(start, start + QPointF(0, 80))
    after = editor.plan
    assert after.annotations["a0"].position == (360, 20)
    assert after.blocks["left"].position == (400, 80)
    assert after.blocks["right"].position == (400, 240)
    assert after.blocks["trunk"].position == plan.blocks["trunk"].position
    assert after.annotations["a1"] == NOTE
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.plan == plan
    assert canvas.plan_scene.blocks["left"].pos() == QPointF(400, 0)


def test_a_frame_is_drawn_within_the_canvas_or_refused_in_words(canvas, editor, plan, hand):
    said: list[str] = []
    canvas.notice.connect(said.append)
    editor.apply("Move", edits.move(plan, {"left": (-1e7, -1e7), "right": (-1e7, -1e7 + 200)}))
    canvas.plan_scene.select(("left", "right"))
    hand.key(Qt.Key.Key_G, CTRL)
    assert editor.plan.annotations["a2"].position == (-1e7, -1e7)
    canvas.setFocus()
    editor.apply("Move", edits.move(editor.plan, {"right": (1e7, 1e7)}))
    canvas.plan_scene.select(("left", "right"))
    hand.key(Qt.Key.Key_G, CTRL)
    assert "a3" not in editor.plan.annotations
    assert "larger than it" in said[-1]


def test_hundreds_of_frames_are_pasted_and_moved_as_one(canvas, editor, plan, hand):
    line = '#@ frame {"text": "a", "at": [0, 0], "size": [80, 40]}\n'
    QGuiApplication.clipboard().setText(line * 400)
    canvas.setFocus()
    hand.key(Qt.Key.Key_V, CTRL)
    pasted = editor.plan.annotations.keys() - plan.annotations.keys()
    assert len(pasted) == 400
    before = editor.plan
    hand.key(Qt.Key.Key_Right)
    after = editor.plan.annotations
    moved = {i: a.position[0] - before.annotations[i].position[0] for i, a in after.items()}
    assert {i for i, dx in moved.items() if dx == GRID} == pasted
    assert editor.undo_stack.count() == 2


@pytest.mark.parametrize(("id_", "kind"), [("a0", InlineEdit), ("a1", NoteEdit)])
def test_what_is_written_comes_into_sight(canvas, hand, id_, kind):
    canvas.setFocus()
    canvas.plan_scene.select((id_,))
    canvas.zoom_by(1 / canvas.zoom)
    canvas.pan_by(QPointF(3000, 0))
    hand.key(Qt.Key.Key_F2)
    field = canvas.viewport().findChild(kind)
    assert canvas.viewport().rect().contains(field.geometry())


def test_escape_gives_a_move_up(canvas, editor, plan, hand):
    start = title(canvas)
    hand.drag_only(start, start + QPointF(0, 80))
    assert canvas.plan_scene.blocks["left"].pos() == QPointF(400, 80)
    assert canvas.plan_scene.annotations.shown["a0"].position == (360, 20)
    hand.key(Qt.Key.Key_Escape)
    hand.release(start)
    assert canvas.plan_scene.blocks["left"].pos() == QPointF(400, 0)
    assert canvas.plan_scene.annotations.shown["a0"] == FRAME
    assert editor.plan == plan


def test_a_press_within_a_frame_begins_a_box_as_on_the_empty_canvas(canvas, hand):
    hand.drag(QPointF(370, 272), QPointF(420, -20))
    assert canvas.selected_ids() == ("left", "right")
    assert canvas.plan_scene.annotations.selected == ()


def test_a_box_takes_frames_it_holds_and_notes_it_touches(canvas, hand):
    hand.drag(hand.empty_place(), hand.empty_place() + QPointF(90, -10))
    assert canvas.plan_scene.annotations.selected == ()
    canvas.plan_scene.annotations.select(())
    assert canvas.plan_scene.annotations.taken_by(canvas.seen_rect()) == {"a0", "a1"}
    hand.drag(QPointF(-40, 310), QPointF(40, 300))
    assert canvas.plan_scene.annotations.selected == ("a1",)


def test_clicks_select_alone_and_together(canvas, hand):
    hand.click(title(canvas))
    assert canvas.plan_scene.selection() == ("a0",)
    hand.click(card(canvas), SHIFT)
    hand.click(hand.body("trunk"), SHIFT)
    assert canvas.plan_scene.selection() == ("trunk", "a0", "a1")
    hand.click(card(canvas), CTRL)
    assert canvas.plan_scene.selection() == ("trunk", "a0")
    hand.click(hand.body("trunk"))
    assert canvas.plan_scene.selection() == ("trunk",)


def test_selected_notes_move_with_a_dragged_block(canvas, editor, hand):
    hand.click(card(canvas))
    hand.click(hand.body("trunk"), SHIFT)
    start = hand.body("trunk")
    hand.drag(start, start + QPointF(0, -100))
    moved = editor.plan.blocks["trunk"].position[1] - 60
    assert moved < -80
    assert editor.plan.annotations["a1"].position == (0, 240 + moved)
    assert editor.undo_stack.count() == 1


def test_edges_and_corners_resize_on_the_grid(canvas, editor, hand):
    corner = QPointF(660, 280)
    hand.drag(corner - QPointF(2, 2), corner + QPointF(40, 21))
    assert editor.plan.annotations["a0"].size == (344, 364)
    assert editor.plan.annotations["a0"].position == FRAME.position
    left = QPointF(361, 100)
    hand.drag(left, left - QPointF(80, 0))
    assert editor.plan.annotations["a0"].position == (280, -60)
    assert editor.plan.annotations["a0"].size == (424, 364)
    assert editor.undo_stack.count() == 2


def test_what_is_resized_stays_large_enough_to_be_seen(canvas, editor, hand):
    right = QPointF(159, 270)
    hand.drag(right, right - QPointF(400, 0))
    assert editor.plan.annotations["a1"].size == (80, 80)


def test_a_double_click_renames_a_frame_in_place(canvas, editor, hand):
    hand.double_click(title(canvas))
    edit = canvas.viewport().findChild(InlineEdit)
    QTest.keyClicks(edit, "Two ways")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert editor.plan.annotations["a0"].text == "Two ways"
    assert editor.undo_stack.undoText() == "Rename frame"


def test_a_note_takes_lines_until_ctrl_enter(canvas, editor, hand):
    hand.double_click(card(canvas))
    edit = canvas.viewport().findChild(NoteEdit)
    QTest.keyClicks(edit, "One")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClicks(edit, "Two")
    assert editor.plan.annotations["a1"].text == "Try 0.3 here"
    QTest.keyClick(edit, Qt.Key.Key_Return, CTRL)
    assert editor.plan.annotations["a1"].text == "One\nTwo"
    assert not edit.isVisible()


def test_escape_leaves_a_note_as_it_was_and_a_click_elsewhere_takes_it(canvas, editor, hand):
    hand.double_click(card(canvas))
    QTest.keyClicks(canvas.viewport().findChild(NoteEdit), "Gone")
    QTest.keyClick(canvas.viewport().findChild(NoteEdit), Qt.Key.Key_Escape)
    assert editor.plan.annotations["a1"] == NOTE
    QTest.qWait(0)
    hand.double_click(card(canvas))
    (edit,) = [e for e in canvas.viewport().findChildren(NoteEdit) if e.isVisible()]
    QTest.keyClicks(edit, "Kept")
    canvas.setFocus()
    assert editor.plan.annotations["a1"].text == "Kept"


def test_framing_the_selection_leaves_room_and_asks_for_a_title(canvas, editor, hand):
    hand.click(hand.body("trunk"))
    hand.key(Qt.Key.Key_G, CTRL)
    frame = editor.plan.annotations["a2"]
    around = canvas.plan_scene.bounds_of(("a2",))
    assert around.contains(canvas.plan_scene.bounds_of(("trunk",)).adjusted(-20, -20, 20, 20))
    assert all(n % 4 == 0 for n in (*frame.position, *frame.size))
    assert canvas.plan_scene.selection() == ("a2",)
    QTest.keyClicks(canvas.viewport().findChild(InlineEdit), "Trunk")
    QTest.keyClick(canvas.viewport().findChild(InlineEdit), Qt.Key.Key_Return)
    assert editor.plan.annotations["a2"].text == "Trunk"


def test_a_note_is_added_by_a_key_and_typed_at_once(canvas, editor, hand):
    hand.key(Qt.Key.Key_N)
    QTest.keyClicks(canvas.viewport().findChild(NoteEdit), "Look here")
    canvas.setFocus()
    assert editor.plan.annotations["a2"].kind == "note"
    assert editor.plan.annotations["a2"].text == "Look here"


def test_deleting_a_frame_leaves_its_contents(canvas, editor, plan, hand):
    hand.click(title(canvas))
    hand.key(Qt.Key.Key_Delete)
    assert set(editor.plan.annotations) == {"a1"}
    assert editor.plan.blocks == plan.blocks
    assert "a0" not in canvas.plan_scene.annotations.shown
    editor.undo_stack.undo()
    assert editor.plan == plan


def test_arrow_keys_move_a_frame_with_its_contents(canvas, editor, hand):
    hand.click(title(canvas))
    hand.key(Qt.Key.Key_Down)
    hand.key(Qt.Key.Key_Down)
    assert editor.plan.annotations["a0"].position == (360, -52)
    assert editor.plan.blocks["left"].position == (400, 8)
    assert editor.undo_stack.count() == 1


def test_select_contents_fit_and_recolour(canvas, editor, hand):
    hand.click(title(canvas))
    canvas.commands.annotations.fit.trigger()
    scene = canvas.plan_scene
    assert scene.bounds_of(("a0",)) == scene.bounds_of(("left", "right")).adjusted(
        -24, -24 - 28, 24, 24
    )
    commands.recolour(canvas, 5)
    assert editor.plan.annotations["a0"].colour == 5
    canvas.commands.annotations.select_contents.trigger()
    assert canvas.selected_ids() == ("left", "right")
    assert scene.annotations.selected == ()


def test_frames_are_drawn_again_around_blocks_that_moved(plan):
    moved = edits.move(plan, {"left": (1000.0, 500.0)})
    after = commands.framed_again(plan, moved)
    assert after.annotations["a0"].position == (400 - 24, 160 - 24 - 28)
    assert after.annotations["a1"] == NOTE
    assert commands.framed_again(plan, plan) == plan


def test_frames_and_notes_are_copied_with_blocks(canvas, editor, plan, hand):
    hand.key(Qt.Key.Key_A, CTRL)
    hand.key(Qt.Key.Key_D, CTRL)
    added = [a for i, a in editor.plan.annotations.items() if i not in plan.annotations]
    assert [(a.kind, a.text, a.size, a.colour) for a in added] == [
        (a.kind, a.text, a.size, a.colour) for a in (FRAME, NOTE)
    ]
    copies = [b for i, b in editor.plan.blocks.items() if i not in plan.blocks]
    shift = copies[0].position[0] - plan.blocks["trunk"].position[0]
    assert added[0].position[0] == FRAME.position[0] + shift
    assert len(canvas.plan_scene.selection()) == 6
    assert editor.undo_stack.count() == 1


def test_undo_from_elsewhere_shows_them_as_the_plan_says(canvas, editor, plan):
    editor.apply("Resize", annotating.change_annotation(plan, "a1", size=(400.0, 200.0)))
    assert canvas.plan_scene.annotations.shown["a1"].size == (400, 200)
    editor.undo_stack.undo()
    assert canvas.plan_scene.annotations.shown["a1"] == NOTE


def test_a_frame_is_seen_in_its_colour_behind_the_blocks(canvas, editor):
    def colour(x: float, y: float):
        at = canvas.viewportTransform().map(QPointF(x, y)).toPoint()
        return canvas.viewport().grab().toImage().pixelColor(at).name()

    with_frame, with_block = colour(640, -46), colour(480, 4)
    editor.apply("Delete", annotating.remove_annotations(editor.plan, ("a0",)))
    assert colour(640, -46) == canvas.theme.canvas.name()
    assert with_frame != canvas.theme.canvas.name()
    assert with_block == colour(480, 4) == canvas.theme.block.name()


def test_long_notes_end_in_an_ellipsis(qapp):
    font = QFont()
    assert wrapped("one two", font, 1000, 1000) == ("one two",)
    assert wrapped("one\n\ntwo", font, 1000, 1000) == ("one", "", "two")
    lines = wrapped("word " * 100, font, 120, 60)
    assert 1 < len(lines) < 6
    assert lines[-1].endswith("…")
    assert wrapped("x" * 200, font, 100, 400)[0] != "x" * 200


def test_arranging_keeps_a_frame_around_its_blocks(canvas, editor, hand):
    canvas.plan_scene.select(())
    hand.key(Qt.Key.Key_L)
    scene = canvas.plan_scene
    assert scene.bounds_of(("a0",)).contains(scene.bounds_of(("left", "right")))
    assert editor.undo_stack.count() == 1
