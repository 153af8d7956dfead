"""What a screen reader finds on the canvas: blocks, ports and faders with names, values, states."""

from __future__ import annotations

import gc
import subprocess
import sys
from dataclasses import replace
from types import MappingProxyType

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface

from app.plan import edits, shaping
from app.plan.document import Annotation
from app.ui.canvas import accessible
from app.ui.canvas.shapes import Part

Role, Text = QAccessible.Role, QAccessible.Text


@pytest.fixture
def plan(plan):
    frame = Annotation("a0", "frame", "Branches", (360.0, -60.0), (300.0, 340.0), 2)
    note = Annotation("a1", "note", "Try 0.3 here", (0.0, 240.0), (160.0, 80.0), 6)
    plan = edits.rename(plan, "trunk", "Trunk")
    return replace(plan, annotations=MappingProxyType({"a0": frame, "a1": note}))


@pytest.fixture
def root(canvas) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(canvas)


def children(of: QAccessibleInterface) -> list[QAccessibleInterface]:
    return [of.child(i) for i in range(of.childCount())]


def names(of: QAccessibleInterface) -> list[str]:
    return [child.text(Text.Name) for child in children(of)]


def child_named(of: QAccessibleInterface, start: str) -> QAccessibleInterface:
    return next(c for c in children(of) if c.text(Text.Name).startswith(start))


def test_the_canvas_is_a_list_of_all_that_is_on_it(root):
    assert root.role() == Role.List
    assert root.text(Text.Name) == "Plan"
    assert names(root) == [
        "Tokens",
        "Block 0, Trunk: weight layers 0 to 19, plan layers 0 to 19",
        "Block 1: weight layers 20 to 27, plan layers 20 to 27",
        "Block 2: weight layers 28 to 35, plan layers 28 to 35",
        "Block 3: merge of 2 inputs, scales 0.50, 0.50",
        "Output, linked from block 3",
        "Frame: Branches",
        "Note: Try 0.3 here",
    ]
    assert [root.indexOfChild(child) for child in children(root)] == [*range(8)]
    assert all(child.parent() is root for child in children(root))


def test_a_block_has_its_ports_and_faders(root):
    merge = child_named(root, "Block 3")
    assert names(merge) == [
        "Input 1, linked from block 1",
        "Input 2, linked from block 2",
        "Scale of input 1, from block 1",
        "Scale of input 2, from block 2",
        "Output, linked to the output",
    ]
    assert [child.role() for child in children(merge)][2:4] == [Role.Slider, Role.Slider]
    assert names(child_named(root, "Tokens")) == ["Output, linked to block 0"]
    assert names(child_named(root, "Output")) == ["Input, linked from block 3"]


def test_names_and_descriptions_follow_edits(root, editor, plan):
    editor.apply("Unlink", edits.disconnect(plan, "left", 0))
    assert names(root)[2] == "Weight block: weight layers 20 to 27"
    described = children(root)[2].text(Text.Description)
    assert described.startswith("Fed by nothing.")
    assert any(p.message in described for p in editor.problems if p.block_id == "left")
    editor.undo_stack.undo()
    assert names(root)[2].startswith("Block 1: weight layers 20 to 27")
    muted = replace(plan.blocks["left"], muted=True, title="Left")
    editor.apply("Mute", editor.plan.with_blocks(muted))
    assert names(root)[2] == "Weight block, Left: weight layers 20 to 27, muted"


def test_states_follow_the_selection(canvas, root):
    canvas.plan_scene.select(("left",))
    selected = [c.text(Text.Name) for c in children(root) if c.state().selected]
    assert selected == [names(root)[2]]
    assert root.focusChild() is children(root)[2]
    canvas.plan_scene.select(("a0", "left"))
    assert [bool(c.state().selected) for c in children(root)][-2:] == [True, False]


def test_the_current_fader_has_the_focus(canvas, root):
    canvas.setFocus()
    canvas.plan_scene.select(("m",))
    canvas.commands.keyboard.part.choose(Part("fader", 1))
    fader = child_named(root, "Block 3").child(3)
    assert root.focusChild() is fader
    assert fader.text(Text.Value) == "0.50"


def test_a_fader_s_value_is_read_and_set(root, editor):
    value = child_named(root, "Block 3").child(2).valueInterface()
    assert (value.minimumValue(), value.currentValue(), value.maximumValue()) == (0.0, 0.5, 1.0)
    value.setCurrentValue(0.25)
    assert editor.plan.blocks["m"].inputs[0].scale == 0.25
    assert value.currentValue() == 0.25
    assert editor.undo_stack.undoText() == "Set scale"
    assert child_named(root, "Block 3").child(0).valueInterface() is None


