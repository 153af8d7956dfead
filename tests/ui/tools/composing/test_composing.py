"""The compose dialog, from the menu to the file and the plan over it."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.conversations.conversation import SystemMode
from app.model_files.reader import read_source
from app.model_files.writing.compose import layer_pack
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import write
from app.plan.document import TOKENS, MergeBlock, Plan, WeightBlock
from app.plan.edits import set_weights
from app.ui.tools.composing.dialog import ComposeDialog
from app.ui.tools.composing.source_row import BORROWED, THESE
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import CTRL_SHIFT, LEFT
from tests.ui.workbench import Bench


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    """A layer pack of a fine-tune's last two layers."""
    path = write_tiny(tmp_path / "tuned.gguf", TinyModel(seed=2, name="Tuned"))
    return write(layer_pack(stored_model(path), [2, 3]), tmp_path / "pack.gguf")[0]


def open_dialog(bench: Bench) -> ComposeDialog:
    """The dialog that the key opens."""
    dialog = bench.open_with(ComposeDialog, Qt.Key.Key_O, CTRL_SHIFT)
    dialog.out.setText(str(bench.folder / "out.gguf"))
    return dialog


def account(bench: Bench, dialog: ComposeDialog, words: str) -> None:
    """Wait until these words are said of what will be written."""
    bench.qtbot.waitUntil(lambda: words in dialog.account.text())


def add(bench: Bench, dialog: ComposeDialog, path: Path) -> None:
    n = len(dialog.rows)
    dialog.add.click()
    bench.pick(path)
    bench.qtbot.waitUntil(lambda: len(dialog.rows) == n + 1)


def write_all(bench: Bench, dialog: ComposeDialog) -> None:
    bench.qtbot.mouseClick(dialog.write_button, LEFT)
    bench.qtbot.waitUntil(dialog.open_button.isEnabled)


def test_a_file_of_two_and_the_plan_over_it(bench: Bench, tuned: Path) -> None:
    """The plan borrows the layers 0, 2 and 5 of 0-5 and is renumbered onto what is written."""
    window = bench.window
    adding = window.services.tasks.start(window.source_edits.add([tuned]))
    bench.qtbot.waitUntil(adding.done)
    plan = window.services.editor.commit()
    first, second, third = (b.id for b in plan.blocks.values() if isinstance(b, WeightBlock))
    for id_, start in ((first, 0), (second, 2), (third, 5)):
        plan = set_weights(plan, id_, start, 1)
    window.services.editor.apply("Reshape", plan)
    dialog = open_dialog(bench)
    for row in dialog.rows:
        row.choice.setCurrentText(BORROWED)
    assert dialog.rows[1].facts.text().startswith("1 of 2 layers")
    account(bench, dialog, "3 layers · ")
    write_all(bench, dialog)
    assert "Wrote out.gguf" in dialog.row.words.text()
    model = read_source(bench.folder / "out.gguf")
    assert model.provenance is not None
    assert model.provenance.layers == ((0, 0), (0, 2), (1, 3))

    bench.qtbot.mouseClick(dialog.open_button, LEFT)
    bench.qtbot.waitUntil(lambda: window.services.model.paths == (bench.folder / "out.gguf",))
    blocks = window.services.editor.plan.blocks.values()
    starts = [(b.weight_start, b.n_layers) for b in blocks if isinstance(b, WeightBlock)]
    assert starts == [(0, 1), (1, 1), (2, 1)]
    assert any(isinstance(b, MergeBlock) for b in blocks)
    assert window.services.editor.problems == ()
    # as with the model that it was made of
    assert window.services.reply_settings.system.mode is SystemMode.EMPTY
    assert window.composing.open is None


def test_what_does_not_hold_the_plan_opens_with_a_plan_of_its_own(bench: Bench) -> None:
    window = bench.window
    dialog = open_dialog(bench)
    dialog.rows[0].choice.setCurrentText(THESE)
    dialog.rows[0].numbers.setText("1")
    account(bench, dialog, "1 layer · ")
    write_all(bench, dialog)
    dialog.open_button.click()
    bench.qtbot.waitUntil(lambda: window.services.model.paths == (bench.folder / "out.gguf",))
    (block,) = window.services.editor.plan.blocks.values()
    assert isinstance(block, WeightBlock)
    assert (block.weight_start, block.n_layers) == (0, 1)


