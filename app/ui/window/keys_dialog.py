"""The sheet of all keys and gestures, to be searched or read through."""

from __future__ import annotations

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QMenuBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.ui.widgets import theme as themes
from app.ui.window.keys import all_ways


class KeysDialog(QDialog):
    """Stays open beside the window until it is closed."""

    def __init__(self, menu_bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys and gestures")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search keys and gestures")
        self.search.setAccessibleName("Search keys and gestures")
        self.search.setClearButtonEnabled(True)
        self._matches = QSortFilterProxyModel(self)
        self._matches.setSourceModel(_model(menu_bar, self))
        self._matches.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._matches.setFilterKeyColumn(-1)
        self._matches.setRecursiveFilteringEnabled(True)
        self.sheet = QTreeView()
        self.sheet.setAccessibleName("Keys and gestures")
        self.sheet.setModel(self._matches)
        self.sheet.setHeaderHidden(True)
        self.sheet.setRootIsDecorated(False)
        self.sheet.setItemsExpandable(False)
        self.sheet.setIndentation(12)
        self.sheet.setStyleSheet("QTreeView::item { padding: 2px 0 }")
        self.sheet.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.sheet.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.sheet)
        self.search.textChanged.connect(self._filter)
        self._filter("")
        self.resize(720, 680)

    def shown_words(self) -> list[tuple[str, str]]:
        """What the sheet shows now, row by row, without the headings."""
        matches = self._matches
        groups = [matches.index(row, 0) for row in range(matches.rowCount())]
        return [
            (matches.index(row, 0, group).data(), matches.index(row, 1, group).data())
            for group in groups
            for row in range(matches.rowCount(group))
        ]

    def _filter(self, text: str) -> None:
        self._matches.setFilterFixedString(text.strip())
        self.sheet.expandAll()
        for row in range(self._matches.rowCount()):
            self.sheet.setFirstColumnSpanned(row, self.sheet.rootIndex(), True)


def _model(menu_bar: QMenuBar, parent: QWidget) -> QStandardItemModel:
    model = QStandardItemModel(0, 2, parent)
    for title, ways in all_ways(menu_bar):
        group = _item(title)
        font = group.font()
        font.setBold(True)
        group.setFont(font)
        for way in ways:
            hand = _item(way.hand)
            hand.setForeground(themes.current().quiet)
            group.appendRow([_item(way.words), hand])
        model.appendRow([group, _item("")])
    return model


def _item(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setEditable(False)
    return item
