"""The plan as rows for Qt: blocks in the order in which they run, inputs with scales below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.plan.change import Change
from app.plan.document import Block
from app.plan.kinds import links_into
from app.plan.layer_ranges import runs
from app.plan.problem import PlanError, Problem
from app.ui.state.block_kinds import kind_ui, layer_range, scales_of
from app.ui.state.editor import PlanEditor
from app.ui.views.list_view.cell_edits import LABELS, after_typing
from app.ui.views.list_view.columns import HEADERS, Cells, Column
from app.ui.widgets import theme as themes

Index = QModelIndex | QPersistentModelIndex

_NUMBERS = (Column.NUMBER, Column.SCALE, Column.MEMORY)
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE = _PLAIN | Qt.ItemFlag.ItemIsEditable
_Role = Qt.ItemDataRole


class ListModel(QAbstractItemModel):
    """Follows the editor while `follow(True)`. `refused` carries why something typed is not taken.

    Rows of blocks are reset when their order changes; else only what changed is announced.
    """

    refused = Signal(str)

    def __init__(self, editor: PlanEditor, parent: QObject) -> None:
        super().__init__(parent)
        self._editor = editor
        self.cells = Cells(editor)
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._n_inputs: list[int] = []
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._row_texts: list[tuple[object, ...]] = []
        self._following = False
        self._by_role: dict[int, Callable[[Index, Column], object]] = {
            _Role.DisplayRole: self._words,
            _Role.ToolTipRole: self._words,
            _Role.EditRole: self._to_edit,
            _Role.AccessibleTextRole: self._spoken,
            _Role.TextAlignmentRole: self._alignment,
            _Role.ForegroundRole: self._colour,
        }
        editor.changed.connect(self._follow_change)
        editor.replaced.connect(self._start_over)
        editor.problems_changed.connect(self._refresh)

    def follow(self, following: bool) -> None:
        """Whether to keep up with the editor; what was missed is made up for."""
        self._following = following
        if following:
            self._start_over()

    def set_layer_bytes(self, layer_bytes: Sequence[int]) -> None:
        """What each weight layer of the models and its KV cache take in memory."""
        self.cells.layer_bytes = layer_bytes
        if self._ids:
            self._announce(0, len(self._ids) - 1)

    def block_id(self, index: Index) -> str:
        """The block of a row, or the merge that the row is an input of."""
        row = index.internalId() - 1 if index.internalId() else index.row()
        return self._ids[row]

    def index_of(self, id_: str) -> QModelIndex:
        """The row of a block, an invalid index where it has none."""
        row = self._rows.get(id_)
        return QModelIndex() if row is None else self.index(row, 0)

    # --- following the editor --------------------------------------------------------------------

    def _follow_change(self, change: Change) -> None:
        if not self._following:
            return
        if self._order() != self._ids:
            self._start_over()
            return
        self.cells.plan = self._editor.plan
        before, after = change.before.blocks, change.after.blocks
        for id_, block in after.items():
            if before.get(id_) is not block:
                self._fit_inputs(self._rows[id_])
        self._refresh()

    def _refresh(self) -> None:
        """Announce the rows that read differently now."""
        if not self._following:
            return
        self._learn_problems()
        rows_before, self._row_texts = self._row_texts, self._to_tell()
        differing = [
            n for n, (a, b) in enumerate(zip(rows_before, self._row_texts, strict=True)) if a != b
        ]
        for run in runs(differing):
            self._announce(run[0], run[-1])

    def _start_over(self) -> None:
        if not self._following:
            return
        self.beginResetModel()
        self.cells.plan = self._editor.plan
        self._ids = self._order()
        self._rows = {id_: row for row, id_ in enumerate(self._ids)}
        self._n_inputs = [self._count_inputs(id_) for id_ in self._ids]
        self._learn_problems()
        self._row_texts = self._to_tell()
        self.endResetModel()

    def _order(self) -> list[str]:
        """The blocks in file order, then those that the file cannot hold."""
        places = self._editor.places
        return [*places, *(id_ for id_ in self._editor.plan.blocks if id_ not in places)]

    def _learn_problems(self) -> None:
        self._problems = {}
        for problem in self._editor.problems:
            if problem.block_id is not None:
                known = self._problems.get(problem.block_id, ())
                self._problems[problem.block_id] = (*known, problem)

    def _to_tell(self) -> list[tuple[object, ...]]:
        """What the words of each row are made of."""
        blocks, output = self.cells.plan.blocks, self.cells.plan.output
        place, problems = self._editor.places.get, self._problems
        return [
            (
                block := blocks[id_],
                id_ == output,
                place(id_),
                problems.get(id_),
                *[(blocks.get(i), place(i)) for i in links_into(block) if i is not None],
            )
            for id_ in self._ids
        ]

    def _fit_inputs(self, row: int) -> None:
        before, now = self._n_inputs[row], self._count_inputs(self._ids[row])
        parent = self.index(row, 0)
        if now > before:
            self.beginInsertRows(parent, before, now - 1)
            self._n_inputs[row] = now
            self.endInsertRows()
        elif now < before:
            self.beginRemoveRows(parent, now, before - 1)
            self._n_inputs[row] = now
            self.endRemoveRows()

    def _announce(self, first: int, last: int) -> None:
        """Say that these rows read differently, and the inputs below the last of them."""
        end = len(HEADERS) - 1
        self.dataChanged.emit(self.index(first, 0), self.index(last, end))
        if n_inputs := self._n_inputs[last]:
            merge = self.index(last, 0)
            self.dataChanged.emit(self.index(0, 0, merge), self.index(n_inputs - 1, end, merge))

    def _count_inputs(self, id_: str) -> int:
        """How many rows are below a block: one for each input that has a scale of its own."""
        block = self.cells.plan.blocks[id_]
        return 0 if kind_ui(block).inputs is None else len(links_into(block))

    # --- Qt --------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        if parent is None or not parent.isValid():
            return self.createIndex(row, column, 0) if row < len(self._ids) else QModelIndex()
        return self.createIndex(row, column, parent.row() + 1)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is None or not parent.isValid():
            return len(self._ids)
        return 0 if parent.internalId() or parent.column() else self._n_inputs[parent.row()]

    def hasChildren(self, parent: Index | None = None) -> bool:
        return self.rowCount(parent) > 0

    def columnCount(self, _parent: Index | None = None) -> int:
        return len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return HEADERS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return _PLAIN
        block = self.cells.plan.blocks[self.block_id(index)]
        column, is_input = Column(index.column()), bool(index.internalId())
        return _EDITABLE if _can_be_typed(block, column, is_input=is_input) else _PLAIN

    def data(self, index: Index, role: int = _Role.DisplayRole) -> object:
        of_role = self._by_role.get(role)
        return None if of_role is None else of_role(index, Column(index.column()))

    def setData(self, index: Index, value: object, role: int = _Role.EditRole) -> bool:
        column = Column(index.column())
        if role != _Role.EditRole or str(value) == self._to_edit(index, column):
            return False
        port = index.row() if index.internalId() else 0
        try:
            after = after_typing(self._editor, self.block_id(index), port, column, str(value))
        except PlanError as error:
            self.refused.emit(str(error))
            return False
        self._editor.apply(LABELS[column], after)
        return True

    def _words(self, index: Index, column: Column) -> str:
        id_ = self.block_id(index)
        if not index.internalId():
            return self.cells.of_block(id_, column, self._problems.get(id_, ()))
        return self.cells.of_input(id_, index.row(), column)

    def _to_edit(self, index: Index, column: Column) -> str:
        """What the editor of a cell starts with: plain characters, as one would type them."""
        block = self.cells.plan.blocks[self.block_id(index)]
        port = index.row() if index.internalId() else 0
        if column == Column.SCALE:
            scales = scales_of(block)
            return repr(scales[port]) if scales else ""
        if column == Column.BLOCK:
            return block.title
        if column == Column.INPUT:
            source = links_into(block)[port]
            return "" if source is None else self.cells.short_name(source)
        return self._words(index, column).replace("–", "-")

    def _spoken(self, index: Index, column: Column) -> str:
        id_ = self.block_id(index)
        if column == Column.BLOCK and not index.internalId():
            return self.cells.sentence(id_, self._problems.get(id_, ()))
        words = self._words(index, column)
        if column == Column.BLOCK:
            block, port = self.cells.plan.blocks[id_], index.row()
            scale, link = scales_of(block)[port], links_into(block)[port]
            return f"{words}: {scale:.4g} of {self.cells.name(link)}."
        return f"{HEADERS[column]}: {words}" if words else f"{HEADERS[column]}: none"

    def _alignment(self, _index: Index, column: Column) -> Qt.AlignmentFlag | None:
        if column not in _NUMBERS:
            return None
        return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

    def _colour(self, index: Index, column: Column) -> object:
        theme = themes.current()
        if column == Column.STATE and not index.internalId():
            severities = {p.severity for p in self._problems.get(self.block_id(index), ())}
            if severities:
                return theme.error if "error" in severities else theme.note
        block = self.cells.plan.blocks[self.block_id(index)]
        quiet = block.muted or column in (Column.NUMBER, Column.MEMORY, Column.STATE)
        return theme.quiet if quiet else None


def _can_be_typed(block: Block, column: Column, *, is_input: bool) -> bool:
    """Whether a cell can be typed in: an input with a row of its own only there."""
    match column:
        case Column.BLOCK:
            return not is_input
        case Column.WEIGHT_LAYERS:
            return not is_input and layer_range(block) is not None
        case Column.INPUT:
            return is_input or len(links_into(block)) == 1
        case Column.SCALE:
            return is_input or (kind_ui(block).inputs is None and len(scales_of(block)) == 1)
    return False
