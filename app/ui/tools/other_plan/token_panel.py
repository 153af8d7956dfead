"""What both plans held of one token: its probability, and what else they found likely."""

from __future__ import annotations

import math

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.engine.measuring.results import LikelyToken, PredictedToken, Prediction
from app.ui.tools.other_plan.reply_view import change
from app.ui.tools.other_plan.spans import in_one_line

_SHARE = Qt.ItemDataRole.UserRole
_N_TOP = 5
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TokenPanel(QWidget):
    """A token's place in the reply, and the five tokens that each plan found likeliest there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = "", ""
        self.title = _label()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.chances = _label()
        self.table = LikeliestTable()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.chances)
        column.addWidget(self.table)

    def set_names(self, name: str, other: str) -> None:
        """What to call the plans."""
        self._names = name, other
        self.table.set_names(name, other)

    def show_token(self, token: PredictedToken, place: int, n: int, whole: str) -> str:
        """Show the token at `place` (from 0) of `n`, of which `whole` are the characters that it
        is but a part of; all of it in words, to be spoken."""
        part = f", part of “{whole.strip()}”" if whole else ""
        self.title.setText(f"“{in_one_line(token.piece)}”{part}, token {place + 1:,} of {n:,}")
        sides = zip(self._names, (token.by_plan, token.by_other), strict=True)
        held = [f"{name}: {percent(p.probability)}, rank {p.rank:,}" for name, p in sides]
        self.chances.setText("\n".join([*held, change_words(change(token))]))
        self.table.show_token(token)
        spoken = [self.title.text(), *held, change_words(change(token))]
        for name, p in zip(self._names, (token.by_plan, token.by_other), strict=True):
            spoken.append(f"Likeliest for {name}: {', '.join(map(_likely_words, p.top))}")
        return ". ".join(spoken) + "."


class LikeliestTable(QTableView):
    """The likeliest tokens of both plans beside each other; the token that was said is bold."""

    def __init__(self) -> None:
        super().__init__()
        self._cells = QStandardItemModel(_N_TOP, 4, self)
        self.setModel(self._cells)
        self.setItemDelegate(_Bars(self))
        self.setAccessibleName("Likeliest tokens")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        across = self.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column in (1, 3):
            across.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        across.setSectionsClickable(False)
        across.setHighlightSections(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        row_height = self.fontMetrics().height() + 8
        self.verticalHeader().setDefaultSectionSize(row_height)
        self.setFixedHeight(row_height * _N_TOP + across.sizeHint().height() + 4)

    def set_names(self, name: str, other: str) -> None:
        """What to call the plans."""
        self._cells.setHorizontalHeaderLabels([name, "Probability", other, "Probability"])
        for column, whose in ((0, name), (2, other)):
            self._cells.horizontalHeaderItem(column).setToolTip(whose)

    def show_token(self, token: PredictedToken) -> None:
        """Show what both plans held of it."""
        for column, prediction in ((0, token.by_plan), (2, token.by_other)):
            self._show(column, prediction, token.token)

    def _show(self, column: int, prediction: Prediction, said: int) -> None:
        for row, likely in enumerate(prediction.top):
            piece = QStandardItem(in_one_line(likely.piece))
            share = QStandardItem(percent(likely.probability))
            share.setData(likely.probability, _SHARE)
            share.setTextAlignment(_RIGHT)
            for item in (piece, share):
                font = item.font()
                font.setBold(likely.token == said)
                item.setFont(font)
            self._cells.setItem(row, column, piece)
            self._cells.setItem(row, column + 1, share)


class _Bars(QStyledItemDelegate):
    """Draws a probability as a bar behind its number."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        share = index.data(_SHARE)
        if share is not None:
            room = QRectF(option.rect).adjusted(2, 2, -2, -2)
            room.setLeft(room.right() - share * room.width())
            colour = option.palette.highlight().color()
            colour.setAlpha(70)
            painter.fillRect(room, colour)
        super().paint(painter, option, index)


def percent(probability: float) -> str:
    """A probability as a percentage, small ones with two digits that count."""
    if probability >= 0.001:
        return f"{probability:.1%}"
    return f"{100 * probability:.2g}%"


def change_words(power: float) -> str:
    """A change in probability by a power of ten, in words."""
    if abs(power) < math.log10(1.05):
        return "Equally likely"
    times = 10 ** abs(power)
    words = f"{times:.1f}" if times < 10 else f"{times:,.0f}" if times < 1e6 else f"{times:.0e}"
    return f"{words} times {'likelier' if power > 0 else 'less likely'} for the other plan"


def _likely_words(likely: LikelyToken) -> str:
    return f"“{in_one_line(likely.piece)}” {percent(likely.probability)}"


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
