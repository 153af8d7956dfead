"""Find a block: what is listed, what is shown as one moves, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.plan import annotating, edits
from app.plan.document import Annotation, WeightBlock
from app.ui.palette.finding import FindBlock


@pytest.fixture
def find(canvas) -> FindBlock:
    return FindBlock(canvas)


def test_all_blocks_are_listed_by_number(find, fingers):
    find.open()
    assert fingers.titles == ["0  Layers 0–19", "1  Layers 20–27", "2  Layers 28–35", "3  Merge"]


def test_moving_shows_each_block_and_enter_keeps_it(canvas, find, fingers):
    find.open()
    fingers.key(Qt.Key.Key_Down)
    assert canvas.selected_ids() == ("left",)
    fingers.key(Qt.Key.Key_Down)
    assert canvas.selected_ids() == ("right",)
    assert fingers.popup.line.hasFocus()
    fingers.enter()
    assert canvas.selected_ids() == ("right",)
    assert canvas.hasFocus()


def test_what_is_shown_is_not_covered_by_the_popup(canvas, find, fingers):
    find.open()
    for _ in range(4):
        fingers.key(Qt.Key.Key_Down)
        (block_id,) = canvas.selected_ids()
        bounds = canvas.plan_scene.bounds_of((block_id,))
        shown = canvas.viewportTransform().mapRect(bounds).toRect()
        shown.translate(canvas.viewport().mapToGlobal(canvas.viewport().rect().topLeft()))
        assert not shown.intersects(fingers.popup.geometry())
        assert (
            canvas.viewport()
            .rect()
            .contains(canvas.viewportTransform().map(bounds.center()).toPoint())
        )


def test_escape_goes_back_to_where_one_looked(canvas, editor, plan, find, fingers):
    far = WeightBlock("far", 36, 4, "m", position=(9000.0, 9000.0))
    editor.apply("Add", edits.add_block(plan, far))
    canvas.plan_scene.select(("trunk",))
    before, zoom = canvas.seen_rect().center(), canvas.zoom
    find.open()
    fingers.type("layer 36")
    assert canvas.selected_ids() == ("far",)
    assert canvas.seen_rect().contains(canvas.plan_scene.bounds_of(("far",)))
    fingers.key(Qt.Key.Key_Escape)
    assert canvas.selected_ids() == ("trunk",)
    assert (canvas.seen_rect().center() - before).manhattanLength() < 2
    assert canvas.zoom == zoom


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("layer 20", ["left"]),
        ("weight layers 27-28", ["right", "left"]),
        ("19-20", ["trunk", "left"]),
        ("2", ["extra"]),
        ("block 3", ["m"]),
        ("layer 39", []),
        ("muted", ["left"]),
        ("unused", ["extra"]),
        ("problem", ["m"]),
        ("brnch", ["right"]),
    ],
)
def test_blocks_are_found_by_layer_number_state_and_title(
    canvas, editor, plan, find, fingers, typed, found
):
    after = edits.rename(plan, "right", "Branch")
    after = edits.add_block(after, WeightBlock("extra", 0, 2, "trunk", position=(400.0, 400.0)))
    after = after.with_blocks(replace(after.blocks["left"], muted=True))
    after = edits.set_scale(after, "m", 0, 0.9)
    editor.apply("Change", after)
    find.open()
    fingers.type(typed)
    shown = []
    for row in range(len(fingers.popup.entries)):
        fingers.popup.list.setCurrentIndex(fingers.popup.list.model().index(row))
        shown.append(fingers.titles[row])
    assert len(shown) == len(found)
    wanted = [canvas.plan_scene.blocks[i].face.title for i in found]
    assert [title.split("  ")[-1] for title in shown] == wanted


def test_an_empty_plan_says_so(editor, plan, find, fingers):
    editor.apply("Delete", edits.remove(plan, plan.blocks))
    find.open()
    assert fingers.titles == []
    assert fingers.popup.current is None


def test_notes_are_found_by_their_first_line(canvas, editor, plan, find, fingers):
    note = Annotation("a0", "note", "Slow start\nof it all", (5000.0, 0.0), (200.0, 100.0))
    editor.apply("Add note", annotating.add_annotation(plan, note))
    find.open()
    fingers.type("slow")
    assert fingers.titles == ["Slow start"]
    assert canvas.seen_rect().contains(canvas.plan_scene.bounds_of(("a0",)))
    fingers.enter()
    assert canvas.plan_scene.selection() == ("a0",)
