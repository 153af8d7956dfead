"""The list of blocks: typed in, sorted as the plan runs, its selection shared with the canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.plan.layer_ranges import runs
from app.ui.canvas import Canvas
from app.ui.state.block_kinds import kind_uis
from app.ui.state.editor import PlanEditor
from app.ui.views.list_view.columns import Column
from app.ui.views.list_view.model import Index, ListModel
from app.ui.widgets import theme as themes
from app.ui.widgets.message_bar import MessageBar
from app.ui.widgets.quantity import quantity
from app.ui.widgets.visibility import Visibility

_WIDTHS = {
    Column.NUMBER: 36,
    Column.BLOCK: 108,
    Column.WEIGHT_LAYERS: 88,
    Column.PLAN_LAYERS: 76,
    Column.INPUT: 88,
    Column.SCALE: 72,
    Column.MEMORY: 62,
}
_LEAST_STATE = 80
_ROW_PAD = 4


class ListPanel(QWidget):
    """The plan for keyboard and screen reader: all that the canvas shows can be typed here."""

    def __init__(self, editor: PlanEditor, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._canvas = canvas
        self.model = ListModel(editor, self)
        self.tree = _make_tree(self.model)
        self.bar = MessageBar()
        self._expanded_ids: set[str] = set()
        self._current: tuple[str, int] | None = None
        self._selecting = False
        self._visibility = Visibility(self)
        self._visibility.changed.connect(self.model.follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.tree, 1)
        self._add_keys()
        self.model.refused.connect(lambda words: self.bar.say("error", words))
        self.model.modelAboutToBeReset.connect(self._remember)
        self.model.modelReset.connect(self._recall)
        self.model.dataChanged.connect(self._count)
        self.tree.expanded.connect(lambda index: self._expanded_ids.add(self.model.block_id(index)))
        self.tree.collapsed.connect(
            lambda index: self._expanded_ids.discard(self.model.block_id(index))
        )
        self.tree.selectionModel().selectionChanged.connect(self._selected_here)
        canvas.selection_changed.connect(self.show_selection)

    def sizeHint(self) -> QSize:
        return QSize(600, 160)

    def set_layer_bytes(self, layer_bytes: Sequence[int]) -> None:
        """What each weight layer and its KV cache take, for the Memory column."""
        self.model.set_layer_bytes(layer_bytes)

    def selected_ids(self) -> tuple[str, ...]:
        """The blocks of the selected rows, in the plan's order."""
        ids: set[str] = set()
        for rows in list(self.tree.selectionModel().selection()):  # type: ignore[call-overload]
            for row in range(rows.top(), rows.bottom() + 1):
                ids.add(self.model.block_id(self.model.index(row, 0, rows.parent())))
        return tuple(i for i in self.model.cells.plan.blocks if i in ids)

    def show_selection(self, ids: tuple[str, ...]) -> None:
        """Select the rows of these blocks, without a word to the canvas."""
        if (
            self._selecting
            or not self._visibility.is_in_sight
            or set(ids) == set(self.selected_ids())
        ):
            return
        rows = sorted(index.row() for i in ids if (index := self.model.index_of(i)).isValid())
        selection = QItemSelection()
        for run in runs(rows):
            first, last = self.model.index(run[0], 0), self.model.index(run[-1], Column.STATE)
            selection.select(first, last)
        flags = QItemSelectionModel.SelectionFlag
        self._selecting = True
        selection_model = self.tree.selectionModel()
        selection_model.select(selection, flags.ClearAndSelect)
        if rows:
            column = max(0, self.tree.currentIndex().column())
            first_row = self.model.index(rows[0], column)
            selection_model.setCurrentIndex(first_row, flags.NoUpdate)
            self.tree.scrollTo(first_row)
        self._selecting = False

    def _selected_here(self) -> None:
        if self._selecting:
            return
        ids = self.selected_ids()
        if set(ids) == set(self._canvas.selected_ids()):
            return
        self._selecting = True
        if len(ids) == 1:
            self._canvas.look_at_block(ids[0])
        else:
            self._canvas.plan_scene.select(ids)
        self._selecting = False

    def _remember(self) -> None:
        """Note which cell has the cursor: a reset forgets it, as it does which merges are open."""
        tree, model = self.tree, self.model
        self._selecting = True
        current = tree.currentIndex()
        self._current = (model.block_id(current), current.column()) if current.isValid() else None

    def _recall(self) -> None:
        tree, model = self.tree, self.model
        for id_ in self._expanded_ids & self._editor.plan.blocks.keys():
            tree.setExpanded(model.index_of(id_), True)
        if self._current is not None:
            index = model.index_of(self._current[0])
            if index.isValid():
                flags = QItemSelectionModel.SelectionFlag
                cell = index.siblingAtColumn(self._current[1])
                tree.selectionModel().setCurrentIndex(cell, flags.NoUpdate)
        self._selecting = False
        self.show_selection(self._canvas.selected_ids())
        self._count()

    def _count(self) -> None:
        blocks = quantity(self.model.rowCount(), "block")
        self.bar.say(
            None,
            f"{blocks}, in running order. Double-click or F2 edits a cell, Insert adds a block.",
        )

    def _add_keys(self) -> None:
        """The canvas's actions under the same keys, and two that keep the focus here."""
        commands, tree = self._canvas.commands, self.tree
        tree.addActions([commands.delete, commands.delete_and_join, commands.block.mute])
        tree.addAction(_separator(tree))
        tree.addActions([commands.cut, commands.copy, commands.paste, commands.duplicate])
        tree.addAction(_separator(tree))
        for n, kind in enumerate(kind_uis()):
            key = kind.key if n else "Ins"  # a letter alone goes to a row that begins with it
            run = partial(self._canvas.add_block, kind.name)
            self._add(f"Add {kind.title.lower()}", key, run)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _add(self, words: str, key: str, add: Callable[[], None]) -> None:
        def run() -> None:
            add()
            self.tree.setFocus()

        action = QAction(words, self.tree)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: run())
        self.tree.addAction(action)


class _Rows(QStyledItemDelegate):
    """Rows with room to breathe, which also fits the field that is typed into."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(0, _ROW_PAD)


def _make_tree(model: ListModel) -> QTreeView:
    tree = QTreeView()
    tree.setModel(model)
    tree.setAccessibleName("Blocks")
    tree.setAccessibleDescription("The blocks of the plan in running order.")
    tree.setFrameShape(QFrame.Shape.NoFrame)
    tree.setUniformRowHeights(True)
    tree.setItemDelegate(_Rows(tree))
    tree.setAllColumnsShowFocus(False)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    tree.setEditTriggers(
        QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
    )
    tree.setExpandsOnDoubleClick(False)
    tree.setFont(themes.with_tabular_figures(tree.font()))
    tree.header().setDefaultSectionSize(_LEAST_STATE)
    for column, width in _WIDTHS.items():
        tree.setColumnWidth(column, width)
    tree.header().moveSection(Column.NUMBER, 0)
    tree.header().setStretchLastSection(True)
    return tree


def _separator(tree: QTreeView) -> QAction:
    line = QAction(tree)
    line.setSeparator(True)
    return line
