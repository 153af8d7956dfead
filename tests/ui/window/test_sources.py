"""Several model files over one plan: added, ordered, taken out, named, and found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from app.memory.amounts import format_bytes
from app.model_files.provenance import OriginFile, Provenance
from app.model_files.reader import read_source
from app.plan import edits
from app.plan.document import FileMark, Plan, WeightBlock
from app.plan.files import load
from app.plan.problem import PlanError
from app.ui import theme
from app.ui.memory_panel import parts_of
from app.ui.sources.strip import SourcesStrip
from app.ui.sources.words import details
from app.ui.window.drops import ADD
from tests.engine.composed import write_pack
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.window.conftest import Bench
from tests.ui.window.test_files import drop, run


@pytest.fixture
def fine_tune(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "fine tune.gguf", TinyModel(n_layers=3, seed=1))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of the layers 2 and 3 of a fine-tune."""
    whole = write_tiny(tmp_path / "whole.gguf", TinyModel(n_layers=4, seed=2))
    return write_pack(whole, (2, 3), tmp_path / "pack.gguf")


def drop_on(target: QWidget, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    send_drop(target, mime, QPoint(10, 10))


def send_drop(target: QWidget, mime: QMimeData, at: QPoint) -> None:
    move, left = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(at, move, mime, left, none),
        QDragMoveEvent(at, move, mime, left, none),
        QDropEvent(QPointF(at), move, mime, left, none),
    ):
        QApplication.sendEvent(target, event)


def add(bench: Bench, *paths: Path) -> None:
    assert run(bench, bench.window.files.source_edits.add(paths))


def rows(bench: Bench) -> list[str]:
    model = bench.window.sources.rows
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def ranges(bench: Bench) -> list[tuple[int, int]]:
    blocks = bench.window.editor.plan.blocks.values()
    return [(b.weight_start, b.weight_end) for b in blocks if isinstance(b, WeightBlock)]


def strip(bench: Bench) -> SourcesStrip:
    return bench.window.findChild(SourcesStrip)


def press(bench: Bench, words: str) -> None:
    next(b for b in strip(bench).buttons if b.text() == words).click()


def pick(bench: Bench, *paths: Path) -> None:
    """Choose existing files in the dialog that is shown."""

    def dialogs() -> list[QFileDialog]:
        return [d for d in bench.window.findChildren(QFileDialog) if d.isVisible()]

    bench.qtbot.waitUntil(lambda: bool(dialogs()))
    name = dialogs()[0].findChild(QLineEdit)
    name.setText(" ".join(f'"{path}"' for path in paths) if paths[1:] else str(paths[0]))
    bench.qtbot.keyClick(name, Qt.Key.Key_Return)


def select(bench: Bench, row: int) -> None:
    tree = bench.window.sources.tree
    tree.setFocus()
    tree.setCurrentIndex(bench.window.sources.rows.index(row, 0))


def test_files_dropped_on_the_panel_are_added_as_one_step(
    bench: Bench, fine_tune: Path, pack: Path
) -> None:
    window = bench.window
    drop_on(window.sources, fine_tune, pack)
    bench.qtbot.waitUntil(lambda: len(window.model.files) == 3)
    assert window.editor.source_starts == (0, 4, 7)
    assert window.editor.n_weight_layers == 9
    assert window.editor.plan.sources == ("tiny.gguf", "fine tune.gguf", "pack.gguf")
    assert [words.split(" · ")[0] for words in rows(bench)] == [
        "Source 1: tiny, 0-3",
        "Source 2: fine tune, 4-6",
        "Source 3: pack, 7-8",
    ]
    assert window.editor.undo_stack.count() == 1
    window.editor.undo_stack.undo()
    assert (window.editor.n_weight_layers, len(rows(bench))) == (4, 1)
    window.editor.undo_stack.redo()
    assert window.editor.n_weight_layers == 9


def test_files_are_chosen_by_the_button(bench: Bench, fine_tune: Path, pack: Path) -> None:
    bench.window.sources.add.click()
    pick(bench, fine_tune, pack)
    bench.qtbot.waitUntil(lambda: bench.window.editor.n_weight_layers == 9)
    assert set(bench.window.settings.recent_models()) == {fine_tune, pack}


def test_a_model_that_fits_is_added_or_opened_when_it_is_dropped_on_the_window(
    bench: Bench, fine_tune: Path, pack: Path
) -> None:
    assert drop(bench, fine_tune)
    bench.answer(ADD)
    bench.qtbot.waitUntil(lambda: bench.window.editor.n_weight_layers == 7)
    assert drop(bench, pack)  # can only be added
    bench.qtbot.waitUntil(lambda: bench.window.editor.n_weight_layers == 9)


