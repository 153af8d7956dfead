"""The sources as rows that open to their details; rows are dragged into another order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.ui.files.sources.words import Detail, details, summary
from app.ui.state.plan_sources import Source

Index = QModelIndex | QPersistentModelIndex

_ROW = "application/x-llama-blocks-source"
_NOWHERE = QModelIndex()
_TOP = 0
"""The internal id of a source's row; its details have the row's number and 1."""


def dropped_paths(mime: QMimeData) -> list[Path]:
    """The files among what is dragged."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


class SourceRows(QAbstractItemModel):
    """`move_wanted` carries a row and the place it was dragged to, `dropped` a list of paths."""

    move_wanted = Signal(int, int)
    dropped = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._sources: tuple[Source, ...] = ()
        self._starts: tuple[int, ...] = ()
        self._details: list[list[Detail]] = []

    def show(self, sources: Sequence[Source]) -> None:
        """Show these sources in the order in which their weight layers are counted."""
        sizes = (source.file.n_layers if source.file else 0 for source in sources)
        starts = tuple(accumulate(sizes, initial=0))
        self.beginResetModel()
        self._sources, self._starts = tuple(sources), starts
        self._details = [
            list(details(source.file, start)) if source.file else []
            for source, start in zip(sources, starts, strict=False)
        ]
        self.endResetModel()

    def source(self, index: Index) -> Source:
        """The source of a row or of one of its details."""
        return self._sources[self.source_row(index)]

    def source_row(self, index: Index) -> int:
        """Which source a row or a detail belongs to; -1 for none."""
        if not index.isValid():
            return -1
        return index.row() if index.internalId() == _TOP else index.internalId() - 1

    def detail(self, index: Index) -> Detail | None:
        """The detail in a row, None in the row of a source itself."""
        if index.internalId() == _TOP:
            return None
        return self._details[index.internalId() - 1][index.row()]

    def summary(self, index: Index) -> str:
        """The second line of a source's row."""
        row = self.source_row(index)
        return summary(self._sources[row], self._starts[row])

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _TOP)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        if not parent.isValid():
            return len(self._sources)
        return len(self._details[parent.row()]) if parent.internalId() == _TOP else 0

    def columnCount(self, _parent: Index = _NOWHERE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        roles = Qt.ItemDataRole
        if role not in (roles.DisplayRole, roles.AccessibleTextRole, roles.ToolTipRole):
            return None
        detail = self.detail(index)
        if detail is not None:
            return f"{detail.label}: {detail.value}"
        row = self.source_row(index)
        if role == roles.ToolTipRole:
            return "\n".join(f"{label}: {value}" for label, value in self._details[row])
        name = self._sources[row].name
        return f"Source {row + 1}: {Path(name).stem}, {self.summary(index)}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag
        if not index.isValid():
            return flags.ItemIsDropEnabled
        usual = flags.ItemIsEnabled | flags.ItemIsSelectable
        if index.internalId() != _TOP:
            return usual | flags.ItemNeverHasChildren
        return usual | flags.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [_ROW, "text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        mime.setData(_ROW, str(self.source_row(indexes[0])).encode())
        return mime

    def canDropMimeData(
        self, data: QMimeData, _action: Qt.DropAction, _row: int, _column: int, parent: Index
    ) -> bool:
        return data.hasUrls() or (data.hasFormat(_ROW) and not parent.isValid())

    def dropMimeData(
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, _parent: Index
    ) -> bool:
        """Say what was dropped. Of a row that was dragged the view must take nothing away itself,
        so this is False."""
        paths = dropped_paths(data)
        if paths:
            self.dropped.emit(paths)
            return True
        row_from = int(data.data(_ROW).data())
        place = len(self._sources) if row < 0 else row
        self.move_wanted.emit(row_from, place - 1 if place > row_from else place)
        return False
