"""The memory strip: what it follows, what it proposes, what can be set, loading all the same."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from app.engine.errors import EngineError
from app.engine.messages import EstimateMemory, Open
from app.memory.estimate import block_memory, estimate_exact, layer_bytes
from app.memory.figures import MemoryEstimate
from app.plan import edits
from app.ui.state.memory_check import LOAD_ANYWAY
from app.ui.widgets import theme
from app.ui.window.memory_settings import MemorySettingsDialog
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.fake_engine import MIB
from tests.ui.workbench import Bench

TEN_MIB = MemoryEstimate(1 * MIB, 2 * MIB, 3 * MIB, 4 * MIB)


def shorten(bench: Bench) -> None:
    editor = bench.window.services.editor
    editor.apply("Shorten", edits.set_weights(editor.plan, editor.lowered.block_ids[0], 0, 1))


def test_an_edit_is_simulated_at_once(bench: Bench) -> None:
    memory = bench.window.memory
    bench.script.estimate = TEN_MIB
    n_before = len(bench.estimator.asked(EstimateMemory))
    seen: list[tuple[bool, int]] = []
    bench.window.services.memory_watch.estimated.connect(
        lambda f: seen.append((f.is_dry_run, f.estimate.total_bytes))
    )
    shorten(bench)
    bench.qtbot.waitUntil(lambda: bool(seen) and seen[-1] == (True, 10 * MIB))
    assert len(bench.estimator.asked(EstimateMemory)) == n_before + 1
    assert "10.0 MiB" in memory.words or "10 MiB" in memory.words


def test_scales_take_no_memory_and_are_not_simulated(bench: Bench) -> None:
    n_before = len(bench.estimator.asked(EstimateMemory))
    seen: list[object] = []
    bench.window.services.memory_watch.estimated.connect(seen.append)
    bench.set_scale(0.25)
    bench.qtbot.waitUntil(lambda: bool(seen))
    assert len(bench.estimator.asked(EstimateMemory)) == n_before


def test_what_cannot_be_simulated_is_summed(bench: Bench) -> None:
    bench.script.fail_estimate = EngineError("The estimate failed.")
    memory = bench.window.memory
    shorten(bench)
    bench.qtbot.waitUntil(lambda: bench.figures is not None and not bench.figures.is_dry_run)
    assert bench.figures.estimate.weights_bytes > 0
    assert "exact sums" in memory.words
    bench.script.fail_estimate = None
    bench.window.services.editor.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: bench.figures.is_dry_run)


def test_measured_memory_stands_beside_the_estimate_once_the_plan_has_decoded(
    bench: Bench,
) -> None:
    bench.script.pid = os.getpid()
    memory = bench.window.memory
    assert "measured" not in memory.words
    bench.say("Hi")
    bench.qtbot.waitUntil(lambda: "measured" in memory.words)
    assert bench.figures is not None
    assert bench.figures.given_back_bytes > 10 * MIB
    shorten(bench)
    bench.qtbot.waitUntil(lambda: "measured" not in memory.words)


def test_an_edit_is_simulated_also_while_a_reply_comes(bench: Bench) -> None:
    bench.script.hold_after_pieces = 1
    bench.window.chat.flow.send("Hi")
    messages = bench.window.chat.transcript.messages
    bench.qtbot.waitUntil(lambda: len(messages) == 2 and bool(messages[-1].text))
    bench.script.estimate = TEN_MIB
    shorten(bench)
    bench.qtbot.waitUntil(lambda: bench.figures.estimate == TEN_MIB)
    assert bench.window.chat.flow.busy
    bench.engine.release.set()
    bench.wait_idle()


def test_invalid_plan_has_no_estimate_but_says_why(bench: Bench) -> None:
    editor, memory = bench.window.services.editor, bench.window.memory
    editor.apply("Cut link", edits.disconnect(editor.plan, editor.lowered.block_ids[-1], 0))
    bench.qtbot.waitUntil(lambda: bench.figures is None)
    assert "valid" in memory.words
    editor.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: bench.figures is not None)


def test_plan_that_does_not_fit_is_loaded_only_on_demand(bench: Bench) -> None:
    bench.script.estimate = replace(bench.script.estimate, weights_bytes=1 << 50)
    shorten(bench)
    memory = bench.window.memory
    bench.qtbot.waitUntil(lambda: bench.figures.estimate.weights_bytes == 1 << 50)
    assert "Does not fit" in memory.words
    bench.window.chat.run()
    said = bench.answer("Cancel")
    assert "needs" in said
    assert f"To {bench.figures.changes[0].words} would help most." in said
    bench.wait_idle()
    assert not bench.engines
    bench.window.chat.run()
    bench.answer(LOAD_ANYWAY)
    bench.wait_idle()
    assert len(bench.engine.asked(Open)) == 1


def settings_dialog(bench: Bench) -> MemorySettingsDialog:
    button = next(
        b
        for b in bench.window.memory.findChildren(QPushButton)
        if b.accessibleName() == "Memory settings"
    )
    button.click()
    return bench.window.findChildren(MemorySettingsDialog)[0]


def test_what_is_set_is_estimated_at_once_and_kept(bench: Bench) -> None:
    dialog = settings_dialog(bench)
    dialog.fields["n_ctx"].setValue(8192)
    dialog.fields["kv_type"].setCurrentText("q8_0")
    dialog.fields["n_batch"].setValue(64)
    dialog.fields["n_ubatch"].setValue(32)
    dialog.fields["use_mmap"].setChecked(False)
    context = bench.window.services.reply_settings.chat.context
    assert (context.n_ctx, context.kv_type) == (8192, "q8_0")
    assert (context.n_batch, context.n_ubatch, context.use_mmap) == (64, 32, False)
    bench.qtbot.waitUntil(
        lambda: bench.estimator.asked(EstimateMemory)[-1].settings == context  # type: ignore[union-attr]
    )
    assert bench.window.services.settings.chat().context == context
    dialog.reject()
    bench.say("Hi")
    assert bench.engine.asked(Open)[-1].settings == context  # type: ignore[union-attr]


def test_what_is_kept_free_is_no_room(bench: Bench) -> None:
    memory = bench.window.memory
    free_bytes = bench.figures.free_bytes
    dialog = settings_dialog(bench)
    assert dialog.reserve.text() == "nothing"
    dialog.reserve.setValue(1024)
    bench.qtbot.waitUntil(lambda: bench.figures.reserve_bytes == 1024 * MIB)
    assert bench.figures.free_bytes < free_bytes - 512 * MIB
    dialog.reserve.setValue(dialog.reserve.maximum())
    bench.qtbot.waitUntil(lambda: "kept free" in memory.words)
    assert bench.figures.verdict.kind == "tight"
    dialog.reject()
    assert settings_dialog(bench).reserve.value() == dialog.reserve.maximum()


@pytest.mark.parametrize("kv_type", ["f16", "q4_0"])
def test_the_change_that_helps_most_is_a_click_away(bench: Bench, kv_type: str) -> None:
    memory = bench.window.memory
    bench.script.estimate = replace(bench.script.estimate, weights_bytes=1 << 50)
    context = replace(bench.window.services.reply_settings.context, n_ctx=65536, kv_type=kv_type)
    bench.window.services.reply_settings.set_context(context)
    bench.qtbot.waitUntil(lambda: bench.figures.verdict.kind == "does_not_fit")
    best = bench.figures.changes[0]
    assert best.kind == "context"
    assert {c.kind for c in bench.figures.changes} >= {"context", "layers"}
    verdict = next(w for w in memory.findChildren(QLabel) if w.text().startswith("✗"))
    assert verdict.palette().color(verdict.foregroundRole()) == theme.current().error
    advice = next(b for b in memory.findChildren(QPushButton) if "horten" in b.text())
    assert advice.isVisible()
    advice.click()
    assert bench.window.services.reply_settings.context == replace(context, n_ctx=best.value)
    bench.script.estimate = TEN_MIB
    shorten(bench)
    bench.qtbot.waitUntil(lambda: not bench.figures.changes)
    assert not advice.isVisible()


def test_memory_that_shrinks_before_the_plan_is_opened(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is free is looked at anew when Run is pressed; what the system then refuses is said."""
    assert bench.figures.verdict.kind != "does_not_fit"
    plan = bench.window.services.editor.plan

    class Little:
        total = available = MIB
        free = 0

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    monkeypatch.setattr(psutil, "swap_memory", Little)
    bench.window.chat.run()
    assert "missing" in bench.answer(LOAD_ANYWAY)
    bench.wait_idle()
    assert len(bench.engine.asked(Open)) == 1
    bench.script.fail_open = EngineError("There is not enough memory: no context could be made.")
    shorten(bench)
    bench.window.chat.run()
    bench.answer(LOAD_ANYWAY)
    bench.wait_idle()
    assert "not enough memory" in bench.window.chat.transcript.messages[-1].text
    bench.window.services.editor.undo_stack.undo()
    assert bench.window.services.editor.plan == plan


