"""The tabs of the open plans; with a single plan there is nothing to choose, so they hide."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QToolButton, QWidget

from app.ui.state.document import Document
from app.ui.state.open_documents import OpenDocuments
from app.ui.widgets import icons
from app.ui.widgets import theme as themes

_DOT = 8


class PlanTabs(QWidget):
    """A tab for each open document, in their order, and a button for another one."""

    close_requested = Signal(object)
    """The Document whose tab is to be closed."""
    new_requested = Signal()

    def __init__(self, documents: OpenDocuments, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._documents = documents
        self.bar = _TabBar()
        self.bar.setAccessibleName("Open plans")
        self.new = QToolButton()
        self.new.setAutoRaise(True)
        self.new.setToolTip("New plan (Ctrl+N)")
        self.new.setAccessibleName("New plan")
        icons.set_icon(self.new, "add")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(4)
        row.addWidget(self.bar)
        row.addWidget(self.new)
        row.addStretch(1)
        self.bar.currentChanged.connect(self._choose)
        self.bar.tabMoved.connect(documents.move)
        self.bar.tabCloseRequested.connect(
            lambda index: self.close_requested.emit(documents.all[index])
        )
        self.new.clicked.connect(self.new_requested)
        documents.changed.connect(self._refresh)
        self._refresh()

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._documents.all):
            self._documents.show(self._documents.all[index])

    def _refresh(self) -> None:
        bar, documents = self.bar, self._documents.all
        bar.blockSignals(True)
        while bar.count() > len(documents):
            bar.removeTab(bar.count() - 1)
        while bar.count() < len(documents):
            bar.addTab("")
        for index, document in enumerate(documents):
            self._label(index, document)
        bar.setCurrentIndex(documents.index(self._documents.active))
        bar.blockSignals(False)
        self.setVisible(len(documents) > 1)

    def _label(self, index: int, document: Document) -> None:
        bar, is_dirty = self.bar, document.is_dirty
        where = str(document.path) if document.path is not None else f"{document.name}: no file yet"
        bar.setTabText(index, document.name.replace("&", "&&"))
        bar.setTabToolTip(index, f"{where} (not saved)" if is_dirty else where)
        bar.setTabIcon(index, _dot(themes.current().accent) if is_dirty else QIcon())
        bar.setAccessibleTabName(index, document.name + (", not saved" if is_dirty else ""))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self.palette().window())


class _TabBar(QTabBar):
    """Tabs that a middle click closes."""

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMovable(True)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setIconSize(QSize(_DOT, _DOT))

    def tabInserted(self, index: int) -> None:
        super().tabInserted(index)
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(12, 12))
        button.setFixedSize(20, 20)
        button.setToolTip("Close (Ctrl+W)")
        button.setAccessibleName("Close plan")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        icons.set_icon(button, "close")
        button.clicked.connect(lambda _checked=False: self._close_tab_of(button))
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, button)

    def _close_tab_of(self, button: QToolButton) -> None:
        side = QTabBar.ButtonPosition.RightSide
        index = next(i for i in range(self.count()) if self.tabButton(i, side) is button)
        self.tabCloseRequested.emit(index)

    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        return QSize(min(size.width(), 220), size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.tabCloseRequested.emit(index)
        else:
            super().mouseReleaseEvent(event)


def _dot(colour: QColor) -> QIcon:
    picture = QPixmap(QSize(4 * _DOT, 4 * _DOT))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(picture.rect())
    painter.end()
    return QIcon(picture)
