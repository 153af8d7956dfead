"""The rows of the list of conversations: a title, and under it the day or what a search found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.conversations.search import Summary

_PAD_X, _PAD_Y = 10, 5
Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


class Rows(QAbstractListModel):
    """The summaries; a title can be edited."""

    renamed = Signal(str, str)
    """An id and the title that the user gave."""

    def __init__(self) -> None:
        super().__init__()
        self.summaries: Sequence[Summary] = ()
        self.open_id = ""

    def show(self, summaries: Sequence[Summary], open_id: str) -> None:
        """Show these, with the open one marked."""
        self.beginResetModel()
        self.summaries, self.open_id = summaries, open_id
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.summaries)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        summary = self.summaries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return summary.title
            case Qt.ItemDataRole.ToolTipRole:
                return f"{summary.title}\n{_day(summary)}"
            case Qt.ItemDataRole.AccessibleTextRole:
                state = ", open" if summary.id == self.open_id else ""
                return f"{summary.title}{state}, {summary.excerpt or _day(summary)}"
            case Qt.ItemDataRole.FontRole if summary.id == self.open_id:
                font = QApplication.font()
                font.setBold(True)
                return font
            case Qt.ItemDataRole.UserRole:
                return summary.excerpt or _day(summary)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        summary, title = self.summaries[index.row()], str(value).strip()
        if not title or title == summary.title:
            return False
        self.renamed.emit(summary.id, title)
        return True


class RowDelegate(QStyledItemDelegate):
    """Paints a row in two lines; the title is edited in the first."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        height = 2 * option.fontMetrics.lineSpacing() + 2 * _PAD_Y
        return QSize(80, height)

    def updateEditorGeometry(self, editor, option, index) -> None:
        rect = option.rect
        rect.setHeight(max(editor.sizeHint().height(), rect.height() // 2))
        editor.setGeometry(rect)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.initStyleOption(option, index)
        title, option.text = option.text, ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter)
        rect = option.rect.adjusted(_PAD_X, _PAD_Y, -_PAD_X, -_PAD_Y)
        palette: QPalette = option.palette
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        roles = QPalette.ColorRole
        lines = (
            (title, roles.HighlightedText if is_selected else roles.Text),
            (
                str(index.data(Qt.ItemDataRole.UserRole)),
                roles.HighlightedText if is_selected else roles.PlaceholderText,
            ),
        )
        for number, (words, role) in enumerate(lines):
            painter.setFont(option.font if number == 0 else QApplication.font())
            painter.setPen(palette.color(role))
            metrics = painter.fontMetrics()
            line = rect.translated(0, number * metrics.lineSpacing())
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, shown)


def _day(summary: Summary) -> str:
    """When something was said last: the time of today, else the day."""
    at = QDateTime.fromSecsSinceEpoch(int(summary.updated))
    now, locale, kind = QDateTime.currentDateTime(), QLocale(), QLocale.FormatType.ShortFormat
    if at.date() == now.date():
        return f"Today, {locale.toString(at.time(), kind)}"
    if at.date().daysTo(now.date()) == 1:
        return f"Yesterday, {locale.toString(at.time(), kind)}"
    return locale.toString(at.date(), QLocale.FormatType.LongFormat)