def test_problems_are_said_while_typing(bench: Bench, tuned: Path) -> None:
    dialog = open_dialog(bench)
    add(bench, dialog, tuned)
    account(bench, dialog, "6 layers")
    assert "without one, llama.cpp runs all layers" in dialog.account.text()
    row = dialog.rows[0]
    row.choice.setCurrentText(THESE)
    for typed, words in (
        ("0-9", "has layers 0-3, but no layer 4"),
        ("x", "“x” is not a range of layers"),
        ("", "No layers are given"),
        ("0-1", "4 layers · "),
    ):
        row.numbers.setText(typed)
        account(bench, dialog, words)
    dialog.is_pack.setChecked(True)
    account(bench, dialog, "layers of one file")
    dialog.is_pack.setChecked(False)
    dialog.is_split.setChecked(True)
    dialog.part_size.setText("many")
    account(bench, dialog, "“many” is not an amount")
    row.remove.click()
    dialog.is_split.setChecked(False)
    account(bench, dialog, "has only layers")
    dialog.rows[0].remove.click()
    account(bench, dialog, "Add model files")
    assert not dialog.write_button.isEnabled()


def test_a_file_that_is_no_model_is_refused_in_words(bench: Bench) -> None:
    bad = bench.folder / "bad.gguf"
    bad.write_text("nothing")
    dialog = open_dialog(bench)
    n = len(dialog.rows)
    dialog.add.click()
    bench.pick(bad)
    assert "is not a GGUF model" in bench.answer("OK")
    assert len(dialog.rows) == n


def test_a_pack_is_added_as_a_source(bench: Bench, tiny_model: Path) -> None:
    window = bench.window
    dialog = open_dialog(bench)
    dialog.rows[0].choice.setCurrentText(THESE)
    dialog.rows[0].numbers.setText("2-3")
    dialog.is_pack.setChecked(True)
    write_all(bench, dialog)
    assert dialog.open_button.text() == "Add as source"
    dialog.open_button.click()
    paths = (tiny_model, bench.folder / "out.gguf")
    bench.qtbot.waitUntil(lambda: window.services.model.paths == paths)
    assert window.services.model.files[1].layers == (2, 3)


def test_parts_of_a_size(bench: Bench) -> None:
    dialog = open_dialog(bench)
    dialog.is_split.setChecked(True)
    dialog.part_size.setText("200 KiB")
    write_all(bench, dialog)
    parts = sorted(bench.folder.glob("out-0000*.gguf"))
    assert f"in {len(parts)} parts" in dialog.row.words.text()
    assert read_source(parts[0]).n_layers == 4


def test_nothing_is_replaced_unasked(bench: Bench) -> None:
    out = bench.folder / "out.gguf"
    out.write_bytes(b"mine")
    dialog = open_dialog(bench)
    dialog.write_button.click()
    assert "“out.gguf” already exists." in bench.answer("Cancel")
    assert out.read_bytes() == b"mine"
    dialog.write_button.click()
    bench.answer("Replace")
    bench.qtbot.waitUntil(dialog.open_button.isEnabled)
    assert read_source(out).n_layers == 4


def test_the_place_is_chosen_and_replacing_confirmed_there(bench: Bench) -> None:
    out = bench.folder / "chosen.gguf"
    dialog = open_dialog(bench)
    dialog.choose.click()
    bench.pick(out)
    bench.qtbot.waitUntil(lambda: dialog.out.text() == str(out))
    write_all(bench, dialog)
    assert read_source(out).n_layers == 4


def test_what_cannot_be_written_is_said(bench: Bench, tiny_model: Path) -> None:
    dialog = open_dialog(bench)
    dialog.out.setText(str(bench.folder / "nowhere" / "out.gguf"))
    account(bench, dialog, "There is no folder")
    dialog.write_button.click()
    assert "There is no folder" in bench.answer("OK")
    before = tiny_model.read_bytes()
    dialog.out.setText(str(tiny_model))
    account(bench, dialog, "one of the source files")
    dialog.write_button.click()
    bench.answer("Replace")
    assert "one of the source files" in bench.answer("OK")
    assert tiny_model.read_bytes() == before
    assert not dialog.open_button.isEnabled()


