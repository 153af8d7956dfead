"""Plans and models as files: opened, saved, refused, dropped; nothing is lost in silence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from app.conversations.conversation import SystemMode
from app.model_files.errors import ModelFileError
from app.plan import edits, files
from app.ui.files.drops import OPEN_INSTEAD
from app.ui.files.exchange import LAYER_BLOCKS
from app.ui.files.open_files import NEW_PLAN
from app.ui.state.settings import MAX_RECENT, ChatSettings, Settings
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import CTRL, drop
from tests.ui.workbench import PLAN, Bench


def test_edit_marks_the_title_and_saving_clears_it(bench: Bench) -> None:
    window = bench.window
    assert window.windowTitle().startswith("plan.txt")
    assert not window.isWindowModified()
    bench.rename_first()
    assert window.isWindowModified()
    bench.qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    bench.qtbot.waitUntil(lambda: not window.isWindowModified())
    assert "Renamed" in (bench.folder / "plan.txt").read_text()


def test_failed_save_keeps_document_and_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rename_first()
    plan = bench.window.services.editor.plan

    def full_disk(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "save", full_disk)
    bench.window.files.save()
    said = bench.answer("OK")
    assert "plan.txt" in said
    assert "No space left on device" in said
    assert (bench.folder / "plan.txt").read_text() == PLAN
    assert bench.window.services.editor.plan == plan
    assert bench.window.isWindowModified()


def test_file_changed_by_another_program_is_not_replaced_in_silence(bench: Bench) -> None:
    path = bench.folder / "plan.txt"
    bench.rename_first()
    theirs = PLAN + "# a line by another program\n"
    path.write_text(theirs)
    bench.window.files.save()
    assert "changed by another program" in bench.answer("Cancel")
    assert path.read_text() == theirs
    bench.window.files.save()
    bench.answer("Replace the file")
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    bench.rename_first("Twice")
    bench.window.files.save()
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    assert "Twice" in path.read_text()


def test_a_held_save_key_saves_without_a_question(bench: Bench) -> None:
    for title in ("A", "B", "C"):
        bench.rename_first(title)
        bench.window.files.save()
    bench.qtbot.waitUntil(lambda: not bench.window.isWindowModified())
    bench.qtbot.waitUntil(lambda: not bench.window.services.documents.active.is_being_saved)
    assert "C" in (bench.folder / "plan.txt").read_text()
    assert [b for b in bench.window.findChildren(QMessageBox) if b.isVisible()] == []


def test_text_that_is_no_plan_leaves_the_old_document(bench: Bench) -> None:
    path = bench.folder / "letter.txt"
    path.write_text("Dear all,\nthis is a letter.\n")
    plan = bench.window.services.editor.plan
    bench.window.files.open_plan(path)
    assert "not a plan" in bench.answer("OK")
    assert bench.window.services.editor.plan == plan
    assert bench.window.services.documents.name == "plan.txt"


def test_missing_file_leaves_the_old_document(bench: Bench) -> None:
    bench.window.files.open_plan(bench.folder / "nowhere.txt")
    assert "could not be read" in bench.answer("OK")
    assert bench.window.services.documents.name == "plan.txt"


def test_broken_plan_opens_as_far_as_it_can_be_read(bench: Bench) -> None:
    path = bench.folder / "broken.txt"
    path.write_text("WeightBlock; 0; 2; 0; -1\nShopping list: bread, milk\nTotalLayers; 2\n")
    bench.window.files.open_plan(path)
    said = bench.answer("OK")
    assert "Line 2" in said
    assert len(bench.window.services.editor.plan.blocks) == 1
    assert bench.window.services.documents.name == "broken.txt"


def test_a_problem_of_the_whole_plan_is_listed_and_not_asked_about(bench: Bench) -> None:
    path = bench.folder / "long.txt"
    lines = [f"WeightBlock; {n}; {n + 1}; {n % 4}; {n - 1}" for n in range(600)]
    path.write_text("\n".join([*lines, "TotalLayers; 600"]))
    assert bench.run(bench.window.services.documents.open(path))
    assert [p.code for p in bench.window.services.editor.problems] == ["too-many-layers"]


def test_merge_with_a_missing_input_opens_with_its_problem(bench: Bench) -> None:
    path = bench.folder / "missing.txt"
    path.write_text("WeightBlock; 0; 2; 0; -1\nMergeBlock; 0; 0.5; 7; 0.5\nTotalLayers; 2\n")
    bench.window.files.open_plan(path)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "missing.txt")
    assert len(bench.window.services.editor.plan.blocks) == 2
    assert any(p.severity == "error" for p in bench.window.services.editor.problems)


def test_unsaved_changes_stay_in_their_tab_when_another_plan_is_opened(bench: Bench) -> None:
    other = bench.folder / "other.txt"
    other.write_text("WeightBlock; 0; 4; 0; -1\nTotalLayers; 4\n")
    bench.rename_first()
    mine = bench.window.services.editor.plan
    bench.window.files.open_plan(other)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "other.txt")
    assert not bench.window.isWindowModified()
    bench.window.files.open_plan(bench.folder / "plan.txt")
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "plan.txt")
    assert bench.window.services.editor.plan == mine
    assert bench.window.isWindowModified()


def test_sample_is_saved_under_a_name_of_ones_own(bench: Bench) -> None:
    sample = bench.folder / "sample.txt"
    sample.write_text(PLAN)
    bench.run(bench.window.services.documents.open(sample, is_sample=True))
    assert bench.window.services.documents.name == "sample"
    bench.rename_first()
    bench.window.files.save()
    target = bench.folder / "mine.txt"
    bench.pick(target)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "mine.txt")
    assert "Renamed" in target.read_text()
    assert sample.read_text() == PLAN


def test_export_is_refused_while_the_plan_has_problems(bench: Bench) -> None:
    editor = bench.window.services.editor
    editor.apply("Cut", edits.disconnect(editor.plan, editor.lowered.block_ids[-1], 0))
    bench.window.services.tasks.start(bench.window.exchange.export(LAYER_BLOCKS))
    assert "cannot be exported" in bench.answer("OK")


def test_unusable_model_leaves_the_old_one(bench: Bench) -> None:
    path = bench.folder / "picture.gguf"
    path.write_bytes(b"\x89PNG" + bytes(100))
    before = bench.window.services.model.file
    bench.window.files.open_model(path)
    said = bench.answer("OK")
    assert "picture.gguf" in said
    assert bench.window.services.model.file is before


def test_smaller_model_shows_problems_and_offers_a_fitting_plan(bench: Bench) -> None:
    path = write_tiny(bench.folder / "small.gguf", TinyModel(n_layers=2))
    bench.window.files.open_model(path)
    assert "a different model" in bench.answer(NEW_PLAN)
    bench.qtbot.waitUntil(lambda: len(bench.window.services.editor.plan.blocks) == 1)
    assert not [p for p in bench.window.services.editor.problems if p.severity == "error"]
    assert bench.window.services.settings.recent_models() == (path,)


def test_missing_bundled_model_is_told_and_others_still_open(bench: Bench) -> None:
    def missing() -> Path:
        raise ModelFileError(Path("bundled.gguf"), "The bundled model is not installed.")

    bench.window.services.bundled.find = missing
    bench.window.files.open_bundled_model()
    assert "not installed" in bench.answer("OK")
    other = write_tiny(bench.folder / "other.gguf", TinyModel(n_layers=6))
    bench.window.files.open_model(other)
    bench.qtbot.waitUntil(lambda: bench.window.services.model.file.path == other)
    assert bench.window.services.reply_settings.system.mode is SystemMode.TEMPLATE


def test_plans_and_models_can_be_dropped(bench: Bench) -> None:
    plan = bench.folder / "dropped.txt"
    plan.write_text(PLAN)
    assert drop(bench.window, plan)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "dropped.txt")
    model = write_tiny(bench.folder / "dropped.gguf", TinyModel(n_layers=6))
    assert drop(bench.window, model)
    assert "“dropped.gguf” fits the model files of this plan" in bench.answer(OPEN_INSTEAD)
    bench.qtbot.waitUntil(lambda: bench.window.services.model.file.path == model)
    assert bench.window.services.editor.n_weight_layers == 6


def test_several_files_dropped_at_once_are_all_opened(bench: Bench) -> None:
    plans = [bench.folder / f"{name}.txt" for name in "ab"]
    for plan in plans:
        plan.write_text(PLAN)
    model = write_tiny(bench.folder / "dropped.gguf", TinyModel(n_layers=6))
    assert drop(bench.window, plans[0], model, plans[1])
    bench.answer(OPEN_INSTEAD)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "b.txt")
    assert [d.name for d in bench.window.services.documents.all] == ["plan.txt", "a.txt", "b.txt"]
    assert bench.window.services.model.file.path == model
    picture = bench.folder / "picture.png"
    picture.write_bytes(b"\x89PNG" + bytes(100))
    assert drop(bench.window, picture)
    said = bench.answer("OK")
    assert "“picture.png” is neither a plan (.txt) nor a model file (.gguf)." in said


def test_plans_for_another_model_dropped_at_once_are_asked_about_one_by_one(bench: Bench) -> None:
    plans = [bench.folder / f"{name}.txt" for name in "abc"]
    for plan in plans:
        plan.write_text("WeightBlock; 0; 9; 0; -1\nTotalLayers; 9\n")
    assert drop(bench.window, *plans)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "c.txt")
    bench.dialog()
    bench.qtbot.wait(300)
    boxes = [b for b in bench.window.findChildren(QMessageBox) if b.isVisible()]
    assert len(boxes) == 1
    bench.answer("Keep this plan")


def test_models_of_another_kind_dropped_together_become_the_sources(bench: Bench) -> None:
    models = [
        write_tiny(bench.folder / f"{n}.gguf", TinyModel(n_layers=6, n_embd=128)) for n in "ab"
    ]
    assert drop(bench.window, *models)
    bench.qtbot.waitUntil(lambda: bench.window.services.model.paths == tuple(models))
    assert bench.window.services.editor.n_weight_layers == 12


def test_a_model_file_is_known_by_what_it_holds(bench: Bench) -> None:
    model = write_tiny(bench.folder / "sha256-5f2c", TinyModel(n_layers=6, n_embd=128))
    other = bench.folder / "model.safetensors"
    other.write_bytes((20).to_bytes(8, "little") + b'{"a": 1}' + bytes(12))
    assert drop(bench.window, model, other)
    assert "“model.safetensors” is a safetensors file." in bench.answer("OK")
    assert bench.window.services.model.file.path == model


def test_plan_finds_the_model_it_names(bench: Bench) -> None:
    other = write_tiny(bench.folder / "other.gguf", TinyModel(n_layers=6))
    bench.run(bench.window.files.load_model(other))
    bundled = bench.window.services.bundled.find()
    bench.window.files.new_plan()
    bench.qtbot.waitUntil(lambda: bench.window.services.editor.plan.sources == ("other.gguf",))
    path = bench.folder / "whole.txt"
    bench.window.services.documents.active.path = path
    bench.run(bench.window.services.documents.save())
    bench.window.files.open_model(bundled)
    assert "made for a different model" in bench.answer("Keep this plan")
    bench.qtbot.waitUntil(lambda: bench.window.services.model.file.path == bundled)
    bench.window.services.editor.undo_stack.undo()
    assert bench.window.services.model.file.path == other
    bench.window.files.open_plan(bench.folder / "plan.txt")
    bench.qtbot.waitUntil(lambda: bench.window.services.model.file.path == bundled)
    bench.window.files.open_plan(path)
    bench.qtbot.waitUntil(lambda: bench.window.services.model.file.path == other)


def test_recent_files_are_kept_latest_first(bench: Bench, settings: Settings) -> None:
    other = bench.folder / "other.txt"
    other.write_text(PLAN)
    bench.window.files.open_plan(other)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "other.txt")
    assert settings.recent_plans() == (other, bench.folder / "plan.txt")
    for n in range(2 * MAX_RECENT):
        settings.add_recent_plan(Path(f"/plans/{n}.txt"))
    assert len(settings.recent_plans()) == MAX_RECENT
    settings.forget_recent()
    assert settings.recent_plans() == ()


def test_damaged_settings_read_as_defaults(settings: Settings) -> None:
    settings._store.setValue("chat/settings", "{not json")
    settings._store.setValue("recent/plans", 3.5)
    settings._store.setValue("window/state", "nonsense")
    assert settings.chat() == ChatSettings()
    assert settings.recent_plans() == ()
    assert settings.window_layout() is None
