"""What the tests of model files do by hand: drops, rows, and the strip over the plan."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from app.plan.document import WeightBlock
from app.ui.files.sources.strip import SourcesStrip
from tests.ui.window.conftest import Bench
from tests.ui.window.test_files import run


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
