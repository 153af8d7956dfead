"""Model files that a saved plan names: found again, missing, changed, or damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.plan.files import load
from app.plan.problem import PlanError
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import click_button, drop
from tests.ui.window.sources import add, bar, rows, select
from tests.ui.workbench import Bench


def save_as(bench: Bench, path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    bench.window.services.documents.active.path = path
    bench.window.services.documents.active.version = None
    assert bench.run(bench.window.services.documents.save())
    return path.read_text()


def test_a_saved_plan_finds_its_files_where_they_are_and_when_they_were_renamed(
    bench: Bench, fine_tune: Path
) -> None:
    window = bench.window
    add(bench, fine_tune)
    path = bench.folder / "plans" / "mine.txt"
    text = save_as(bench, path)
    assert '"../fine tune.gguf"' in text
    assert f'"bytes": {fine_tune.stat().st_size}' in text
    renamed = fine_tune.rename(bench.folder / "plans" / "renamed.gguf")
    window.services.documents.remove(window.services.documents.active)
    bench.run(window.services.documents.open(path))
    bench.qtbot.waitUntil(lambda: len(window.services.model.files) == 2)
    assert window.services.model.paths[1] == renamed
    saved = load(path).plan
    assert saved is not None
    assert window.services.editor.plan.sources == saved.sources
    assert "is not the file" not in window.status.currentMessage()
    assert bench.run(window.services.documents.save())
    assert '"renamed.gguf"' in path.read_text()


def test_a_file_that_changed_since_the_plan_was_saved_is_told(
    bench: Bench, fine_tune: Path
) -> None:
    window = bench.window
    add(bench, fine_tune)
    path = bench.folder / "mine.txt"
    save_as(bench, path)
    write_tiny(fine_tune, TinyModel(n_layers=3, seed=8))
    window.services.documents.remove(window.services.documents.active)
    bench.run(window.services.documents.open(path))
    bench.qtbot.waitUntil(lambda: "is not the file that" in window.status.currentMessage())
    assert window.services.model.paths[1] == fine_tune


def write_over(bench: Bench, *names: str) -> Path:
    path = bench.folder / "named.txt"
    listed: Sequence[str] = [f'"{name}"' for name in names]
    path.write_text(
        f'#@ llama-blocks {{"version": 1, "sources": [{", ".join(listed)}]}}\n'
        "WeightBlock; 0; 4; 0; -1\nWeightBlock; 4; 6; 5; 0\nTotalLayers; 6\n"
    )
    return path


def test_a_missing_file_is_named_and_found_by_hand(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    moved = bench.folder / "away" / "moved.gguf"
    moved.parent.mkdir()
    fine_tune.rename(moved)
    bench.run(window.services.documents.open(write_over(bench, "tiny.gguf", "fine tune.gguf")))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    assert bar(bench).words.text().startswith("“fine tune.gguf” was not found. “Find …”")
    assert window.services.model.files == ()
    assert window.services.editor.n_weight_layers is None
    assert rows(bench)[1].startswith("Source 2: fine tune, “fine tune.gguf” was not found.")
    drop(window.sources, moved)
    assert "must be found first" in bench.answer("OK")
    click_button(bar(bench), "Find …")
    bench.pick(moved)
    bench.qtbot.waitUntil(lambda: len(window.services.model.files) == 2)
    assert bar(bench).isHidden()
    assert window.services.editor.source_starts == (0, 4)
    window.services.editor.undo_stack.undo()
    bench.qtbot.waitUntil(bar(bench).isVisible)


def test_a_plan_whose_model_is_missing_can_run_over_the_one_that_is_open(bench: Bench) -> None:
    window = bench.window
    bench.run(window.services.documents.open(write_over(bench, "gone.gguf")))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    click_button(bar(bench), "Use tiny instead")
    assert window.services.model.file.path.name == "tiny.gguf"
    assert [p.code for p in window.services.editor.problems if p.severity == "error"] == [
        "weight-range"
    ]
    assert bar(bench).isHidden()


def test_named_files_that_do_not_fit_each_other_say_what_differs(bench: Bench) -> None:
    write_tiny(bench.folder / "wide.gguf", TinyModel(n_embd=128))
    bench.run(bench.window.services.documents.open(write_over(bench, "tiny.gguf", "wide.gguf")))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    assert "width (n_embd) is 128 instead of 64" in bar(bench).words.text()
    assert bench.window.services.model.files == ()
    drop(bench.window.sources, bench.folder / "wide.gguf")
    assert "width (n_embd) is 128 instead of 64" in bench.answer("OK")
    assert bench.window.services.editor.plan.sources == ("tiny.gguf", "wide.gguf")


def test_a_damaged_file_says_so_in_its_row(bench: Bench) -> None:
    (bench.folder / "bad.gguf").write_bytes(b"GGUF" + bytes(100))
    bench.run(bench.window.services.documents.open(write_over(bench, "tiny.gguf", "bad.gguf")))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    assert "bad.gguf" in bar(bench).words.text()
    select(bench, 1)
    assert bench.window.sources.remove.isEnabled()
    bench.qtbot.keyClick(bench.window.sources.tree, Qt.Key.Key_Delete)
    assert bench.window.services.editor.plan.sources == ("tiny.gguf",)
    assert bench.window.services.model.file.path.name == "tiny.gguf"


def test_two_files_of_one_name_are_told_apart(bench: Bench) -> None:
    models = []
    for seed, name in enumerate("ab", 1):
        (bench.folder / name).mkdir()
        path = bench.folder / name / "model.gguf"
        models.append(write_tiny(path, TinyModel(n_layers=2, seed=seed)))
    add(bench, *models)
    assert bench.window.services.model.paths[1:] == tuple(models)
    text = save_as(bench, bench.folder / "mine.txt")
    assert '"a/model.gguf", "b/model.gguf"' in text


def test_run_says_which_file_is_missing(bench: Bench) -> None:
    bench.run(bench.window.services.documents.open(write_over(bench, "tiny.gguf", "gone.gguf")))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    bench.say("Hello")
    assert bench.window.chat.transcript.messages[-1].kind == "error"
    assert "“gone.gguf” was not found." in bench.window.chat.transcript.messages[-1].text


def test_plans_over_other_files_are_not_held_against_the_shown_one(
    bench: Bench, fine_tune: Path
) -> None:
    documents = bench.window.services.documents
    plain = documents.active
    bench.run(documents.open(write_over(bench, "tiny.gguf", "fine tune.gguf")))
    bench.qtbot.waitUntil(lambda: len(bench.window.services.model.files) == 2)
    documents.require_shown_files(plain)  # over the first of the two
    both = documents.active
    documents.show(plain)
    with pytest.raises(PlanError, match=r"“named\.txt” uses other model files than “plan\.txt”"):
        documents.require_shown_files(both)
    gone = bench.folder / "gone.txt"
    write_over(bench, "gone.gguf").rename(gone)
    bench.run(documents.open(gone))
    bench.qtbot.waitUntil(bar(bench).isVisible)
    with pytest.raises(PlanError, match="were not found"):
        documents.require_shown_files(documents.active)


def test_unsaved_sources_come_back_after_a_crash(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    assert bench.run(window.services.autosave.write())
    (copy,) = window.services.settings.recovery_folder.rglob("*.txt")
    recovered = load(copy).plan
    assert recovered is not None
    window.services.documents.add(recovered, is_dirty=True)
    bench.qtbot.waitUntil(lambda: len(window.services.model.files) == 2)
    assert window.services.model.paths[1] == fine_tune
