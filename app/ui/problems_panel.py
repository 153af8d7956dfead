"""The list of what is wrong with the plan; each problem leads to its block."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.plan.problem import Problem
from app.ui import icons
from app.ui import theme as themes
from app.ui.editor import PlanEditor

Index = QModelIndex | QPersistentModelIndex

_PAD, _ICON = 8, 20
_WRAP = int(Qt.TextFlag.TextWordWrap)


class ProblemsPanel(QStackedWidget):
    """All problems of the plan. `block_requested` carries the id of the block to show."""

    block_requested = Signal(str)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems = ProblemsModel(self)
        self.list = _ProblemList(self._problems)
        self._none = QLabel("No problems")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.addWidget(self._none)
        self.addWidget(self.list)
        self.list.clicked.connect(self._request)
        self.list.activated.connect(self._request)
        editor.problems_changed.connect(self._show)
        self._show(editor.problems)

    def sizeHint(self) -> QSize:
        return QSize(360, 120)

    def _show(self, problems: tuple[Problem, ...]) -> None:
        self._problems.show(problems)
        self.setCurrentWidget(self.list if problems else self._none)

    def _request(self, index: QModelIndex) -> None:
        block_id = self._problems.problem(index).block_id
        if block_id is not None:
            self.block_requested.emit(block_id)


class ProblemsModel(QAbstractListModel):
    """The problems as rows, errors first. (Items of a QListWidget, made in Python, crash in it.)"""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[Problem] = []

    def show(self, problems: tuple[Problem, ...]) -> None:
        """Put these problems in the place of those before."""
        self.beginResetModel()
        self._rows = sorted(problems, key=lambda p: p.severity != "error")
        self.endResetModel()

    def problem(self, index: Index) -> Problem:
        """The problem of a row."""
        return self._rows[index.row()]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        problem = self.problem(index)
        return f"{_word(problem)}: {problem.message} {problem.fix}"


class _ProblemList(QListView):
    def __init__(self, problems: ProblemsModel) -> None:
        super().__init__()
        self.setModel(problems)
        self.setAccessibleName("Problems")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self._delegate = _ProblemDelegate(self, problems)
        self.setItemDelegate(self._delegate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()


class _ProblemDelegate(QStyledItemDelegate):
    """Draws an icon and a word for the severity, the message, and under it how to mend it."""

    def __init__(self, view: QListView, problems: ProblemsModel) -> None:
        super().__init__(view)
        self._view = view
        self._problems = problems

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        message, fix = self._boxes(option.font, self._problems.problem(index), width)
        return QSize(width, fix.bottom() + _PAD if fix.height() else message.bottom() + _PAD)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> None:
        problem = self._problems.problem(index)
        theme = themes.current()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if chosen or hovered:
            painter.fillRect(
                option.rect, themes.mixed(theme.base, theme.accent, 0.16 if chosen else 0.06)
            )
        at = option.rect.topLeft()
        colour = theme.error if problem.severity == "error" else theme.note
        icons.paint(
            painter,
            QRect(at + QPoint(_PAD, _PAD - 1), QSize(_ICON, _ICON)).toRectF(),
            problem.severity,
            colour,
        )
        message, fix = self._boxes(option.font, problem, option.rect.width())
        painter.setFont(_strong(option.font))
        painter.setPen(colour)
        word = _word(problem)
        painter.drawText(at + QPoint(_word_x(), _PAD + QFontMetrics(option.font).ascent()), word)
        painter.setFont(option.font)
        painter.setPen(theme.text)
        painter.drawText(message.translated(at), _WRAP, problem.message)
        painter.setPen(theme.quiet)
        painter.drawText(fix.translated(at), _WRAP, problem.fix)

    def _boxes(self, font: QFont, problem: Problem, width: int) -> tuple[QRect, QRect]:
        """Where the message and the fix go, from the item's top left corner."""
        metrics = QFontMetrics(font)
        left = _word_x() + QFontMetrics(_strong(font)).horizontalAdvance("Error") + 12
        room = max(80, width - left - _PAD)
        message = metrics.boundingRect(QRect(left, _PAD, room, 10_000), _WRAP, problem.message)
        fix = metrics.boundingRect(
            QRect(left, message.bottom() + 3, room, 10_000), _WRAP, problem.fix
        )
        return message, fix


def _word(problem: Problem) -> str:
    return "Error" if problem.severity == "error" else "Note"


def _word_x() -> int:
    return _PAD + _ICON + _PAD


def _strong(font: QFont) -> QFont:
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    return strong
