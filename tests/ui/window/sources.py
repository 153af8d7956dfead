"""What the tests of model files look at: rows, ranges, and the bar over the plan."""

from __future__ import annotations

from pathlib import Path

from app.plan.document import WeightBlock
from app.ui.files.sources.sources_bar import SourcesBar
from tests.ui.workbench import Bench


def add(bench: Bench, *paths: Path) -> None:
    assert bench.run(bench.window.source_edits.add(paths))


def rows(bench: Bench) -> list[str]:
    model = bench.window.sources.rows
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def ranges(bench: Bench) -> list[tuple[int, int]]:
    blocks = bench.window.services.editor.plan.blocks.values()
    return [(b.weight_start, b.weight_end) for b in blocks if isinstance(b, WeightBlock)]


def bar(bench: Bench) -> SourcesBar:
    return bench.window.findChild(SourcesBar)


def select(bench: Bench, row: int) -> None:
    tree = bench.window.sources.tree
    tree.setFocus()
    tree.setCurrentIndex(bench.window.sources.rows.index(row, 0))
