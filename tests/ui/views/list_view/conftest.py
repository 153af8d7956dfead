"""The list beside the canvas, and hands that type into its cells."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.ui.canvas import Canvas
from app.ui.state.editor import PlanEditor
from app.ui.views.list_view import ListPanel
from app.ui.views.list_view.columns import Column
from tests.ui.hands import LEFT, NO_KEY


class Clerk:
    """Points at cells, types into them and reads them."""

    def __init__(self, panel: ListPanel, canvas: Canvas, qtbot: QtBot) -> None:
        self.panel = panel
        self.tree = panel.tree
        self.model = panel.model
        self.canvas = canvas
        self.qtbot = qtbot
        self.window = panel.window()

    def cell(self, id_: str, column: Column, port: int | None = None) -> QModelIndex:
        row = self.model.index_of(id_)
        if port is None:
            return row.siblingAtColumn(column)
        return self.model.index(port, column, row)

    def words(self, id_: str, column: Column, port: int | None = None) -> str:
        return self.cell(id_, column, port).data()

    def column(self, column: Column) -> list[str]:
        return [self.model.index(r, column).data() for r in range(self.model.rowCount())]

    def click(self, index: QModelIndex, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        at = self.tree.visualRect(index).center()
        QTest.mouseClick(self.tree.viewport(), LEFT, keys, at)

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.tree, key, keys)

    def type_into(self, index: QModelIndex, text: str) -> None:
        """Choose a cell, open it with F2, type, and press Enter."""
        self.click(index)
        self.tree.setCurrentIndex(index)
        self.press(Qt.Key.Key_F2)
        field = self.tree.viewport().findChild(QLineEdit)
        assert field is not None
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        self.qtbot.waitUntil(lambda: self.tree.viewport().findChild(QLineEdit) is None)

    def said(self) -> str:
        return self.panel.bar.words.text()


@pytest.fixture
def clerk(qtbot: QtBot, editor: PlanEditor) -> Clerk:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    canvas = Canvas(editor)
    panel = ListPanel(editor, canvas)
    row.addWidget(canvas, 1)
    row.addWidget(panel, 1)
    window.resize(1800, 600)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    panel.tree.setFocus()
    qtbot.waitUntil(panel.tree.hasFocus)
    return Clerk(panel, canvas, qtbot)