def test_what_does_not_fit_is_refused_with_what_differs(bench: Bench, fine_tune: Path) -> None:
    wide = write_tiny(bench.folder / "wide.gguf", TinyModel(n_embd=128))
    drop_on(bench.window.sources, fine_tune, wide)
    said = bench.answer("OK")
    assert "“wide.gguf” does not fit “tiny.gguf”" in said
    assert "width (n_embd) is 128 instead of 64" in said
    assert "Nothing was changed" in said
    drop_on(bench.window.sources, bench.folder / "plan.txt")
    assert "text file" in bench.answer("OK")
    assert bench.window.editor.undo_stack.count() == 0
    assert len(rows(bench)) == 1


def test_a_file_is_no_source_twice(bench: Bench, fine_tune: Path) -> None:
    add(bench, fine_tune)
    drop_on(bench.window.sources, fine_tune)
    assert "named twice" in bench.answer("OK")
    assert bench.window.editor.n_weight_layers == 7


def test_sources_change_places_and_blocks_keep_their_weights(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    editor = window.editor
    third = list(editor.plan.blocks)[2]
    editor.apply("Borrow", edits.set_weights(editor.plan, third, 5, 2))
    before = editor.plan
    select(bench, 1)
    bench.qtbot.keyClick(window.sources.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [file.path.name for file in window.model.files] == ["fine tune.gguf", "tiny.gguf"]
    assert ranges(bench) == [(3, 5), (5, 7), (1, 3)]
    assert "vocabulary, embeddings and head" in window.status.currentMessage()
    assert window.sources.rows.source_row(window.sources.tree.currentIndex()) == 0
    editor.undo_stack.undo()
    assert editor.plan == before
    assert window.model.file.path.name == "tiny.gguf"


def test_a_row_is_dragged_to_another_place(bench: Bench, fine_tune: Path, pack: Path) -> None:
    add(bench, fine_tune, pack)
    panel = bench.window.sources
    mime = panel.rows.mimeData([panel.rows.index(1, 0)])
    below = panel.tree.visualRect(panel.rows.index(2, 0)).bottomLeft() + QPoint(40, 2)
    send_drop(panel.tree.viewport(), mime, below)
    names = [file.path.stem for file in bench.window.model.files]
    assert names == ["tiny", "pack", "fine tune"]


def test_a_pack_does_not_come_first(bench: Bench, pack: Path) -> None:
    add(bench, pack)
    panel = bench.window.sources
    select(bench, 0)
    assert not panel.remove.isEnabled()
    select(bench, 1)
    assert not panel.up.isEnabled()
    bench.window.files.source_edits.move(1, 0)
    assert "“pack.gguf” holds only layers" in bench.window.status.currentMessage()
    assert bench.window.editor.source_starts == (0, 4)


def test_a_source_that_is_taken_out_leaves_its_blocks_with_a_problem(
    bench: Bench, fine_tune: Path
) -> None:
    add(bench, fine_tune)
    editor = bench.window.editor
    third = list(editor.plan.blocks)[2]
    editor.apply("Borrow", edits.set_weights(editor.plan, third, 5, 2))
    assert not [p for p in editor.problems if p.severity == "error"]
    select(bench, 1)
    bench.qtbot.keyClick(bench.window.sources.tree, Qt.Key.Key_Delete)
    assert [p.block_id for p in editor.problems if p.severity == "error"] == [third]
    assert ranges(bench) == [(0, 2), (2, 4), (5, 7)]
    assert "A block borrows layers that are gone" in bench.window.status.currentMessage()
    select(bench, 0)
    assert not bench.window.sources.remove.isEnabled()
    editor.undo_stack.undo()
    assert not [p for p in editor.problems if p.severity == "error"]


def test_details_tell_what_the_file_says_of_itself(bench: Bench, pack: Path) -> None:
    made = write_tiny(bench.folder / "made.gguf", TinyModel(base_model="Old 1B", seed=3))
    add(bench, made, pack)
    model = bench.window.sources.rows
    found = [
        [model.data(model.index(n, 0, top)) for n in range(model.rowCount(top))]
        for top in (model.index(1, 0), model.index(2, 0))
    ]
    for words in (
        "Architecture: llama, width 64",
        "Weight layers: 4-7, in the file 0-3",
        "Quantisation: F16 in all layers",
        "Licence: mit",
        "Author: Somebody",
        "Made from: Makers / Old 1B",
    ):
        assert words in found[0]
    assert "Embeddings: none: a layer pack" in found[1]
    assert "Weight layers: 8-9, in the file 2-3" in found[1]
    assert model.data(model.index(1, 0), Qt.ItemDataRole.ToolTipRole) == "\n".join(found[0])
    bench.window.sources.tree.expand(model.index(1, 0))
    bench.window.editor.undo_stack.undo()
    bench.window.editor.undo_stack.redo()
    assert bench.window.sources.tree.isExpanded(model.index(1, 0))


def test_each_tab_has_the_sources_that_its_plan_names(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    first = window.documents.active
    other = write_tiny(bench.folder / "other.gguf", TinyModel(n_layers=5, n_embd=128))
    path = bench.folder / "other.txt"
    path.write_text(
        '#@ llama-blocks {"version": 1, "sources": ["other.gguf"]}\n'
        "WeightBlock; 0; 5; 0; -1\nTotalLayers; 5\n"
    )
    run(bench, window.documents.open(path))
    bench.qtbot.waitUntil(lambda: window.model.paths == (other,))
    assert window.editor.n_weight_layers == 5
    window.documents.show(first)
    assert window.model.paths[1:] == (fine_tune,)  # at once: both were read before
    assert window.editor.source_starts == (0, 4)
    assert [f.path for f in window.files.sources.files_of(window.documents.all[1])] == [other]
    changes: list[object] = []
    window.model.changed.connect(lambda: changes.append(None))
    window.documents.add(window.editor.plan)
    assert len(window.model.files) == 2
    assert changes == []


def save_as(bench: Bench, path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    bench.window.documents.active.path = path
    bench.window.documents.active.seen = None
    assert run(bench, bench.window.documents.save())
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
    window.documents.remove(window.documents.active)
    run(bench, window.documents.open(path))
    bench.qtbot.waitUntil(lambda: len(window.model.files) == 2)
    assert window.model.paths[1] == renamed
    saved = load(path).plan
    assert saved is not None
    assert window.editor.plan.sources == saved.sources
    assert "is not the file" not in window.status.currentMessage()
    assert run(bench, window.documents.save())
    assert '"renamed.gguf"' in path.read_text()


def test_a_file_that_changed_since_the_plan_was_saved_is_told(
    bench: Bench, fine_tune: Path
) -> None:
    window = bench.window
    add(bench, fine_tune)
    path = bench.folder / "mine.txt"
    save_as(bench, path)
    write_tiny(fine_tune, TinyModel(n_layers=3, seed=8))
    window.documents.remove(window.documents.active)
    run(bench, window.documents.open(path))
    bench.qtbot.waitUntil(lambda: "is not the file that" in window.status.currentMessage())
    assert window.model.paths[1] == fine_tune


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
    run(bench, window.documents.open(write_over(bench, "tiny.gguf", "fine tune.gguf")))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    assert strip(bench).words.text().startswith("“fine tune.gguf” was not found. “Find …”")
    assert window.model.files == ()
    assert window.editor.n_weight_layers is None
    assert rows(bench)[1].startswith("Source 2: fine tune, “fine tune.gguf” was not found.")
    drop_on(window.sources, moved)
    assert "come first" in bench.answer("OK")
    press(bench, "Find …")
    pick(bench, moved)
    bench.qtbot.waitUntil(lambda: len(window.model.files) == 2)
    assert strip(bench).isHidden()
    assert window.editor.source_starts == (0, 4)
    window.editor.undo_stack.undo()
    bench.qtbot.waitUntil(strip(bench).isVisible)


def test_a_plan_whose_model_is_missing_can_run_over_the_one_that_is_open(bench: Bench) -> None:
    window = bench.window
    run(bench, window.documents.open(write_over(bench, "gone.gguf")))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    press(bench, "Use tiny instead")
    assert window.model.file.path.name == "tiny.gguf"
    assert [p.code for p in window.editor.problems if p.severity == "error"] == ["weight-range"]
    assert strip(bench).isHidden()


def test_named_files_that_do_not_fit_each_other_say_what_differs(bench: Bench) -> None:
    write_tiny(bench.folder / "wide.gguf", TinyModel(n_embd=128))
    run(bench, bench.window.documents.open(write_over(bench, "tiny.gguf", "wide.gguf")))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    assert "width (n_embd) is 128 instead of 64" in strip(bench).words.text()
    assert bench.window.model.files == ()
    drop_on(bench.window.sources, bench.folder / "wide.gguf")
    assert "width (n_embd) is 128 instead of 64" in bench.answer("OK")
    assert bench.window.editor.plan.sources == ("tiny.gguf", "wide.gguf")


def test_a_damaged_file_says_so_in_its_row(bench: Bench) -> None:
    (bench.folder / "bad.gguf").write_bytes(b"GGUF" + bytes(100))
    run(bench, bench.window.documents.open(write_over(bench, "tiny.gguf", "bad.gguf")))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    assert "bad.gguf" in strip(bench).words.text()
    select(bench, 1)
    assert bench.window.sources.remove.isEnabled()
    bench.qtbot.keyClick(bench.window.sources.tree, Qt.Key.Key_Delete)
    assert bench.window.editor.plan.sources == ("tiny.gguf",)
    assert bench.window.model.file.path.name == "tiny.gguf"


def test_two_files_of_one_name_are_told_apart(bench: Bench) -> None:
    models = []
    for seed, name in enumerate("ab", 1):
        (bench.folder / name).mkdir()
        path = bench.folder / name / "model.gguf"
        models.append(write_tiny(path, TinyModel(n_layers=2, seed=seed)))
    add(bench, *models)
    assert bench.window.model.paths[1:] == tuple(models)
    text = save_as(bench, bench.folder / "mine.txt")
    assert '"a/model.gguf", "b/model.gguf"' in text


def test_run_says_which_file_is_missing(bench: Bench) -> None:
    run(bench, bench.window.documents.open(write_over(bench, "tiny.gguf", "gone.gguf")))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    bench.say("Hello")
    assert bench.window.chat.transcript.messages[-1].kind == "error"
    assert "“gone.gguf” was not found." in bench.window.chat.transcript.messages[-1].text


def test_plans_over_other_files_are_not_held_against_the_shown_one(
    bench: Bench, fine_tune: Path
) -> None:
    documents = bench.window.documents
    plain = documents.active
    run(bench, documents.open(write_over(bench, "tiny.gguf", "fine tune.gguf")))
    bench.qtbot.waitUntil(lambda: len(bench.window.model.files) == 2)
    documents.require_shown_files(plain)  # over the first of the two
    both = documents.active
    documents.show(plain)
    with pytest.raises(PlanError, match=r"“named\.txt” is over other model files than “plan\.txt”"):
        documents.require_shown_files(both)
    gone = bench.folder / "gone.txt"
    write_over(bench, "gone.gguf").rename(gone)
    run(bench, documents.open(gone))
    bench.qtbot.waitUntil(strip(bench).isVisible)
    with pytest.raises(PlanError, match="were not found"):
        documents.require_shown_files(documents.active)


def test_unsaved_sources_come_back_after_a_crash(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    assert run(bench, window.area.autosave.write())
    (copy,) = window.settings.recovery_folder.rglob("*.txt")
    recovered = load(copy).plan
    assert recovered is not None
    window.documents.add(recovered, is_dirty=True)
    bench.qtbot.waitUntil(lambda: len(window.model.files) == 2)
    assert window.model.paths[1] == fine_tune


def test_details_of_a_composed_file_tell_where_its_layers_come_from(fine_tune: Path) -> None:
    origins = tuple(
        OriginFile(f"{name}.gguf", FileMark(1, "00"), name, "mit") for name in ("base", "other")
    )
    made = Provenance(origins, ((0, 0), (0, 1), (1, 7)))
    model = replace(read_source(fine_tune), provenance=made, layer_types=("F16", "F16", "Q8_0"))
    told = [f"{label}: {value}" for label, value in details(model, 4)]
    assert "Composed: 4-5 from base.gguf, its 0-1" in told
    assert "Composed: 6 from other.gguf, its 7" in told
    assert "Quantisation: 4-5 F16, 6 Q8_0" in told


def test_files_dropped_where_nothing_is_open_become_the_sources(
    bench: Bench, fine_tune: Path
) -> None:
    base = bench.window.model.files[0].path
    bench.window.documents.add(Plan())
    bench.window.files.sources.choose()
    assert bench.window.sources.open.isVisible()
    bench.qtbot.waitUntil(lambda: "No model is open" in bench.window.memory.words)
    drop_on(bench.window.sources, base, fine_tune)
    bench.qtbot.waitUntil(lambda: bench.window.model.paths == (base, fine_tune))
    assert bench.window.sources.add.isVisible()


def test_the_memory_bar_has_a_part_for_each_source(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    assert "of source" not in window.memory.words  # nothing is borrowed from it yet
    third = list(window.editor.plan.blocks)[2]
    window.editor.apply("Borrow", edits.set_weights(window.editor.plan, third, 4, 1))
    layer_bytes = window.model.files[1].layer_bytes[0]
    words = f"of source 2 {format_bytes(layer_bytes)}"
    bench.qtbot.waitUntil(lambda: words in window.memory.words)
    first, second, *_ = parts_of(window.memory.figures)
    assert first.n_bytes + second.n_bytes == window.memory.figures.estimate.weights_bytes
    assert second.colour == theme.current().source(1)
