"""The Sources panel: the model files of the shown plan, to be added, ordered and taken out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.ui.files.sources.editing import SourceEdits
from app.ui.files.sources.row_painting import INDENT, SourceDelegate, ground_of
from app.ui.files.sources.rows import Index, SourceRows, dropped_paths
from app.ui.state.plan_sources import PlanSources
from app.ui.widgets.icons import set_icon
from app.ui.widgets.link_button import LinkButton


class SourcesPanel(QWidget):
    """One row a source, which opens to all that its file tells. Without one it says what to do."""

    def __init__(
        self, sources: PlanSources, edits: SourceEdits, open_model: Callable[[], object]
    ) -> None:
        super().__init__()
        self._sources = sources
        self._edits = edits
        self._open_rows: set[str] = set()
        self.rows = SourceRows(self)
        self.tree = _make_tree(self.rows)
        self.empty = QLabel("No model is open.\nOpen a GGUF file or drop one here.")
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.add = LinkButton("Add source …")
        self.add.setToolTip(
            "Another variant of the model, or a pack of its layers: numbered after the others"
        )
        self.open = QPushButton("Open model …")
        self.add.clicked.connect(lambda _checked=False: edits.choose())
        self.open.clicked.connect(lambda _checked=False: open_model())
        self.up = self._action("Move up", "Alt+Up", lambda row: edits.move(row, row - 1))
        self.down = self._action("Move down", "Alt+Down", lambda row: edits.move(row, row + 1))
        self.remove = self._action("Remove", "Del", edits.remove, "remove")
        self.find_file = self._action("Find the file …", "", self._find)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 4)
        column.setSpacing(4)
        for widget in (self.empty, self.tree, self.add, self.open):
            column.addWidget(widget)
        column.setStretch(1, 1)
        self.setAcceptDrops(True)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.tree.expanded.connect(lambda i: self._open_rows.add(self.rows.source(i).name))
        self.tree.collapsed.connect(lambda i: self._open_rows.discard(self.rows.source(i).name))
        self.tree.selectionModel().currentChanged.connect(self._enable)
        self.rows.move_wanted.connect(edits.move)
        self.rows.dropped.connect(edits.take)
        sources.changed.connect(self._show)
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(256, 104)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._edits.take(dropped_paths(event.mimeData()))
        event.acceptProposedAction()

    def _action(self, words: str, key: str, do: Callable[[int], object], icon: str = "") -> QAction:
        action = QAction(words, self.tree)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        if icon:
            set_icon(action, icon)
        action.triggered.connect(partial(self._do, do))
        self.tree.addAction(action)
        return action

    def _do(self, do: Callable[[int], object], _checked: bool = False) -> None:
        row = self.rows.source_row(self.tree.currentIndex())
        if row >= 0:
            do(row)

    def _find(self, row: int) -> None:
        self._edits.find(self._sources.all[row].name)

    def _show(self) -> None:
        current = self.rows.source_row(self.tree.currentIndex())
        current_name = self.rows.source(self.tree.currentIndex()).name if current >= 0 else ""
        n_before = self.rows.rowCount()
        self.rows.show(self._sources.all)
        for row, source in enumerate(self._sources.all):
            index = self.rows.index(row, 0)
            self.tree.setExpanded(index, source.name in self._open_rows)
            if source.name == current_name:
                self.tree.setCurrentIndex(index)
        if 0 < n_before < self.rows.rowCount():
            self.tree.scrollTo(self.rows.index(self.rows.rowCount() - 1, 0))
        has_any = bool(self._sources.all)
        self.empty.setVisible(not has_any)
        self.open.setVisible(not has_any)
        self.tree.setVisible(has_any)
        self.add.setVisible(has_any)
        self._enable()

    def _enable(self) -> None:
        row = self.rows.source_row(self.tree.currentIndex())
        self.up.setEnabled(row >= 0 and not self._edits.why_not_move(row, row - 1))
        self.down.setEnabled(row >= 0 and not self._edits.why_not_move(row, row + 1))
        self.remove.setEnabled(row >= 0 and not self._edits.why_not_remove(row))
        self.find_file.setVisible(row >= 0 and bool(self._sources.all[row].why))

    def _show_menu(self, at: QPoint) -> None:
        self._enable()
        menu = QMenu(self.tree)
        menu.addActions((self.find_file, self.up, self.down, self.remove))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.tree.viewport().mapToGlobal(at))


class _SourceTree(QTreeView):
    def drawBranches(self, painter: QPainter, area: QRect, index: Index) -> None:
        """Draw the arrow on the ground of its row, where the style would draw its own."""
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = area
        flags = QStyle.StateFlag
        option.state &= ~(flags.State_Selected | flags.State_MouseOver)
        if self.selectionModel().isSelected(index):
            option.state |= flags.State_Selected
        painter.fillRect(area, ground_of(option))
        option.state &= ~flags.State_Selected
        if self.model().hasChildren(index):
            option.state |= flags.State_Children
            if self.isExpanded(index):
                option.state |= flags.State_Open
            self.style().drawPrimitive(
                QStyle.PrimitiveElement.PE_IndicatorBranch, option, painter, self
            )


def _make_tree(rows: SourceRows) -> QTreeView:
    tree = _SourceTree()
    tree.setModel(rows)
    tree.setItemDelegate(SourceDelegate(tree, rows))
    tree.setAccessibleName("Sources")
    tree.setHeaderHidden(True)
    tree.setFrameShape(QFrame.Shape.NoFrame)
    tree.setIndentation(INDENT)
    tree.setUniformRowHeights(False)
    tree.setMouseTracking(True)
    tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tree.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
    tree.setDefaultDropAction(Qt.DropAction.MoveAction)
    tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    return tree
