"""What is typed becomes one undo step of the plan, and what is no plan yet loses nothing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from app.plan import edits
from app.plan.document import WeightBlock
from tests.ui.hands import CTRL, SHIFT

PLAN = [
    "WeightBlock; 0; 20; 0; -1",
    "WeightBlock; 20; 28; 20; 0",
    "WeightBlock; 28; 36; 28; 0",
    "MergeBlock; 1; 0.5; 2; 0.5",
    "TotalLayers; 36",
]


def test_the_plan_stands_there_as_text(typist):
    assert typist.lines == PLAN
    assert typist.words() == "4 blocks, 36 plan layers"


def test_typing_changes_the_plan_after_a_pause_in_one_step(typist, editor, plan):
    typist.replace_line(3, "MergeBlock; 1; 0.25; 2; 0.75")
    assert editor.plan == plan
    typist.pause()
    assert editor.plan == edits.set_scale(edits.set_scale(plan, "m", 0, 0.25), "m", 1, 0.75)
    assert editor.undo_stack.count() == 1
    assert editor.undo_stack.undoText() == "Edit text"
    assert typist.lines[3] == "MergeBlock; 1; 0.25; 2; 0.75"


def test_ids_places_and_selection_survive_an_edit(typist, editor, plan):
    typist.canvas.plan_scene.select(("right",))
    typist.replace_line(2, "WeightBlock; 28; 36; 30; 0")
    typist.pause()
    assert editor.plan == edits.set_weights(plan, "right", 30, 8)
    assert typist.canvas.selected_ids() == ("right",)


def test_typing_on_goes_on_with_the_step(typist, editor, plan):
    typist.go_to(3)
    typist.type("1")
    typist.pause()
    typist.type("2")
    typist.pause()
    assert editor.plan == edits.set_scale(plan, "m", 1, 0.512)
    assert editor.undo_stack.count() == 1
    typist.undo()
    assert editor.plan == plan
    assert typist.lines == PLAN
    typist.redo()
    assert editor.plan == edits.set_scale(plan, "m", 1, 0.512)
    assert typist.lines[3] == "MergeBlock; 1; 0.5; 2; 0.512"


def test_undo_takes_what_was_typed_last_first(typist, editor, plan):
    typist.go_to(3)
    typist.type("1")
    typist.undo()
    assert editor.plan == plan
    assert typist.lines == PLAN
    assert editor.undo_stack.canRedo()


def test_undo_in_the_text_is_the_undo_of_everything(typist, editor, plan):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.9))
    assert typist.lines[3] == "MergeBlock; 1; 0.9; 2; 0.5"
    typist.undo()
    assert editor.plan == plan
    assert typist.lines == PLAN


def test_leaving_reads_at_once_and_tidies(typist, editor, plan):
    typist.replace_line(3, "mergeblock;1;0.25 ;2; 0.50")
    typist.canvas.setFocus()
    assert editor.plan == edits.set_scale(plan, "m", 0, 0.25)
    assert typist.lines[3] == "MergeBlock; 1; 0.25; 2; 0.5"
    assert editor.undo_stack.count() == 1


def test_what_settles_the_plan_reads_what_was_typed(typist, editor, plan):
    typist.go_to(3)
    typist.type("1")
    assert editor.commit() == edits.set_scale(plan, "m", 1, 0.51)


def test_a_new_line_is_a_new_block(typist, editor):
    typist.replace_line(4, "WeightBlock; 36; 40; 36; 3")
    typist.press(Qt.Key.Key_Return)
    typist.type("TotalLayers; 40")
    typist.pause()
    plan = editor.plan
    (new,) = plan.blocks.keys() - {"trunk", "left", "right", "m"}
    assert isinstance(plan.blocks[new], WeightBlock)
    assert (plan.blocks[new].input, plan.output) == ("m", new)
    assert plan.blocks[new].position is not None
    assert plan.blocks["left"].position == (400.0, 0.0)


def test_what_is_no_plan_yet_leaves_the_last_good_one_greyed(typist, editor, plan):
    typist.go_to(1)
    typist.type("x")
    typist.pause()
    assert editor.plan == plan
    assert editor.undo_stack.count() == 0
    assert typist.canvas._veil.isVisible()
    assert typist.words().startswith("Line 2: “0x” is not a whole number, so it cannot be INPUT.")
    typist.press(Qt.Key.Key_Backspace)
    typist.pause()
    assert not typist.canvas._veil.isVisible()
    assert editor.plan == plan
    assert typist.words() == "4 blocks, 36 plan layers"


def test_a_decimal_comma_gets_a_clear_sentence(typist, editor, plan):
    typist.replace_line(3, "MergeBlock; 1; 0,25; 2; 0.5")
    typist.pause()
    assert editor.plan == plan
    assert "Write it in plain digits with a decimal point, such as 0.25." in typist.words()


def test_undo_of_what_is_no_plan_is_the_text_s_own(typist, editor, plan):
    editor.apply("Set scale", edits.set_scale(plan, "m", 0, 0.9))
    typist.go_to(1)
    typist.type("x")
    typist.pause()
    typist.undo()
    assert typist.lines[1] == PLAN[1]
    assert not typist.panel.sync.is_stale
    assert editor.plan == edits.set_scale(plan, "m", 0, 0.9)
    typist.redo()
    assert typist.lines[1] == PLAN[1] + "x"
    assert typist.panel.sync.is_stale
    typist.undo()
    typist.undo()
    assert editor.plan == plan


def test_a_change_on_the_canvas_sets_unread_text_aside(typist, editor, plan):
    typist.go_to(1)
    typist.type("x")
    typist.pause()
    after = edits.set_scale(plan, "m", 0, 0.9)
    editor.apply("Set scale", after)
    assert not typist.canvas._veil.isVisible()
    assert typist.lines[:4] == [*PLAN[:3], "MergeBlock; 1; 0.9; 2; 0.5"]
    typist.link("Restore my text")
    assert typist.lines[1] == PLAN[1] + "x"
    assert typist.panel.sync.is_stale
    assert editor.plan == after


def test_a_change_on_the_canvas_while_typing_loses_nothing(typist, editor, plan):
    typist.go_to(3)
    typist.type("1")
    editor.apply("Rename", edits.rename(plan, "left", "Left"))
    assert typist.lines[3] == PLAN[3]
    typist.link("Restore my text")
    assert editor.plan.blocks["m"].inputs[1].scale == 0.51
    editor.undo_stack.undo()
    assert editor.plan == edits.rename(plan, "left", "Left")


def test_moving_a_block_leaves_unread_text_alone(typist, editor, plan):
    typist.go_to(1)
    typist.type("x")
    typist.pause()
    editor.apply("Move", edits.move(plan, {"left": (500.0, 0.0)}))
    assert typist.lines[1] == PLAN[1] + "x"
    assert typist.panel.sync.is_stale


def test_back_to_the_plan_keeps_what_was_typed(typist, editor, plan):
    typist.replace_line(2, "nonsense")
    typist.pause()
    typist.link("Back to the plan's text")
    assert typist.lines == PLAN
    assert editor.plan == plan
    typist.link("Restore my text")
    assert typist.lines[2] == "nonsense"


def test_unread_text_waits_while_another_document_is_shown(typist, editor, plan):
    typist.go_to(1)
    typist.type("x")
    typist.pause()
    first = editor.undo_stack
    editor.show_document(edits.whole_model(8), editor.make_undo_stack())
    assert typist.lines == ["WeightBlock; 0; 8; 0; -1", "TotalLayers; 8"]
    assert typist.link_words() == []
    editor.show_document(plan, first)
    assert typist.lines == PLAN
    typist.link("Restore my text")
    assert typist.lines[1] == PLAN[1] + "x"


def test_wrong_numbers_are_read_as_meant_and_put_right(typist, editor, plan):
    typist.replace_line(0, "WeightBlock; 0; 18; 0; -1")
    typist.pause()
    assert editor.plan == edits.set_weights(plan, "trunk", 0, 18)
    assert typist.lines[1] == PLAN[1]
    assert "starts at plan layer 20" in typist.words()
    typist.link("Renumber")
    assert typist.lines == [
        "WeightBlock; 0; 18; 0; -1",
        "WeightBlock; 18; 26; 20; 0",
        "WeightBlock; 26; 34; 28; 0",
        "MergeBlock; 1; 0.5; 2; 0.5",
        "TotalLayers; 34",
    ]
    assert editor.undo_stack.count() == 1


def test_problems_of_the_plan_stand_at_their_line(typist, editor, plan):
    typist.replace_line(2, "WeightBlock; 28; 36; 35; 0")
    typist.pause()
    (problem,) = editor.problems
    assert typist.text.marks.problems == {2: (problem,)}
    assert typist.words() == f"{problem.message} {problem.fix}"


def test_an_empty_text_keeps_the_plan(typist, editor, plan):
    typist.press(Qt.Key.Key_A, CTRL)
    typist.press(Qt.Key.Key_Delete)
    typist.pause()
    assert editor.plan == plan
    assert typist.panel.sync.is_stale
    typist.undo()
    assert typist.lines == PLAN
    assert not typist.panel.sync.is_stale


def test_the_line_of_a_muted_block_can_be_taken_out(typist, editor, plan):
    muted = plan.with_blocks(replace(plan.blocks["left"], muted=True))
    editor.apply("Mute", muted)
    typist.go_to(4, 0)
    typist.press(Qt.Key.Key_End, SHIFT)
    typist.press(Qt.Key.Key_Backspace)
    typist.pause()
    assert editor.plan == edits.remove(muted, ["left"], heal=True)
    typist.undo()
    assert editor.plan == muted
    assert typist.lines[4] == "# muted: weight layers 20 to 27"


def test_renumbering_after_a_line_between_keeps_the_links(typist, editor, plan):
    typist.go_to(0)
    typist.press(Qt.Key.Key_Return)
    typist.type("WeightBlock; 20; 22; 5; 0")
    typist.pause()
    assert "starts at plan layer 20" in typist.words()
    typist.link("Renumber")
    after = editor.plan
    (new,) = after.blocks.keys() - plan.blocks.keys()
    assert edits.remove(after, [new]) == plan
    assert typist.lines == [
        "WeightBlock; 0; 20; 0; -1",
        "WeightBlock; 20; 22; 5; 0",
        "WeightBlock; 22; 30; 20; 0",
        "WeightBlock; 30; 38; 28; 0",
        "MergeBlock; 2; 0.5; 3; 0.5",
        "TotalLayers; 38",
    ]