def test_figures_of_blocks_and_layers_follow_the_batch_with_sliding_windows(
    bench: Bench, tmp_path: Path
) -> None:
    path = write_tiny(tmp_path / "sliding.gguf", TinyModel(n_layers=4, architecture="gemma3"))
    bench.window.files.open_model(path)
    watch = bench.window.services.memory_watch
    weighed: list[tuple[int, ...]] = []
    watch.layers_weighed.connect(weighed.append)
    bench.qtbot.waitUntil(lambda: any(file.n_swa > 0 for file in bench.window.services.model.files))
    settings_dialog(bench).fields["n_batch"].setValue(64)
    bench.qtbot.waitUntil(lambda: len(weighed) > 1)
    settings = bench.window.services.reply_settings.chat.context
    assert settings.n_batch == 64
    files = bench.window.services.model.files
    lowered = bench.window.services.editor.lowered
    expected = block_memory(files, lowered.recipe, settings)
    assert [watch.memory_of(id) for id in lowered.block_ids] == list(expected)
    total = estimate_exact(files, lowered.recipe, settings)
    assert sum(block.kv_bytes for block in expected) == total.kv_bytes
    assert weighed[-1] == layer_bytes(files, settings)
    assert weighed[-1] < layer_bytes(files, replace(settings, n_batch=512))
