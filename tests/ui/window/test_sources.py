"""Several model files over one plan: added, ordered, taken out, named, and found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt

from app.memory.amounts import format_bytes
from app.model_files.provenance import OriginFile, Provenance
from app.model_files.reader import read_source
from app.plan import edits
from app.plan.document import FileMark, Plan
from app.ui.files.drops import ADD
from app.ui.files.sources.words import details
from app.ui.widgets import theme
from app.ui.window.memory_panel import parts_of
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.hands import ALT, drop, drop_data
from tests.ui.window.sources import add, ranges, rows, select
from tests.ui.workbench import Bench


def test_files_dropped_on_the_panel_are_added_as_one_step(
    bench: Bench, fine_tune: Path, pack: Path
) -> None:
    window = bench.window
    drop(window.sources, fine_tune, pack)
    bench.qtbot.waitUntil(lambda: len(window.services.model.files) == 3)
    assert window.services.editor.source_starts == (0, 4, 7)
    assert window.services.editor.n_weight_layers == 9
    assert window.services.editor.plan.sources == ("tiny.gguf", "fine tune.gguf", "pack.gguf")
    assert [words.split(" · ")[0] for words in rows(bench)] == [
        "Source 1: tiny, 0-3",
        "Source 2: fine tune, 4-6",
        "Source 3: pack, 7-8",
    ]
    assert window.services.editor.undo_stack.count() == 1
    window.services.editor.undo_stack.undo()
    assert (window.services.editor.n_weight_layers, len(rows(bench))) == (4, 1)
    window.services.editor.undo_stack.redo()
    assert window.services.editor.n_weight_layers == 9


def test_what_is_added_is_scrolled_to(bench: Bench, fine_tune: Path, pack: Path) -> None:
    tree = bench.window.sources.tree
    tree.setFixedHeight(60)
    add(bench, fine_tune, pack)
    last = bench.window.sources.rows.index(2, 0)
    shown = tree.viewport().rect()
    bench.qtbot.waitUntil(lambda: shown.contains(tree.visualRect(last).center()))
    assert not shown.contains(tree.visualRect(bench.window.sources.rows.index(0, 0)).center())


def test_files_are_chosen_by_the_button(bench: Bench, fine_tune: Path, pack: Path) -> None:
    bench.window.sources.add.click()
    bench.pick(fine_tune, pack)
    bench.qtbot.waitUntil(lambda: bench.window.services.editor.n_weight_layers == 9)
    assert set(bench.window.services.settings.recent_models()) == {fine_tune, pack}


def test_a_model_that_fits_is_added_or_opened_when_it_is_dropped_on_the_window(
    bench: Bench, fine_tune: Path, pack: Path
) -> None:
    assert drop(bench.window, fine_tune)
    bench.answer(ADD)
    bench.qtbot.waitUntil(lambda: bench.window.services.editor.n_weight_layers == 7)
    assert drop(bench.window, pack)  # can only be added
    bench.qtbot.waitUntil(lambda: bench.window.services.editor.n_weight_layers == 9)


def test_what_does_not_fit_is_refused_with_what_differs(bench: Bench, fine_tune: Path) -> None:
    wide = write_tiny(bench.folder / "wide.gguf", TinyModel(n_embd=128))
    drop(bench.window.sources, fine_tune, wide)
    said = bench.answer("OK")
    assert "“wide.gguf” does not fit “tiny.gguf”" in said
    assert "width (n_embd) is 128 instead of 64" in said
    assert "Nothing was changed" in said
    drop(bench.window.sources, bench.folder / "plan.txt")
    assert "text file" in bench.answer("OK")
    assert bench.window.services.editor.undo_stack.count() == 0
    assert len(rows(bench)) == 1


def test_a_file_is_no_source_twice(bench: Bench, fine_tune: Path) -> None:
    add(bench, fine_tune)
    drop(bench.window.sources, fine_tune)
    assert "listed twice" in bench.answer("OK")
    assert bench.window.services.editor.n_weight_layers == 7


def test_sources_change_places_and_blocks_keep_their_weights(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    editor = window.services.editor
    third = list(editor.plan.blocks)[2]
    editor.apply("Borrow", edits.set_weights(editor.plan, third, 5, 2))
    before = editor.plan
    select(bench, 1)
    bench.qtbot.keyClick(window.sources.tree, Qt.Key.Key_Up, ALT)
    assert [file.path.name for file in window.services.model.files] == [
        "fine tune.gguf",
        "tiny.gguf",
    ]
    assert ranges(bench) == [(3, 5), (5, 7), (1, 3)]
    assert "vocabulary, embeddings and head" in window.status.currentMessage()
    assert window.sources.rows.source_row(window.sources.tree.currentIndex()) == 0
    editor.undo_stack.undo()
    assert editor.plan == before
    assert window.services.model.file.path.name == "tiny.gguf"


def test_a_row_is_dragged_to_another_place(bench: Bench, fine_tune: Path, pack: Path) -> None:
    add(bench, fine_tune, pack)
    panel = bench.window.sources
    mime = panel.rows.mimeData([panel.rows.index(1, 0)])
    below = panel.tree.visualRect(panel.rows.index(2, 0)).bottomLeft() + QPoint(40, 2)
    drop_data(panel.tree.viewport(), mime, below)
    names = [file.path.stem for file in bench.window.services.model.files]
    assert names == ["tiny", "pack", "fine tune"]


def test_a_pack_does_not_come_first(bench: Bench, pack: Path) -> None:
    add(bench, pack)
    panel = bench.window.sources
    select(bench, 0)
    assert not panel.remove.isEnabled()
    select(bench, 1)
    assert not panel.up.isEnabled()
    bench.window.source_edits.move(1, 0)
    assert "“pack.gguf” has only layers" in bench.window.status.currentMessage()
    assert bench.window.services.editor.source_starts == (0, 4)


def test_a_source_that_is_taken_out_leaves_its_blocks_with_a_problem(
    bench: Bench, fine_tune: Path
) -> None:
    add(bench, fine_tune)
    editor = bench.window.services.editor
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
    bench.window.services.editor.undo_stack.undo()
    bench.window.services.editor.undo_stack.redo()
    assert bench.window.sources.tree.isExpanded(model.index(1, 0))


def test_each_tab_has_the_sources_that_its_plan_names(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    first = window.services.documents.active
    other = write_tiny(bench.folder / "other.gguf", TinyModel(n_layers=5, n_embd=128))
    path = bench.folder / "other.txt"
    path.write_text(
        '#@ llama-blocks {"version": 1, "sources": ["other.gguf"]}\n'
        "WeightBlock; 0; 5; 0; -1\nTotalLayers; 5\n"
    )
    bench.run(window.services.documents.open(path))
    bench.qtbot.waitUntil(lambda: window.services.model.paths == (other,))
    assert window.services.editor.n_weight_layers == 5
    window.services.documents.show(first)
    assert window.services.model.paths[1:] == (fine_tune,)  # at once: both were read before
    assert window.services.editor.source_starts == (0, 4)
    assert [f.path for f in window.services.sources.files_of(window.services.documents.all[1])] == [
        other
    ]
    changes: list[object] = []
    window.services.model.changed.connect(lambda: changes.append(None))
    window.services.documents.add(window.services.editor.plan)
    assert len(window.services.model.files) == 2
    assert changes == []


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
    base = bench.window.services.model.files[0].path
    bench.window.services.documents.add(Plan())
    bench.window.services.sources.choose()
    assert bench.window.sources.open.isVisible()
    bench.qtbot.waitUntil(lambda: "No model is open" in bench.window.memory.words)
    drop(bench.window.sources, base, fine_tune)
    bench.qtbot.waitUntil(lambda: bench.window.services.model.paths == (base, fine_tune))
    assert bench.window.sources.add.isVisible()


def test_the_memory_bar_has_a_part_for_each_source(bench: Bench, fine_tune: Path) -> None:
    window = bench.window
    add(bench, fine_tune)
    assert "of source" not in window.memory.words  # nothing is borrowed from it yet
    third = list(window.services.editor.plan.blocks)[2]
    window.services.editor.apply(
        "Borrow", edits.set_weights(window.services.editor.plan, third, 4, 1)
    )
    layer_bytes = window.services.model.files[1].layer_bytes[0]
    words = f"of source 2 {format_bytes(layer_bytes)}"
    bench.qtbot.waitUntil(lambda: words in window.memory.words)
    first, second, *_ = parts_of(window.services.memory_watch.figures)
    assert (
        first.n_bytes + second.n_bytes
        == window.services.memory_watch.figures.estimate.weights_bytes
    )
    assert second.colour == theme.current().source(1)
