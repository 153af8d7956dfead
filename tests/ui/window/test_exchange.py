"""Plans imported from and exported for other programs in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QAction

from app.plan.document import WeightBlock
from app.ui.files.exchange import LAYER_BLOCKS, MERGEKIT, PATHS
from tests.model_files.tiny import TinyModel, write_tiny
from tests.ui.workbench import Bench

YAML = """\
merge_method: passthrough
slices:
- sources: [{model: org/tiny, layer_range: [0, 3]}]
- sources: [{model: org/second, layer_range: [1, 4]}]
"""


def write(bench: Bench, text: str, name: str = "merge.yml") -> Path:
    path = bench.folder / name
    path.write_text(text)
    return path


def take(bench: Bench, path: Path) -> None:
    bench.window.services.tasks.start(bench.window.exchange.take(path))


def blocks(bench: Bench) -> list[WeightBlock]:
    return [
        b for b in bench.window.services.editor.plan.blocks.values() if isinstance(b, WeightBlock)
    ]


def action(bench: Bench, words: str) -> QAction:
    menus = bench.window.menuBar().findChildren(QAction)
    return next(a for a in menus if a.text().replace("&", "") == words)


def test_a_configuration_opens_in_a_tab_over_the_files_it_means(bench: Bench) -> None:
    second = write_tiny(bench.folder / "second.Q8_0.gguf", TinyModel(seed=1))
    action(bench, "Import …").trigger()
    bench.pick(write(bench, YAML))
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "merge")
    said = bench.answer("OK")
    assert "imported, with notes" in said
    assert "the head from the last slice's model" in said
    assert [(b.weight_start, b.title) for b in blocks(bench)] == [(0, "tiny"), (5, "second")]
    assert all(b.position is not None for b in blocks(bench))
    bench.qtbot.waitUntil(lambda: len(bench.window.services.model.files) == 2)
    assert [f.path.name for f in bench.window.services.model.files] == ["tiny.gguf", second.name]
    assert bench.window.services.documents.active.is_dirty
    assert [d.name for d in bench.window.services.documents.all] == ["plan.txt", "merge"]


def test_a_model_that_is_not_at_hand_is_told_and_missed_in_the_sources(bench: Bench) -> None:
    take(bench, write(bench, YAML))
    said = bench.answer("OK")
    assert "No model file matches “org/second”." in said
    assert bench.window.services.editor.plan.sources == ("tiny.gguf", "org/second")
    missing = bench.window.services.sources
    bench.qtbot.waitUntil(lambda: missing.missing is not None)
    assert "second" in missing.missing.why


def test_what_cannot_be_imported_is_refused_in_words_and_lines(bench: Bench) -> None:
    take(bench, write(bench, YAML.replace("passthrough", "slerp").replace("[0, 3]", "[3, 0]")))
    said = bench.answer("OK")
    assert "“merge.yml” cannot be imported." in said
    assert "Line 1: merge_method “slerp”" in said
    assert [d.name for d in bench.window.services.documents.all] == ["plan.txt"]
    take(bench, write(bench, "name: tiny", "other.yml"))
    assert "It is not mergekit's YAML" in bench.answer("OK")
    take(bench, bench.folder / "nowhere.yml")
    assert "could not be read" in bench.answer("OK")


def test_a_list_of_layers_counts_through_the_open_model(bench: Bench) -> None:
    take(bench, write(bench, "0..2,1..3", "path.txt"))
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "path")
    assert [(b.weight_start, b.n_layers) for b in blocks(bench)] == [(0, 3), (1, 3)]
    take(bench, write(bench, "0..9", "long.txt"))
    assert "Line 1: Block 0 borrows weight layers 0-9" in bench.answer("OK")


def test_a_plan_is_opened_as_ever(bench: Bench) -> None:
    take(bench, write(bench, "WeightBlock; 0; 2; 1; -1\nTotalLayers; 2\n", "two.txt"))
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "two.txt")
    assert bench.window.services.documents.active.path == bench.folder / "two.txt"


def test_opened_as_a_plan_it_is_said_where_it_can_be_read(bench: Bench) -> None:
    bench.window.files.open_plan(write(bench, YAML, "merge.txt"))
    assert "File > Import reads it." in bench.answer("OK")
    bench.window.files.open_plan(write(bench, "Dear all", "letter.txt"))
    assert "Import" not in bench.answer("OK")


def test_a_configuration_or_a_list_may_be_dropped_on_the_window(bench: Bench) -> None:
    write_tiny(bench.folder / "second.gguf", TinyModel(seed=1))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(write(bench, YAML)))])
    assert bench.window.drops.take(mime)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "merge")
    bench.answer("OK")
    mime.setUrls([QUrl.fromLocalFile(str(write(bench, "0..2,1..3", "path.txt")))])
    assert bench.window.drops.take(mime)
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "path")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("layerBlocks.txt …", "WeightBlock; 0; 3; 0; -1\nWeightBlock; 3; 6; 1; 0\n"),
        ("mergekit YAML …", '- model: "tiny"\n    layer_range: [1, 4]\n'),
        ("List of layers …", "0..2,1..3\n"),
    ],
)
def test_a_chain_is_exported_in_each_form(bench: Bench, words: str, text: str) -> None:
    take(bench, write(bench, "0..2,1..3", "path.txt"))
    bench.qtbot.waitUntil(lambda: bench.window.services.documents.name == "path")
    action(bench, words).trigger()
    target = bench.folder / "exported"
    target.with_suffix(".txt").unlink(missing_ok=True)
    bench.pick(bench.folder / "exported.out")
    bench.qtbot.waitUntil((bench.folder / "exported.out").exists)
    assert text in (bench.folder / "exported.out").read_text()


def test_a_merge_is_exported_as_layerblocks_only(bench: Bench) -> None:
    for form in (MERGEKIT, PATHS):
        bench.window.services.tasks.start(bench.window.exchange.export(form))
        said = bench.answer("OK")
        assert f"cannot be exported as “{form.title}”" in said
        assert "Block 3 merges outputs" in said
    bench.window.services.tasks.start(bench.window.exchange.export(LAYER_BLOCKS))
    bench.pick(bench.folder / "strict.txt")
    bench.qtbot.waitUntil((bench.folder / "strict.txt").exists)
    assert "MergeBlock; 1; 0.5; 2; 0.5" in (bench.folder / "strict.txt").read_text()
