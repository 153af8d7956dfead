"""Draws the rows of the sources: a colour, a name and a line of facts, and below it the details."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from app.ui.files.sources.rows import SourceRows
from app.ui.widgets import theme as themes

Index = QModelIndex | QPersistentModelIndex

_PAD, _LINE_GAP, _BAR = 4, 2, 4
_LABEL_WIDTH = 88
INDENT = 16
"""How far a row stands from what opens it, in pixels."""
_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def ground_of(option: QStyleOptionViewItem) -> QColor:
    """What a row is drawn on."""
    theme = themes.current()
    if option.state & QStyle.StateFlag.State_Selected:
        return themes.mixed(theme.base, theme.accent, 0.16)
    if option.state & QStyle.StateFlag.State_MouseOver:
        return themes.mixed(theme.base, theme.accent, 0.06)
    return theme.base


class SourceDelegate(QStyledItemDelegate):
    """A source has two lines beside a bar in its colour, a detail one line."""

    def __init__(self, view: QTreeView, rows: SourceRows) -> None:
        super().__init__(view)
        self._rows = rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = QFontMetrics(option.font).height()
        if self._rows.detail(index) is not None:
            return QSize(0, line + _LINE_GAP)
        return QSize(0, 2 * line + _LINE_GAP + 2 * _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = themes.current()
        row = self._rows.source_row(index)
        painter.fillRect(option.rect, ground_of(option))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = option.rect
        detail = self._rows.detail(index)
        if detail is not None:
            area = area.adjusted(-INDENT, 0, 0, 0)
        bar = QRectF(area.left() + 2, area.top(), _BAR, area.height())
        if detail is None:
            bar.adjust(0, _PAD, 0, -_PAD)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.source(row))
            painter.drawRoundedRect(bar, 2, 2)
        else:
            painter.fillRect(bar, theme.source(row))
        text = area.adjusted(_BAR + 10, 0, -_PAD, 0)
        if detail is None:
            self._paint_source(painter, option.font, text, index)
        else:
            font = themes.with_tabular_figures(option.font)
            label = QRect(text.left(), text.top(), _LABEL_WIDTH, text.height())
            _draw(painter, font, theme.quiet, label, detail.label)
            value = text.adjusted(_LABEL_WIDTH, 0, 0, 0)
            _draw(painter, font, theme.text, value, detail.value)
        painter.restore()

    def _paint_source(self, painter: QPainter, font: QFont, area: QRect, index: Index) -> None:
        theme = themes.current()
        source = self._rows.source(index)
        strong = QFont(font)
        strong.setBold(True)
        line = QFontMetrics(font).height()
        name = QRect(area.left(), area.top() + _PAD, area.width(), line)
        _draw(painter, strong, theme.text, name, Path(source.name).stem)
        colour = theme.error if source.why else theme.quiet
        facts = name.translated(0, line + _LINE_GAP)
        _draw(painter, themes.with_tabular_figures(font), colour, facts, self._rows.summary(index))


def _draw(painter: QPainter, font: QFont, colour: QColor, area: QRect, words: str) -> None:
    painter.setFont(font)
    painter.setPen(colour)
    is_name = " " not in words
    mode = Qt.TextElideMode.ElideMiddle if is_name else Qt.TextElideMode.ElideRight
    text = QFontMetrics(font).elidedText(words, mode, area.width())
    painter.drawText(area, _MIDDLE, text)
