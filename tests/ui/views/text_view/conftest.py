"""The text view beside a canvas, and hands that type into it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.canvas import Canvas
from app.ui.state.editor import PlanEditor
from app.ui.state.tasks import Tasks
from app.ui.views.text_view import TextPanel
from tests.ui.hands import CTRL, CTRL_SHIFT, LEFT, NO_KEY, SHIFT


class Typist:
    """Types into the text and reads what stands there."""

    def __init__(self, panel: TextPanel, editor: PlanEditor, canvas: Canvas, qtbot: QtBot) -> None:
        self.panel = panel
        self.editor = editor
        self.canvas = canvas
        self.qtbot = qtbot
        self.text = panel.text
        self.window = panel.window()

    @property
    def lines(self) -> list[str]:
        return self.text.toPlainText().split("\n")

    def go_to(self, line: int, column: int | None = None) -> None:
        """Put the text cursor into a line, counted from 0, by default at its end."""
        block = self.text.document().findBlockByNumber(line)
        cursor = QTextCursor(block)
        at = len(block.text()) if column is None else column
        cursor.setPosition(block.position() + at)
        self.text.setTextCursor(cursor)

    def type(self, keys: str) -> None:
        QTest.keyClicks(self.text, keys)

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY):
        QTest.keyClick(self.text, key, keys)

    def undo(self) -> None:
        self.press(Qt.Key.Key_Z, CTRL)

    def redo(self) -> None:
        control_shift = CTRL_SHIFT
        self.press(Qt.Key.Key_Z, control_shift)

    def replace_line(self, line: int, text: str) -> None:
        """Select a line and type another in its place."""
        self.go_to(line, 0)
        self.press(Qt.Key.Key_End, SHIFT)
        self.type(text)

    def paste(self, text: str) -> None:
        QApplication.clipboard().setText(text)
        self.press(Qt.Key.Key_V, CTRL)

    def pause(self) -> None:
        """Wait until what was typed has been read."""
        self.qtbot.waitUntil(lambda: not self.panel.sync.is_unread)

    def words(self) -> str:
        return self.panel.bar.words.text()

    def link(self, words: str) -> None:
        """Press a link of the bar."""
        button = next(b for b in self.panel.bar.buttons if b.text() == words)
        QTest.mouseClick(button, LEFT)

    def link_words(self) -> list[str]:
        return [b.text() for b in self.panel.bar.buttons]


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
def typist(qtbot, editor, tasks) -> Typist:
    """Text and canvas side by side in one window, the text with the keys."""
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    canvas, panel = Canvas(editor), TextPanel(editor, tasks)
    row.addWidget(canvas, 1)
    row.addWidget(panel, 1)
    panel.block_requested.connect(canvas.look_at_block)
    panel.stale_changed.connect(canvas.set_stale)
    canvas.selection_changed.connect(panel.show_selection)
    window.resize(1400, 600)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    panel.text.setFocus()
    qtbot.waitUntil(panel.text.hasFocus)
    return Typist(panel, editor, canvas, qtbot)
