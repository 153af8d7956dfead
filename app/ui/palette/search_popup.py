"""A popup to search in: a line to type into and under it what it finds, chosen by key or mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from app.ui.canvas import Canvas
from app.ui.palette.entries import Entry
from app.ui.widgets import icons
from app.ui.widgets import theme as themes

Index = QModelIndex | QPersistentModelIndex
Find = Callable[[str], Sequence[Entry]]

_WIDTH = 440
_N_ROWS = 8
_PAD, _ICON, _GAP = 8, 20, 12
_STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Backtab: -1,
    Qt.Key.Key_PageDown: _N_ROWS - 1,
    Qt.Key.Key_PageUp: 1 - _N_ROWS,
}


class SearchPopup(QFrame):
    """Up, Down, Enter and Escape work while one types; a click beside it closes it.

    `moved_to` carries the entry that is marked now, None when nothing was found, whenever the user
    typed or moved. The chosen entry runs when the popup is closed. `escaped` says that it was left
    with Escape, `closed` that it was left in any way.
    """

    moved_to = Signal(object)
    closed = Signal()
    escaped = Signal()

    def __init__(self, canvas: Canvas, name: str, hint: str, find: Find, nothing: str) -> None:
        """`find` gives the entries for what is typed, `nothing` says that there are none.

        What is listed is of the canvas's plan as it is: when that changes, the popup is closed.
        """
        super().__init__(canvas, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(name)
        self._canvas = canvas
        self._find = find
        self._rows = _Rows(self)
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleName(name)
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self._rows)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setAccessibleName(f"{name}: results")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing = QLabel(nothing)
        self._nothing.setWordWrap(True)
        self._nothing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._nothing.setContentsMargins(_PAD, _PAD, _PAD, _PAD)
        column = QVBoxLayout(self)
        column.setContentsMargins(_PAD, _PAD, _PAD, _PAD)
        column.setSpacing(_PAD)
        for widget in (self.line, self.list, self._nothing):
            column.addWidget(widget)
        canvas.editor.changed.connect(self.close)
        canvas.editor.replaced.connect(self.close)
        self.line.textEdited.connect(self._search)
        self.list.entered.connect(self._mark)
        self.list.clicked.connect(self._choose)
        self._show_found("")

    @property
    def entries(self) -> Sequence[Entry]:
        """What is listed now, in order."""
        return self._rows.entries

    @property
    def current(self) -> Entry | None:
        """The entry that Enter would choose."""
        row = self.list.currentIndex().row()
        return self._rows.entries[row] if 0 <= row < len(self._rows.entries) else None

    def open_at(self, at: QPoint) -> None:
        """Show it with its top left corner near a point of the screen, wholly on that screen."""
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        tallest = min(self._height_of(_N_ROWS), room.height())
        x = max(room.left(), min(at.x(), room.left() + room.width() - _WIDTH))
        y = max(room.top(), min(at.y(), room.top() + room.height() - tallest))
        self.setGeometry(x, y, self.width(), self.height())
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _STEPS:
                self._step(_STEPS[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
            if key == Qt.Key.Key_Escape:
                self.close()
                self.escaped.emit()
                return True
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = themes.current()
        painter = QPainter(self)
        painter.setPen(QPen(theme.edge, 1.0))
        painter.setBrush(theme.base)
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _search(self, text: str) -> None:
        self._show_found(text)
        self.moved_to.emit(self.current)

    def _show_found(self, text: str) -> None:
        self._rows.show(self._find(text.strip()))
        n_entries = len(self._rows.entries)
        self._nothing.setVisible(not n_entries)
        self.list.setVisible(bool(n_entries))
        if n_entries:
            self._set_current(self._rows.index(0))
            self.list.setFixedHeight(min(n_entries, _N_ROWS) * _row_height(self.font()))
        self.setFixedSize(_WIDTH, self._height_of(min(n_entries, _N_ROWS)))

    def _height_of(self, n_rows: int) -> int:
        below = n_rows * _row_height(self.font()) or self._nothing.heightForWidth(_WIDTH - 2 * _PAD)
        return self.line.sizeHint().height() + below + 3 * _PAD

    def _step(self, rows: int) -> None:
        last = len(self._rows.entries) - 1
        row = self.list.currentIndex().row() + rows
        if abs(rows) == 1:
            row %= last + 1 or 1
        self._mark(self._rows.index(max(0, min(row, last))))

    def _mark(self, index: QModelIndex) -> None:
        if index.isValid() and index != self.list.currentIndex():
            self._set_current(index)
            self.moved_to.emit(self.current)

    def _set_current(self, index: QModelIndex) -> None:
        """Mark a row; a screen reader, which follows the line, hears of it there."""
        self.list.setCurrentIndex(index)
        self.line.setAccessibleDescription(_spoken(self._rows.entries[index.row()]))
        QAccessible.updateAccessibility(
            QAccessibleEvent(self.line, QAccessible.Event.DescriptionChanged)
        )

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._rows.entries[index.row()]
            self.close()
            self._canvas.attempt(entry.run)


class _Rows(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: Sequence[Entry] = ()

    def show(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | Entry | None:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(entry)
        return entry if role == Qt.ItemDataRole.UserRole else None


class _RowDelegate(QStyledItemDelegate):
    """An icon, the name with its key at the right, and under it the sentence."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_WIDTH - 2 * _PAD, _row_height(option.font))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        theme, area = themes.current(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, themes.mixed(theme.base, theme.accent, 0.18))
            painter.fillRect(QRect(area.left(), area.top(), 2, area.height()), theme.accent)
        icon = QRectF(area.left() + _PAD, area.center().y() - _ICON / 2 + 0.5, _ICON, _ICON)
        icons.paint(painter, icon, entry.icon, theme.text)
        line = QFontMetrics(option.font).height()
        left = area.left() + _PAD + _ICON + _GAP
        first = QRect(left, area.top() + _PAD // 2 + 2, area.right() - _PAD - left, line)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(option.font)
        painter.setPen(theme.quiet)
        painter.drawText(first, middle | int(Qt.AlignmentFlag.AlignRight), entry.key)
        metrics = QFontMetrics(option.font)
        key_width = metrics.horizontalAdvance(entry.key) + _GAP if entry.key else 0
        _draw_line(painter, first.translated(0, line + 2), entry.sentence)
        strong = QFont(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(strong)
        painter.setPen(theme.text)
        _draw_line(painter, first.adjusted(0, 0, -key_width, 0), entry.title)


def _draw_line(painter: QPainter, area: QRect, words: str) -> None:
    short_words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), short_words)


def _row_height(font: QFont) -> int:
    return 2 * QFontMetrics(font).height() + _PAD + 6


def _spoken(entry: Entry) -> str:
    key = f" Key {entry.key}." if entry.key else ""
    return f"{entry.title}. {entry.sentence}{key}"
