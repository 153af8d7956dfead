"""The rows of the problems list: what is wrong, how to fix it, and links that do."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app.plan.problem import Problem
from app.ui.state.editor import PlanEditor
from app.ui.state.fixes import fix_labels
from app.ui.widgets import icons
from app.ui.widgets import theme as themes

Index = QModelIndex | QPersistentModelIndex

_PAD, _ICON, _GAP = 8, 20, 16
_BATCH = 40
_MOST_KNOWN = 4096
_WRAP = int(Qt.TextFlag.TextWordWrap)


class ProblemsModel(QAbstractListModel):
    """The problems as rows, errors first. (Items of a QListWidget, made in Python, crash in it.)"""

    def __init__(self, editor: PlanEditor, parent: QObject) -> None:
        super().__init__(parent)
        self._editor = editor
        self._rows: list[Problem] = []
        self._labels: dict[Problem, tuple[str, ...]] = {}

    def show(self, problems: tuple[Problem, ...]) -> None:
        """Put these problems in the place of those before."""
        self.beginResetModel()
        self._rows = sorted(problems, key=lambda p: p.severity != "error")
        self._labels = {p: self._labels[p] for p in self._rows if p in self._labels}
        self.endResetModel()

    def problem(self, index: Index) -> Problem:
        """The problem of a row."""
        return self._rows[index.row()]

    def labels(self, index: Index) -> tuple[str, ...]:
        """The words of the row's fixes."""
        problem = self.problem(index)
        labels = self._labels.get(problem)
        if labels is None:
            labels = self._labels[problem] = fix_labels(self._editor, problem)
        return labels

    def n_with_one_mend(self) -> int:
        """How many of the first rows can be fixed in one way only."""
        first = (self.index(row) for row in range(min(_BATCH, len(self._rows))))
        return sum(len(self.labels(index)) == 1 for index in first)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        problem = self.problem(index)
        words = f"{_word(problem)}: {problem.message} {problem.fix}"
        if role == Qt.ItemDataRole.AccessibleTextRole and self.labels(index):
            words += f" Tab chooses a fix: {', '.join(self.labels(index))}."
        return words


class Place(NamedTuple):
    """A fix's link: the row it stands in and which one of the row's it is."""

    row: int
    link: int


