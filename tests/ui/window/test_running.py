"""The running plan: live scales, edits that wait, memory, the question before loading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.engine.messages import Open, SetScales
from app.plan import edits, shaping
from app.plan.recipe import Recipe, RecipeMerge, RecipeWeight, changed_scales
from app.ui.chat.reply_flow import EARLIER, SCALES_MOVED
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.workbench import Bench

TRUNK = RecipeWeight(0, 2, 0, -1)


def merge_id(bench: Bench) -> str:
    return bench.window.services.editor.lowered.block_ids[-1]


def test_scale_goes_to_the_running_plan_without_opening_it_again(bench: Bench) -> None:
    bench.say("Hi")
    for scale in (0.6, 0.7, 0.8):
        bench.set_scale(scale)
    runner = bench.window.services.runner
    bench.qtbot.waitUntil(
        lambda: runner.recipe is not None and runner.recipe.blocks[3].inputs[0][1] == 0.8
    )
    slot = bench.window.services.documents.active.slot
    assert SetScales(((3, 0, 0.8),), slot) in bench.engine.asked(SetScales)
    bench.say("Again")
    assert len(bench.engine.asked(Open)) == 1


def test_scales_that_change_together_are_heard_together(bench: Bench) -> None:
    bench.say("Hi")
    editor = bench.window.services.editor
    locked = shaping.set_sums_to_one(editor.plan, merge_id(bench), True)
    editor.apply("Change scale", edits.set_scale(locked, merge_id(bench), 0, 0.75))
    bench.qtbot.waitUntil(lambda: bool(bench.engine.asked(SetScales)))
    slot = bench.window.services.documents.active.slot
    assert bench.engine.asked(SetScales) == [SetScales(((3, 0, 0.75), (3, 1, 0.25)), slot)]


def test_reply_says_what_a_moved_scale_meant_for_it(bench: Bench) -> None:
    runner, messages = bench.window.services.runner, bench.window.chat.transcript.messages
    bench.say("Hi")
    assert "scales" not in messages[-1].footer
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Again")
    bench.qtbot.waitUntil(lambda: len(messages) == 4 and bool(messages[-1].text))
    bench.set_scale(0.75)
    bench.qtbot.waitUntil(lambda: runner.recipe == bench.window.services.editor.lowered.recipe)
    bench.engine.release.set()
    bench.wait_idle()
    assert SCALES_MOVED in messages[-1].footer
    assert runner.recipe.hash in messages[-1].footer
    bench.script.hold_after_pieces = None
    bench.say("What was said at other scales is read anew")
    assert EARLIER["read_anew"] in messages[-1].footer
    bench.say("Once")
    assert "scales" not in messages[-1].footer


def test_undo_of_a_scale_reaches_the_engine_too(bench: Bench) -> None:
    bench.say("Hi")
    bench.set_scale(0.9)
    bench.window.services.editor.undo_stack.undo()
    runner = bench.window.services.runner
    sent = bench.engine.asked(SetScales)
    slot = bench.window.services.documents.active.slot
    bench.qtbot.waitUntil(lambda: not sent or sent[-1] == SetScales(((3, 0, 0.5),), slot))
    bench.qtbot.waitUntil(lambda: runner.recipe.blocks[3].inputs[0][1] == 0.5)


def test_structural_edit_waits_for_the_next_message(bench: Bench) -> None:
    bench.say("Hi")
    assert bench.window.services.runner.is_current
    editor = bench.window.services.editor
    editor.apply("Cut", edits.set_weights(editor.plan, editor.lowered.block_ids[0], 0, 1))
    assert not bench.window.services.runner.is_current
    assert "edited" in bench.window.status.words
    assert len(bench.engine.asked(Open)) == 1
    editor.undo_stack.undo()
    assert bench.window.services.runner.is_current
    editor.undo_stack.redo()
    bench.say("Again")
    assert len(bench.engine.asked(Open)) == 2
    assert bench.window.services.runner.is_current


def test_plan_with_problems_is_not_opened(bench: Bench) -> None:
    editor = bench.window.services.editor
    editor.apply("Cut link", edits.disconnect(editor.plan, merge_id(bench), 0))
    bench.window.docks["Problems"].hide()
    bench.window.docks["Chat"].hide()
    bench.window.run()
    bench.wait_idle()
    assert bench.window.docks["Problems"].isVisible()
    assert bench.window.docks["Chat"].isVisible()
    assert not bench.engines
    assert "Problems" in bench.window.chat.transcript.messages[-1].text


def test_the_inspector_says_what_a_block_takes_and_shares(bench: Bench) -> None:
    window, editor = bench.window, bench.window.services.editor
    window.canvas.show_block("b1")
    inspector = window.inspector.forms["weight"]
    whole, shared = inspector.memory.text(), "of them shared"
    assert shared in whole
    assert "KV cache" in whole
    editor.apply("Change layers", edits.set_weights(editor.plan, "b2", 0, 1))
    bench.qtbot.waitUntil(lambda: "none shared" in inspector.memory.text())
    editor.apply("Cut", edits.connect_output(editor.plan, None))
    bench.qtbot.waitUntil(lambda: "valid" in inspector.memory.text())
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: inspector.memory.text() == whole)


def test_changed_scales_tells_live_changes_from_others() -> None:
    def merged(*scales: float) -> Recipe:
        return Recipe((TRUNK, RecipeMerge(tuple((0, s) for s in scales))))

    assert changed_scales(merged(1, 2), merged(1, 2)) == ()
    assert changed_scales(merged(1, 2), merged(1, 3)) == ((1, 1, 3),)
    assert changed_scales(merged(1, 2), merged(1, 2, 3)) is None
    assert changed_scales(merged(1, 2), Recipe((TRUNK,))) is None
    moved = Recipe((RecipeWeight(0, 2, 1, -1), merged(1, 2).blocks[1]))
    assert changed_scales(merged(1, 2), moved) is None


def test_a_message_waits_until_the_plans_model_files_are_found(
    bench: Bench, tmp_path: Path
) -> None:
    window = bench.window
    path = write_tiny(tmp_path / "another.gguf", TinyModel(n_layers=4, seed=1))
    window.services.documents.add(replace(window.services.editor.plan, sources=(str(path),)))
    assert not window.services.model.paths
    window.chat.flow.send("Hi")
    bench.wait_idle()
    assert bench.engine.asked(Open)[-1].model_paths == (str(path),)
    assert window.chat.transcript.messages[-1].text
