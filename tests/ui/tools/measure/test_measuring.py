"""Influence, perplexity, differences and Fit, from the menu to the plan."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QDialog, QToolTip

from app.engine.messages import ComparePlans, EvaluatePerplexity, MeasureInfluence
from app.plan.document import WeightBlock
from app.ui.canvas.sections.strip import StripSection
from app.ui.tools.job_dialog import time_left
from app.ui.tools.measure.fit_dialog import FitDialog
from app.ui.tools.measure.influence_dialog import InfluenceDialog
from app.ui.tools.measure.scores_dialog import ScoresDialog
from app.ui.tools.measure.without_layers import with_layers_left_out
from app.ui.tools.results_table import Table
from tests.ui.fake_engine import MIB
from tests.ui.hands import CTRL, LEFT
from tests.ui.workbench import Bench


def measure(bench: Bench, dialog: QDialog) -> None:
    """Press the default button and wait for the end."""
    button = dialog.search if isinstance(dialog, FitDialog) else dialog.measure
    bench.qtbot.mouseClick(button, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)


def test_influence_is_measured_and_shown_in_chart_and_strips(bench: Bench) -> None:
    dialog = bench.open_with(InfluenceDialog, Qt.Key.Key_F7)
    assert dialog.chart.is_empty and not dialog.save.isEnabled()
    measure(bench, dialog)
    assert not dialog.chart.is_empty and dialog.save.isEnabled()
    assert "1,024 tokens" in dialog.row.words.text()
    canvas, scene = bench.window.canvas, bench.window.canvas.plan_scene
    item = scene.blocks[bench.window.services.editor.lowered.block_ids[0]]
    strip = item.face.figures[0]
    assert strip.influence[0] == 1.0
    assert strip.influence[1] == pytest.approx(math.log(0.2 / 0.05) / math.log(0.9 / 0.05))
    at = canvas.mapFromScene(
        item.pos() + item.block_shape.section(StripSection).cells(1, 1).center()
    )
    tip = QHelpEvent(QEvent.Type.ToolTip, at, canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), tip)
    assert "Weight layer 1: influence 0.2000." in QToolTip.text()
    bench.window.services.influence.take(())
    assert strip.influence and not item.face.figures[0].influence


def test_influence_that_was_measured_before_is_found_when_the_model_is_opened(bench: Bench) -> None:
    measure(bench, bench.open_with(InfluenceDialog, Qt.Key.Key_F7))
    path = bench.window.services.model.paths[0]
    task = bench.window.services.tasks.start(bench.window.files.load_model(path))
    bench.qtbot.waitUntil(task.done)
    influence = bench.window.services.influence
    bench.qtbot.waitUntil(lambda: influence.values == bench.script.influence)
    assert len(bench.engine.asked(MeasureInfluence)) == 1


def test_a_measurement_is_cancelled_without_stopping_the_chat(bench: Bench) -> None:
    bench.script.holds_measuring = True
    dialog = bench.open_with(InfluenceDialog, Qt.Key.Key_F7)
    bench.qtbot.mouseClick(dialog.measure, LEFT)
    bench.qtbot.waitUntil(lambda: "400 tok/s" in dialog.row.words.text())
    assert not dialog.measure.isEnabled()
    bench.window.chat.flow.send("Hi")  # waits for its turn
    bench.qtbot.mouseClick(dialog.row.cancel, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)
    assert dialog.row.words.text() == "Stopped."
    bench.wait_idle()
    assert bench.window.chat.transcript.messages[-1].text == "The capital of France is **Paris**."


def test_what_is_stopped_before_the_engine_was_asked_does_not_ask_it(bench: Bench) -> None:
    bench.script.layer_bytes = 100 * MIB
    dialog = bench.open_with(FitDialog, Qt.Key.Key_F9)
    dialog.budget.setText("600 MiB")
    bench.qtbot.mouseClick(dialog.search, LEFT)
    bench.qtbot.mouseClick(dialog.row.cancel, LEFT)
    bench.qtbot.waitUntil(lambda: not dialog.runs)
    assert dialog.row.words.text() == "Stopped."
    assert not bench.engines


def test_closing_the_dialog_stops_what_it_asked_for(bench: Bench) -> None:
    bench.script.holds_measuring = True
    dialog = bench.open_with(ScoresDialog, Qt.Key.Key_F8)
    bench.qtbot.mouseClick(dialog.measure, LEFT)
    bench.qtbot.waitUntil(lambda: bool(bench.engine.asked(EvaluatePerplexity)))
    dialog.close()
    bench.script.holds_measuring = False
    bench.qtbot.waitUntil(lambda: not bench.window.services.engine.busy)
    assert bench.open_with(ScoresDialog, Qt.Key.Key_F8) is not dialog


def test_perplexity_and_difference_of_open_plans_stand_in_the_table(bench: Bench) -> None:
    other = bench.folder / "other.txt"
    other.write_text("WeightBlock; 0; 3; 0; -1\nTotalLayers; 3\n")
    task = bench.window.services.tasks.start(bench.window.services.documents.open(other))
    bench.qtbot.waitUntil(task.done)
    dialog = bench.open_with(ScoresDialog, Qt.Key.Key_F8)
    assert dialog.plan.currentText() == "other.txt"
    measure(bench, dialog)
    dialog.other.setCurrentText("plan.txt")
    measure(bench, dialog)
    assert isinstance(bench.engine.requests[-1], ComparePlans)
    first, second = dialog.table.rows
    assert first[:3] == ["other.txt", "40.447", ""]
    assert second[:6] == ["other.txt", "40.447", "plan.txt", "36.598", "0.10000", "75.0%"]
    dialog.table.selectRow(1)
    bench.qtbot.keyClick(dialog.table, Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text().splitlines()[1].split("\t") == second


def test_a_plan_with_problems_is_not_measured(bench: Bench) -> None:
    dialog = bench.open_with(ScoresDialog, Qt.Key.Key_F8)
    editor = bench.window.services.editor
    from dataclasses import replace

    editor.apply("Cut", replace(editor.plan, output=None))
    measure(bench, dialog)
    assert "No block feeds the output." in dialog.problem.text()
    assert not bench.engines or not bench.engine.asked(EvaluatePerplexity)


def test_fit_leaves_layers_out_as_one_undo_step(bench: Bench) -> None:
    bench.script.layer_bytes = 100 * MIB
    editor = bench.window.services.editor
    before = editor.plan
    dialog = bench.open_with(FitDialog, Qt.Key.Key_F9)
    dialog.budget.setText("600 MiB")  # 660 MiB are needed
    measure(bench, dialog)
    assert dialog.problem.text() == ""
    assert "560 MiB of 600 MiB" in dialog.row.words.text()
    assert dialog.table.rows[-1] == ["560 MiB", "40.45", "layer 2"]
    bench.qtbot.mouseClick(dialog.apply, LEFT)
    borrowed = {
        n
        for block in editor.plan.blocks.values()
        if isinstance(block, WeightBlock)
        for n in range(block.weight_start, block.weight_end)
    }
    assert borrowed == {0, 1, 3}
    assert editor.undo_stack.undoText() == "Leave out layer 2"
    editor.undo_stack.undo()
    assert editor.plan == before


@pytest.mark.parametrize(
    ("budget", "words"),
    [("a lot", "is not an amount of memory"), ("100 MiB", "100 MiB are too little")],
)
def test_a_budget_that_cannot_be_met_is_refused_in_words(
    bench: Bench, budget: str, words: str
) -> None:
    dialog = bench.open_with(FitDialog, Qt.Key.Key_F9)
    dialog.budget.setText(budget)
    measure(bench, dialog)
    assert words in dialog.problem.text()
    assert not dialog.apply.isEnabled()


def test_fit_is_not_applied_to_a_plan_that_was_edited_meanwhile(bench: Bench) -> None:
    bench.script.layer_bytes = 100 * MIB
    dialog = bench.open_with(FitDialog, Qt.Key.Key_F9)
    dialog.budget.setText("600 MiB")
    measure(bench, dialog)
    editor = bench.window.services.editor
    assert dialog.apply.isEnabled()
    from app.plan import edits

    editor.apply("Rename", edits.rename(editor.plan, editor.lowered.block_ids[0], "Other"))
    assert not dialog.apply.isEnabled()
    editor.undo_stack.undo()
    assert dialog.apply.isEnabled()


def test_a_text_that_cannot_be_read_is_named(bench: Bench, tmp_path: Path) -> None:
    dialog = bench.open_with(InfluenceDialog, Qt.Key.Key_F7)
    bad = tmp_path / "picture.txt"
    bad.write_bytes(b"\x00\x01" * 100)
    dialog.text.choose(bad)
    measure(bench, dialog)
    assert "binary data" in dialog.problem.text()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv"])
def test_a_chart_is_saved_as_picture_or_numbers(bench: Bench, suffix: str) -> None:
    dialog = bench.open_with(InfluenceDialog, Qt.Key.Key_F7)
    measure(bench, dialog)
    content = dialog.chart._content(suffix)
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".csv": b"weight_layer,influence\r\n0,0.9"}
    assert content is not None and content.startswith(begins[suffix])


def test_layers_are_left_out_wherever_they_are_borrowed(bench: Bench) -> None:
    plan = bench.window.services.editor.plan
    after = with_layers_left_out(plan, {3})
    for block in after.blocks.values():
        assert not isinstance(block, WeightBlock) or not block.weight_start <= 3 < block.weight_end


def test_a_table_quotes_what_csv_must_quote() -> None:
    assert Table(("a", "b"), [(1, "x, y")]).csv() == 'a,b\r\n1,"x, y"\r\n'


def test_time_left_is_said_in_the_unit_one_thinks_in() -> None:
    assert [time_left(s) for s in (0.2, 40, 700, 9000)] == ["1 s", "40 s", "12 min", "2 h"]