class ProblemList(QListView):
    """`fix_wanted` carries a row's index and the words of a fix that was pressed.

    Tab goes to the links of the current row, Enter presses one or else activates the row.
    """

    fix_wanted = Signal(object, str)

    def __init__(self, problems: ProblemsModel) -> None:
        super().__init__()
        self._problems = problems
        self.chosen: Place | None = None
        self.hovered: Place | None = None
        self._press_place: Place | None = None
        self.setModel(problems)
        self.setAccessibleName("Problems")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setMouseTracking(True)
        self._delegate = _ProblemDelegate(self, problems)
        self.setItemDelegate(self._delegate)
        problems.modelReset.connect(self._forget_links)
        self.selectionModel().currentChanged.connect(lambda: self._choose(None))

    def link_rect(self, index: Index, link: int) -> QRect:
        """Where a fix's link stands in the viewport."""
        return self._delegate.links(index, self.visualRect(index))[link]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._delegate.forget_fields()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press_place = self._link_at(event.position().toPoint())
        if self._press_place is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press_place, self._press_place = self._press_place, None
        if press_place is None:
            super().mouseReleaseEvent(event)
        elif press_place == self._link_at(event.position().toPoint()):
            self._press(press_place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.hovered = self._link_at(event.position().toPoint())
        hand, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(arrow if self.hovered is None else hand)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if enter and self.chosen is not None:
            self._press(self.chosen)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        index = self.currentIndex()
        if not index.isValid():
            return super().focusNextPrevChild(forward)
        at = -1 if self.chosen is None else self.chosen.link
        to = at + (1 if forward else -1)
        if to < -1 or to >= len(self._problems.labels(index)):
            self._choose(None)
            return super().focusNextPrevChild(forward)
        self._choose(Place(index.row(), to) if to >= 0 else None)
        return True

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered = None
        return super().viewportEvent(event)

    def _link_at(self, at: QPoint) -> Place | None:
        index = self.indexAt(at)
        if not index.isValid():
            return None
        rects = self._delegate.links(index, self.visualRect(index))
        hits = (n for n, rect in enumerate(rects) if rect.contains(at))
        return next((Place(index.row(), n) for n in hits), None)

    def _press(self, place: Place) -> None:
        index = self._problems.index(place.row)
        self.fix_wanted.emit(index, self._problems.labels(index)[place.link])

    def _choose(self, place: Place | None) -> None:
        self.chosen = place
        self.viewport().update()

    def _forget_links(self) -> None:
        self.chosen = self.hovered = self._press_place = None


class _Fields(NamedTuple):
    """Where the parts of a row stand, from its top left corner."""

    message: QRect
    fix: QRect
    links: tuple[QRect, ...]
    height: int


class _ProblemDelegate(QStyledItemDelegate):
    """Draws an icon and a word for the severity, the message, the fix, and links that fix."""

    def __init__(self, view: ProblemList, problems: ProblemsModel) -> None:
        super().__init__(view)
        self._view = view
        self._problems = problems
        self._fields_of: dict[tuple[Problem, int], _Fields] = {}

    def forget_fields(self) -> None:
        """Measure the rows anew: the font has changed."""
        self._fields_of.clear()

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        return QSize(width, self._fields(index, width).height)

    def links(self, index: Index, area: QRect) -> list[QRect]:
        """Where the row's links stand when the row fills this area."""
        links = self._fields(index, area.width()).links
        return [link.translated(area.topLeft()) for link in links]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        problem = self._problems.problem(index)
        theme = themes.current()
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        is_under_pointer = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if is_current or is_under_pointer:
            painter.fillRect(
                option.rect, themes.mixed(theme.base, theme.accent, 0.16 if is_current else 0.06)
            )
        at = option.rect.topLeft()
        colour = theme.error if problem.severity == "error" else theme.note
        icons.paint(
            painter,
            QRect(at + QPoint(_PAD, _PAD - 1), QSize(_ICON, _ICON)).toRectF(),
            problem.severity,
            colour,
        )
        fields = self._fields(index, option.rect.width())
        painter.setFont(_strong(option.font))
        painter.setPen(colour)
        word = _word(problem)
        painter.drawText(at + QPoint(_word_x(), _PAD + QFontMetrics(option.font).ascent()), word)
        painter.setFont(option.font)
        painter.setPen(theme.text)
        painter.drawText(fields.message.translated(at), _WRAP, problem.message)
        painter.setPen(theme.quiet)
        painter.drawText(fields.fix.translated(at), _WRAP, problem.fix)
        self._paint_links(painter, option, index)

    def _paint_links(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = themes.current()
        rects = self.links(index, option.rect)
        for n, (label, rect) in enumerate(zip(self._problems.labels(index), rects, strict=True)):
            place = Place(index.row(), n)
            font = QFont(option.font)
            font.setUnderline(place != self._view.hovered)
            painter.setFont(font)
            painter.setPen(theme.accent)
            painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, label)
            if place == self._view.chosen:
                painter.drawRoundedRect(rect.adjusted(-3, -2, 3, 1), 3, 3)

    def _fields(self, index: Index, width: int) -> _Fields:
        """The row's fields; the same rows come again with every edit."""
        problem = self._problems.problem(index)
        fields = self._fields_of.get((problem, width))
        if fields is None:
            if len(self._fields_of) >= _MOST_KNOWN:
                self._fields_of.clear()
            labels = self._problems.labels(index)
            fields = self._fields_of[problem, width] = _measured(
                self._view.font(), problem, labels, width
            )
        return fields


def _measured(font: QFont, problem: Problem, labels: tuple[str, ...], width: int) -> _Fields:
    """Message, fix and links below each other; links that find no room wrap."""
    metrics = QFontMetrics(font)
    left = _word_x() + QFontMetrics(_strong(font)).horizontalAdvance("Error") + 12
    room = max(80, width - left - _PAD)
    message = metrics.boundingRect(QRect(left, _PAD, room, 10_000), _WRAP, problem.message)
    fix = metrics.boundingRect(QRect(left, message.bottom() + 3, room, 10_000), _WRAP, problem.fix)
    above = fix if fix.height() else message
    x, y = message.left(), above.bottom() + 4
    links: list[QRect] = []
    for label in labels:
        size = QSize(metrics.horizontalAdvance(label), metrics.height())
        if links and x + size.width() > width - _PAD:
            x, y = message.left(), y + size.height() + 4
        links.append(QRect(QPoint(x, y), size))
        x += size.width() + _GAP
    last = links[-1] if links else above
    return _Fields(message, fix, tuple(links), last.bottom() + _PAD)


def _word(problem: Problem) -> str:
    return "Error" if problem.severity == "error" else "Note"


def _word_x() -> int:
    return _PAD + _ICON + _PAD


def _strong(font: QFont) -> QFont:
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    return strong
