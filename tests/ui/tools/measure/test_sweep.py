"""One prompt over the values of a fader: the replies, the files they go to, the fader set."""

from __future__ import annotations

import csv
import functools
import io
import json

import pytest
from PySide6.QtCore import Qt

from app.engine.errors import EngineDied
from app.engine.messages import ClosePlan, GenerateTogether, ReplyStatistics
from app.plan import edits, shaping
from app.plan.document import MergeBlock
from app.plan.faders import faders_of
from app.plan.lowering import lower
from app.ui.tools.measure.sweep import HEADERS, Sweep, SweepReply
from app.ui.tools.measure.sweep_dialog import SLOT, SweepDialog
from tests.ui.hands import LEFT
from tests.ui.workbench import Bench


def statistics(n: int, per_s: float, reason: str, plan_hash: str) -> ReplyStatistics:
    return ReplyStatistics(
        n_generated=n, tokens_per_s=per_s, stop_reason=reason, plan_hash=plan_hash
    )


TEXT = "The capital of France is **Paris**."
SWEEP = Sweep(
    plan_name="plan.txt",
    fader="Block 3, input 1",
    prompt="Why?",
    system="",
    seed=7,
    sampling={"temperature": 0.7},
    n_predict=120,
    replies=(
        SweepReply(0.0, "So.", statistics(2, 30.0, "end", "abc")),
        SweepReply(0.5, "So,\n“yes”.", statistics(5, 31.25, "length", "def"), 2),
        SweepReply(1.0, "So,\n“yes”.", statistics(5, 31.0, "length", "ghi")),
    ),
)


def swept(bench: Bench, dialog: SweepDialog) -> list[GenerateTogether]:
    """Press the default button and wait for the end; what the engine was asked."""
    bench.qtbot.mouseClick(dialog.sweep, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)
    return [r for r in bench.engine.requests if isinstance(r, GenerateTogether)]


def merge(bench: Bench) -> MergeBlock:
    block = bench.window.services.editor.plan.blocks[bench.window.services.editor.plan.output]
    assert isinstance(block, MergeBlock)
    return block


