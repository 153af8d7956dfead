"""Several plans answer a prompt in columns: asked, marked, taken, stopped, and what may fail."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextEdit

from app.engine.messages import ClosePlan, GenerateTogether, Open
from app.plan import edits
from app.plan.lowering import lower
from app.ui.chat.reply_footer import INTERRUPTED
from app.ui.state.memory_check import LOAD_ANYWAY
from app.ui.tools.side_by_side.column import TAKE, TAKEN, Column
from app.ui.tools.side_by_side.flow import SLOTS
from app.ui.tools.side_by_side.window import SideBySide
from app.ui.widgets import dialogs
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import CTRL_SHIFT, LEFT
from tests.ui.workbench import PLAN, Bench

WHOLE = "WeightBlock; 0; 4; 0; -1\nTotalLayers; 4\n"
FIRST = "The capital of France is **Paris**."
SECOND = "The capital of France is Lyon."


def ask(bench: Bench, beside: SideBySide, text: str) -> None:
    """Type a message, press Enter and wait until all have answered."""
    bench.qtbot.keyClicks(beside.composer, text)
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    bench.wait_idle()


def open_second_plan(bench: Bench, text: str = WHOLE) -> None:
    bench.open_plan("other.txt", text)


def marks(column: Column) -> list[str]:
    return [s.cursor.selectedText() for s in column.body.extraSelections()]


def requests(bench: Bench) -> list[GenerateTogether]:
    asked = [r for engine in bench.engines for r in engine.requests]
    return [r for r in asked if isinstance(r, GenerateTogether)]


def test_the_shown_plan_answers_beside_itself_at_another_ratio(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Capital of France")
    plan = bench.window.services.editor.plan
    merge = bench.window.services.editor.lowered.block_ids[-1]
    paths = tuple(str(path) for path in bench.window.services.model.paths)
    expected = [lower(plan).recipe, lower(edits.set_scale(plan, merge, 0, 0.25)).recipe]
    context = bench.window.services.reply_settings.chat.context
    (request,) = requests(bench)
    assert request.plans == tuple(
        Open(paths, recipe, context, slot) for recipe, slot in zip(expected, SLOTS, strict=False)
    )
    assert [m.content for m in request.generate.messages if m.role == "user"] == [
        "Capital of France"
    ]
    assert [column.text for column in beside.columns] == [FIRST, SECOND]


def test_what_differs_is_underlined(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    bench.qtbot.waitUntil(lambda: marks(beside.columns[0]) == ["is **Paris**."])
    assert marks(beside.columns[1]) == ["is Lyon."]
    selection: QTextEdit.ExtraSelection = beside.columns[0].body.extraSelections()[0]
    assert selection.format.fontUnderline()
    assert beside.columns[0].body.accessibleDescription() == "1 token of 3 underlined"


def test_marks_stand_where_they_belong_behind_characters_of_two_units(bench: Bench) -> None:
    bench.script.pieces = ("A 🐟\n", "swims", ".")
    bench.script.others_pieces = (("A 🐟\n", "sings", "."),)
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    bench.qtbot.waitUntil(lambda: marks(beside.columns[0]) == ["swims."])
    assert marks(beside.columns[1]) == ["sings."]


def test_all_replies_become_variants_and_the_taken_one_is_gone_on_with(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    first, second = beside.columns
    conversation = bench.window.services.conversations.current
    assert [m.text for m in conversation.variants(first.id)] == [FIRST, SECOND]
    assert conversation.path[-1].id == first.id
    assert (first.take.text(), second.take.text()) == (TAKEN, TAKE)
    bench.qtbot.mouseClick(second.take, LEFT)
    assert conversation.path[-1].id == second.id
    assert (first.take.text(), second.take.text()) == (TAKE, TAKEN)
    assert bench.window.chat.transcript.messages[-1].text == SECOND
    ask(bench, beside, "And then")
    said = [(m.role, m.content) for m in requests(bench)[-1].generate.messages]
    assert said[-3:] == [("user", "Hi"), ("assistant", SECOND), ("user", "And then")]
    record = conversation.messages[second.id].record
    assert record is not None
    assert (record.statistics.stop_reason, record.statistics.seed) == ("end", 7)
    assert record.plan_name == "plan.txt, block 3, input 1 at 0.25"
    assert record.statistics.plan_hash == requests(bench)[0].plans[1].recipe.hash


def test_the_last_prompt_is_answered_again_beside_the_chats_own_reply(bench: Bench) -> None:
    bench.say("Hi")
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    assert beside.prompt.text() == "You: Hi"
    bench.qtbot.mouseClick(beside.again, LEFT)
    bench.wait_idle()
    conversation = bench.window.services.conversations.current
    assert len(conversation.path) == 2
    assert len(conversation.variants(conversation.path[-1].id)) == 3


def test_two_documents_stand_beside_each_other_and_up_to_four_columns(bench: Bench) -> None:
    open_second_plan(bench)
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    names = [column.choice.plan.currentText() for column in beside.columns]
    assert names == ["other.txt", "plan.txt"]
    for _ in range(2):
        bench.qtbot.mouseClick(beside.add, LEFT)
    assert len(beside.columns) == 4 and not beside.add.isEnabled()
    ask(bench, beside, "Hi")
    assert [plan.slot for plan in requests(bench)[0].plans] == list(SLOTS)
    bench.qtbot.mouseClick(beside.columns[3].remove, LEFT)
    ask(bench, beside, "Again")
    assert len(requests(bench)[1].plans) == 3


def test_columns_with_the_same_plan_are_told_of(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    assert beside.problem.isHidden()
    beside.columns[1].choice.fader.setCurrentIndex(0)
    assert "have the same plan" in beside.problem.text()
    beside.columns[1].choice.fader.setCurrentIndex(2)
    beside.columns[1].choice.scale.setValue(0.9)
    assert beside.problem.isHidden()


def test_a_plan_that_cannot_run_is_told_of_and_nothing_is_lost(bench: Bench) -> None:
    open_second_plan(bench, "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 5; 0; 7\nTotalLayers; 5\n")
    editor = bench.window.services.editor
    editor.apply("Remove link", edits.disconnect(editor.plan, editor.plan.output, 0))
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    bench.qtbot.keyClicks(beside.composer, "Hi")
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    assert "“other.txt” cannot run yet" in beside.problem.text()
    assert beside.composer.toPlainText() == "Hi"
    assert not bench.window.services.conversations.current.messages


def test_plans_over_different_files_are_not_asked(bench: Bench) -> None:
    write_tiny(bench.folder / "second.gguf", TinyModel(n_layers=4, name="Second"))
    named = '#@ llama-blocks {"version": 1, "sources": ["second.gguf"]}\n'
    open_second_plan(bench, named + WHOLE)
    bench.qtbot.waitUntil(lambda: [f.name for f in bench.window.services.model.files] == ["Second"])
    bench.window.services.documents.show(bench.window.services.documents.all[0])
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    assert [c.choice.plan.currentText() for c in beside.columns] == ["plan.txt"] * 2
    beside.columns[1].choice.plan.setCurrentIndex(1)
    bench.qtbot.keyClicks(beside.composer, "Hi")
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    assert "different model files" in beside.problem.text()
    assert not requests(bench)


def test_a_plan_over_other_files_leaves_the_engine_for_the_columns(bench: Bench) -> None:
    bench.say("Hi")
    runner, first = bench.window.services.runner, bench.window.services.documents.active
    assert runner.is_open(first)
    write_tiny(bench.folder / "second.gguf", TinyModel(n_layers=4, name="Second"))
    named = '#@ llama-blocks {"version": 1, "sources": ["second.gguf"]}\n'
    open_second_plan(bench, named + PLAN)
    bench.qtbot.waitUntil(lambda: [f.name for f in bench.window.services.model.files] == ["Second"])
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "And you")
    assert [column.text for column in beside.columns] == [FIRST, SECOND]
    assert not runner.is_open(first)
    assert "“plan.txt”: closed" in bench.window.status.currentMessage()


def test_it_is_asked_before_plans_are_opened_that_do_not_fit(bench: Bench) -> None:
    bench.window.services.settings.save_memory_reserve(1 << 60)
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    bench.qtbot.keyClicks(beside.composer, "Hi")
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    assert "but only 0 B is free" in bench.answer(dialogs.CANCEL)
    bench.wait_idle()
    assert not requests(bench)
    bench.qtbot.mouseClick(beside.again, LEFT)
    bench.answer(LOAD_ANYWAY)
    bench.wait_idle()
    assert beside.columns[0].text == FIRST
    ask(bench, beside, "They are open now")
    assert len(requests(bench)) == 2


def test_stop_ends_all_and_what_was_said_stays(bench: Bench) -> None:
    bench.script.hold_after_pieces = 3
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    bench.qtbot.keyClicks(beside.composer, "Hi")
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: beside.columns[0].text == "The capital of France ")
    assert beside.send.text() == "Stop"
    bench.qtbot.keyClick(beside, Qt.Key.Key_Escape)
    bench.wait_idle()
    assert [column.text for column in beside.columns] == ["The capital of France ", "The capital "]
    assert all("stopped by you" in column.footer.text() for column in beside.columns)
    assert beside.isVisible()


def test_what_was_said_stays_when_the_engine_dies(bench: Bench) -> None:
    bench.script.die_after_pieces = 3
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    texts = ["The capital of France ", "The capital "]
    assert [column.text for column in beside.columns] == texts
    assert [column.footer.text() for column in beside.columns] == [INTERRUPTED] * 2
    assert "was killed" in beside.problem.text()
    conversation = bench.window.services.conversations.current
    assert [m.text for m in conversation.variants(beside.columns[0].id)] == texts
    bench.script.die_after_pieces = None
    bench.qtbot.mouseClick(beside.again, LEFT)
    bench.wait_idle()
    assert [column.text for column in beside.columns] == [FIRST, SECOND]
    assert beside.problem.isHidden()


def test_nothing_is_kept_of_replies_that_never_began(bench: Bench) -> None:
    bench.script.die_after_pieces = 0
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    (message,) = bench.window.services.conversations.current.path
    assert message.text == "Hi"


def test_closing_stops_the_columns_replies_and_keeps_them(bench: Bench) -> None:
    bench.script.hold_after_pieces = 3
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    bench.qtbot.keyClicks(beside.composer, "Hi")
    bench.qtbot.keyClick(beside.composer, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: beside.columns[0].text == "The capital of France ")
    beside.close()
    bench.qtbot.waitUntil(lambda: len(bench.engine.asked(ClosePlan)) == 2)
    conversation = bench.window.services.conversations.current
    assert conversation.path[-1].text == "The capital of France "
    assert bench.window.side_by_side.open is None


def test_closing_leaves_the_chats_own_reply_alone(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    bench.qtbot.waitUntil(lambda: "The capital" in bench.window.chat.transcript.messages[-1].text)
    bench.qtbot.keyClick(beside, Qt.Key.Key_Escape)
    assert bench.window.side_by_side.open is None
    bench.engine.release.set()
    bench.wait_idle()
    assert bench.window.chat.transcript.messages[-1].text == FIRST


def test_closing_frees_the_columns_contexts(bench: Bench) -> None:
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Hi")
    bench.qtbot.keyClick(beside, Qt.Key.Key_Escape)
    bench.qtbot.waitUntil(lambda: len(bench.engine.asked(ClosePlan)) == 2)
    assert bench.engine.asked(ClosePlan) == [ClosePlan(slot) for slot in SLOTS[:2]]
    assert bench.window.side_by_side.open is None


def test_columns_count_in_memory_as_long_as_they_are_open(bench: Bench) -> None:
    memory = bench.window.memory
    beside = bench.open_with(SideBySide, Qt.Key.Key_B, CTRL_SHIFT)
    ask(bench, beside, "Capital of France")
    bench.qtbot.waitUntil(lambda: bench.figures is not None and bench.figures.n_beside == 2)
    assert "2 other plans" in memory.words
    beside.close()
    bench.qtbot.waitUntil(lambda: bench.figures is not None and bench.figures.n_beside == 0)