@pytest.mark.parametrize("way", ["cancel", "close the dialog", "close the window"])
def test_a_write_that_is_stopped_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The copying waits in the middle until it was asked to stop."""
    begun = threading.Event()
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    write_some = os.write

    def wait_in_the_middle(out: int, data: memoryview) -> int:
        if os.lseek(out, 0, os.SEEK_CUR) > 100_000:
            begun.set()
            assert dialog._should_stop.wait(20)
        return write_some(out, data)

    there = {path.name for path in bench.folder.iterdir() if path.suffix == ".gguf"}
    dialog = open_dialog(bench)
    monkeypatch.setattr(os, "write", wait_in_the_middle)
    dialog.write_button.click()
    bench.qtbot.waitUntil(begun.is_set)
    assert dialog.runs and not dialog.write_button.isEnabled()
    if way == "cancel":
        bench.qtbot.mouseClick(dialog.row.cancel, LEFT)
        bench.qtbot.waitUntil(lambda: not dialog.runs)
        assert "Stopped" in dialog.row.words.text()
        assert not dialog.open_button.isEnabled()
    elif way == "close the dialog":
        dialog.reject()
        bench.qtbot.waitUntil(lambda: bench.window.composing.open is None)
    else:
        bench.window.services.editor.undo_group.activeStack().setClean()
        with bench.qtbot.waitSignal(bench.window.closed):
            bench.window.close()
    bench.qtbot.waitUntil(lambda: not list(bench.folder.glob(".out.gguf.*")))
    assert {path.name for path in bench.folder.glob("*.gguf")} == there


def test_the_dialog_closes_with_the_window(bench: Bench) -> None:
    dialog = open_dialog(bench)
    for document in bench.window.services.documents.all:
        document.undo_stack.setClean()
    with bench.qtbot.waitSignals([dialog.finished, bench.window.closed]):
        bench.window.close()


def test_there_is_one_dialog(bench: Bench) -> None:
    dialog = open_dialog(bench)
    bench.window.composing.show()
    assert bench.window.composing.open is dialog
    dialog.reject()
    assert bench.window.composing.open is None


def test_the_rows_follow_the_plan(bench: Bench) -> None:
    window = bench.window
    dialog = open_dialog(bench)
    dialog.rows[0].choice.setCurrentText(BORROWED)
    assert dialog.rows[0].layers == (0, 1, 2, 3)
    plan = window.services.editor.commit()
    for block in plan.blocks.values():
        if isinstance(block, WeightBlock):
            plan = set_weights(plan, block.id, 1, 1)
    window.services.editor.apply("Reshape", plan)
    assert dialog.rows[0].layers == (1,)
    account(bench, dialog, "1 layer · ")


def test_a_file_that_changed_after_it_was_opened_is_read_anew(bench: Bench, tuned: Path) -> None:
    dialog = open_dialog(bench)
    add(bench, dialog, tuned)
    other = write_tiny(bench.folder / "other.gguf", TinyModel(seed=3, n_embd=128))
    shutil.copy(other, tuned)
    dialog.is_split.toggle()
    account(bench, dialog, "does not fit")


def test_all_open_plans_count(bench: Bench) -> None:
    window = bench.window
    plan = window.services.editor.commit()
    for block in plan.blocks.values():
        if isinstance(block, WeightBlock):
            plan = set_weights(plan, block.id, 1, 1)
    window.services.editor.apply("Reshape", plan)
    dialog = open_dialog(bench)
    dialog.rows[0].choice.setCurrentText(BORROWED)
    assert dialog.rows[0].layers == (1,)
    window.files.put_new(Plan(output="a").with_blocks(WeightBlock("a", 2, 2, TOKENS)))
    bench.qtbot.waitUntil(lambda: dialog.rows[0].layers == (1, 2, 3))
    window.services.documents.active.undo_stack.setClean()
    window.files.close_plan()
    bench.qtbot.waitUntil(lambda: dialog.rows[0].layers == (1,))