def test_each_scale_is_asked_once_with_one_seed_and_nothing_open_changes(bench: Bench) -> None:
    before = bench.window.services.editor.plan
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    asked = swept(bench, dialog)
    expected = [
        lower(edits.set_scale(before, before.output, 0, scale)).recipe
        for scale in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert [plan.recipe for request in asked for plan in request.plans] == expected
    assert {plan.slot for request in asked for plan in request.plans} == {SLOT}
    assert [request.generate.sampling.seed for request in asked] == [None, 7, 7, 7, 7]
    assert bench.engine.asked(ClosePlan) == [ClosePlan(SLOT)]
    assert bench.window.services.editor.plan == before
    assert not bench.window.services.conversations.current.messages
    rows = dialog.table.rows
    assert [row[0] for row in rows] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [row[3] for row in rows] == ["the first reply"] + ["none, the same reply"] * 4
    assert {row[4] for row in rows} == {TEXT}
    assert "5 replies with seed 7" in dialog.row.words.text()


def test_a_locked_sum_follows_as_under_the_hand(bench: Bench) -> None:
    editor = bench.window.services.editor
    editor.apply("Keep the sum", shaping.set_sums_to_one(editor.plan, merge(bench).id, True))
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    dialog.steps.setValue(2)
    asked = swept(bench, dialog)
    scales = [[s for _, s in r.plans[0].recipe.blocks[-1].inputs] for r in asked]
    assert scales == [[0.0, 1.0], [1.0, 0.0]]


def test_a_rows_scale_is_set_as_one_undo_step(bench: Bench) -> None:
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    assert not dialog.take.isEnabled()
    swept(bench, dialog)
    dialog.table.selectRow(3)
    assert dialog.reply.toPlainText() == TEXT
    bench.qtbot.mouseClick(dialog.take, LEFT)
    assert [i.scale for i in merge(bench).inputs] == [0.75, 0.5]
    bench.window.services.editor.undo_stack.undo()
    assert [i.scale for i in merge(bench).inputs] == [0.5, 0.5]


def test_the_context_menus_fader_is_chosen(bench: Bench) -> None:
    bench.window.canvas.sweep_wanted.emit(merge(bench).id, 1)
    dialog = bench.wait_for(SweepDialog)
    assert dialog.fader.currentData() == faders_of(bench.window.services.editor.plan)[1]
    bench.window.canvas.sweep_wanted.emit(merge(bench).id, 0)
    assert dialog.fader.currentIndex() == 0


def test_cancelling_keeps_the_rows_so_far(bench: Bench) -> None:
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    hold = functools.partial(setattr, bench.script, "hold_after_pieces", 1)
    dialog.table.model().rowsInserted.connect(lambda *_: hold())
    bench.qtbot.mouseClick(dialog.sweep, LEFT)
    bench.qtbot.waitUntil(lambda: "Scale 0.25, 2 of 5" in dialog.row.words.text())
    bench.qtbot.mouseClick(dialog.row.cancel, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)
    assert dialog.row.words.text() == "Stopped."
    assert [row[0] for row in dialog.table.rows] == ["0"]
    assert dialog.save.isEnabled()


def test_closing_it_ends_the_sweep(bench: Bench) -> None:
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    bench.script.hold_after_pieces = 1
    bench.qtbot.mouseClick(dialog.sweep, LEFT)
    bench.qtbot.waitUntil(lambda: "Scale 0, 1 of 5" in dialog.row.words.text())
    dialog.close()
    bench.qtbot.waitUntil(lambda: bench.engine.asked(ClosePlan) == [ClosePlan(SLOT)])
    assert sum(isinstance(r, GenerateTogether) for r in bench.engine.requests) == 1


def test_what_fails_is_said_and_the_next_sweep_works(bench: Bench) -> None:
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    bench.script.fail_generate = EngineDied("The engine was killed.")
    swept(bench, dialog)
    assert dialog.problem.text() == "The engine was killed."
    bench.script.fail_generate = None
    swept(bench, dialog)
    assert dialog.problem.isHidden()
    assert len(dialog.table.rows) == 5
    dialog.prompt.clear()
    swept(bench, dialog)
    assert "There is no prompt" in dialog.problem.text()


def test_a_plan_without_faders_says_what_it_lacks(bench: Bench) -> None:
    editor = bench.window.services.editor
    first = next(iter(editor.plan.blocks))
    editor.apply("Output", edits.connect_output(editor.plan, first))
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    assert "no fader" in dialog.fader.currentText()
    assert not dialog.sweep.isEnabled()


@pytest.mark.parametrize("suffix", ["csv", "md", "json"])
def test_the_table_is_saved(bench: Bench, suffix: str) -> None:
    dialog = bench.open_with(SweepDialog, Qt.Key.Key_F6)
    swept(bench, dialog)
    path = bench.folder / f"sweep.{suffix}"
    bench.qtbot.mouseClick(dialog.save, LEFT)
    bench.pick(path)
    bench.qtbot.waitUntil(path.exists)
    assert TEXT in path.read_text("utf-8")


def test_csv_has_a_row_for_each_reply_as_it_was_written() -> None:
    rows = list(csv.reader(io.StringIO(SWEEP.csv(), newline="")))
    assert tuple(rows[0]) == HEADERS
    assert rows[2] == ["0.5", "5", "31.2", "token 2", "So,\n“yes”."]


def test_markdown_has_a_heading_for_each_scale() -> None:
    text = SWEEP.markdown()
    assert text.count("\n## Scale ") == 3
    assert "## Scale 0.5\n\n5 tokens, 31.2 tok/s; token 2\n\nSo,\n“yes”.\n" in text


def test_json_holds_all_of_it() -> None:
    record = json.loads(SWEEP.json())
    assert (record["seed"], record["prompt"], record["sampling"]) == (
        7,
        "Why?",
        {"temperature": 0.7},
    )
    assert [r["first_difference"] for r in record["replies"]] == [None, 2, None]
    assert record["replies"][1]["text"] == "So,\n“yes”."