def test_a_value_that_cannot_be_is_refused_in_words(root, canvas, editor, plan):
    said: list[str] = []
    canvas.notice.connect(said.append)
    kept = shaping.set_sums_to_one(plan, "m", True)
    editor.apply("Keep the sum at 1", kept)
    child_named(root, "Block 3").child(2).valueInterface().setCurrentValue(1e17)
    assert editor.plan == kept
    (words,) = said
    assert "cannot bring the sum to 1" in words


def test_things_can_be_chosen_and_pressed(canvas, root):
    left = child_named(root, "Block 1").actionInterface()
    left.doAction(left.setFocusAction())
    assert canvas.selected_ids() == ("left",)
    port = child_named(root, "Block 1").child(0).actionInterface()
    port.doAction(port.pressAction())
    assert canvas.gesture is not None
    canvas.cancel_gesture()


def test_rectangles_lie_on_the_screen_where_the_blocks_are(canvas, root):
    rect = child_named(root, "Block 3").rect()
    block = canvas.plan_scene.bounds_of(("m",))
    at = canvas.viewport().mapToGlobal(canvas.viewportTransform().map(block.center()).toPoint())
    assert rect.contains(at)
    assert root.rect().contains(rect)
    assert root.childAt(at.x(), at.y()) is child_named(root, "Block 3")


def walk(of: QAccessibleInterface, depth: int = 0) -> int:
    of.text(Text.Name), of.text(Text.Description), of.rect(), of.role(), of.state()
    return 1 + sum(walk(child, depth + 1) for child in children(of))


def test_walking_among_edits_and_deletes_never_fails(canvas, root, editor, plan):
    counts = []
    for _ in range(20):
        counts.append(walk(root))
        editor.apply("Delete", edits.remove(editor.plan, ["left"]))
        gc.collect()
        counts.append(walk(root))
        editor.apply("Add input", edits.add_input(editor.plan, "m"))
        walk(root)
        editor.replace_document(plan)
        gc.collect()
    assert set(counts) == {counts[0], counts[1]}
    assert counts[1] == counts[0] - 3


def test_an_interface_of_what_is_gone_is_let_go(root, editor, plan):
    walk(root)
    editor.apply("Delete", edits.remove(plan, ["left"]))
    assert "Block 1: weight layers 20 to 27, plan layers 20 to 27" not in names(root)
    assert all(child.isValid() for child in children(root))


def test_nothing_is_made_for_canvases_that_nobody_asks_about(canvas, editor, plan):
    before = len(accessible._trees)
    canvas.plan_scene.select(("left",))
    editor.apply("Delete", edits.remove(plan, ["left"]))
    assert len(accessible._trees) == before


LISTENING = """
import gc
from PySide6.QtGui import QAccessible
from app.plan import edits, shaping
from app.plan.document import TOKENS, MergeBlock, MergeInput, Plan, WeightBlock
from app.ui.application import make_application
from app.ui.canvas import Canvas
from app.ui.canvas.shapes import Part
from app.ui.state.editor import PlanEditor

app = make_application()
plan = Plan(output="m").with_blocks(
    WeightBlock("a", 0, 4, TOKENS, position=(0.0, 0.0)),
    WeightBlock("b", 4, 4, "a", position=(300.0, 0.0)),
    MergeBlock("m", (MergeInput("a", 0.5), MergeInput("b", 0.5)), position=(600.0, 0.0)),
)
editor = PlanEditor(plan)
canvas = Canvas(editor)
canvas.show()
canvas.setFocus()
QAccessible.setActive(True)

def walk(of):
    of.text(QAccessible.Text.Name), of.state(), of.rect()
    for i in range(of.childCount()):
        walk(of.child(i))

root = QAccessible.queryAccessibleInterface(canvas)
for i in range(30):
    walk(root)
    canvas.plan_scene.select(("m",))
    canvas.commands.keyboard.part.choose(Part("fader", i % 2))
    editor.apply("Set scale", edits.set_scale(editor.plan, "m", i % 2, i / 30))
    editor.apply("Delete", edits.remove(editor.plan, ["b"]))
    walk(root)
    editor.undo_stack.undo()
    gc.collect()
    app.processEvents()
print("walked")
END
print("ended")
"""


@pytest.mark.parametrize(
    "end",
    ["", "canvas.deleteLater(); del canvas, root; app.processEvents(); gc.collect()"],
    ids=["while it is shown", "after it is gone"],
)
def test_a_program_that_was_listened_to_ends_well(end):
    run = subprocess.run(
        [sys.executable, "-c", LISTENING.replace("END", end)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout.split() == ["walked", "ended"], run.stderr
    assert run.returncode == 0, run.stderr
    assert run.stderr.replace("This plugin does not support propagateSizeHints()", "").strip() == ""
