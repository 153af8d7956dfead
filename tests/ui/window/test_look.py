"""The window's look: it follows the system from light to dark while open, and fits 1280x800."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QDockWidget, QScrollArea, QToolBar, QWidget

from app.plan.document import MergeBlock, WeightBlock
from app.ui.widgets import theme
from tests.ui.workbench import Bench


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    theme.show(qapp, theme.light())


def test_every_part_follows_from_light_to_dark(bench: Bench, app: QApplication) -> None:
    window = bench.window
    theme.show(app, theme.light())
    bench.say("Hi")
    parts: list[QWidget] = [*window.docks.values(), *window.findChildren(QToolBar)]
    parts += [window.statusBar(), window.menuBar(), window.memory, window.canvas]
    parts += window.chat.transcript.messages

    def is_dark(part: QWidget) -> bool:
        corner = part.mapTo(window, QPoint(1, part.height() - 3))
        return window.grab().toImage().pixelColor(corner).lightness() < 128

    for dark in (False, True):
        theme.show(app, theme.dark() if dark else theme.light())
        for part in parts:
            dock = part if isinstance(part, QDockWidget) else window.docks["Chat"]
            dock.raise_()
            bench.qtbot.waitUntil(lambda part=part, dark=dark: is_dark(part) == dark)


def test_everything_has_room_at_1280_by_800(bench: Bench) -> None:
    window = bench.window
    window.resize(1280, 800)
    bench.qtbot.waitUntil(lambda: window.width() == 1280)
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 800
    assert window.canvas.width() >= 560
    assert window.canvas.height() >= 480


def test_a_blocks_fields_can_be_seen_without_scrolling(bench: Bench) -> None:
    window = bench.window
    inspector = window.docks["Inspector"].widget()
    assert isinstance(inspector, QScrollArea)
    blocks = window.services.editor.plan.blocks.values()
    for kind in (WeightBlock, MergeBlock):
        window.canvas.plan_scene.select([next(b.id for b in blocks if isinstance(b, kind))])
        bench.qtbot.waitUntil(lambda: inspector.verticalScrollBar().maximum() == 0)
