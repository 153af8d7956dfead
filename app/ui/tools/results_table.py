"""Results as a table: shown, with rows that are added, chosen and copied; and saved as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows, as CSV says them."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> str:
        """The table as comma-separated values, lines ended as RFC 4180 has it."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return out.getvalue()


class ResultsTable(QTableView):
    """Ctrl+C copies the selected rows under their headers, to be pasted into a spreadsheet."""

    def __init__(self, name: str, headers: Sequence[str], words: Collection[str]) -> None:
        """`words` are the headers of the columns that do not hold numbers."""
        super().__init__()
        self.headers = tuple(headers)
        self._are_words = [header in words for header in headers]
        self._results = QStandardItemModel(0, len(headers), self)
        self._results.setHorizontalHeaderLabels(self.headers)
        self.setModel(self._results)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)
        self.resizeColumnsToContents()
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    @property
    def rows(self) -> list[list[str]]:
        """What the cells say."""
        model = self._results
        columns = range(model.columnCount())
        return [[model.item(row, c).text() for c in columns] for row in range(model.rowCount())]

    def add(self, cells: Sequence[str]) -> None:
        """A row at the end."""
        items = [QStandardItem(cell) for cell in cells]
        for item, is_words in zip(items, self._are_words, strict=True):
            if not is_words:
                item.setTextAlignment(_RIGHT)
        self._results.appendRow(items)
        self.resizeColumnsToContents()
        self.scrollToBottom()

    def clear(self) -> None:
        """Take all rows out."""
        self._results.removeRows(0, self._results.rowCount())

    def selected_rows(self) -> list[int]:
        """Their numbers, ascending."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def _copy(self) -> None:
        rows = self.rows
        chosen = [self.headers, *(rows[n] for n in self.selected_rows())]
        QApplication.clipboard().setText("\n".join("\t".join(row) for row in chosen))
