"""The list of conversations: to search, open, rename, delete, export and import."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.conversations.search import Summary
from app.ui.chat.conversations.exchange import ConversationExchange
from app.ui.chat.conversations.rows import RowDelegate, Rows
from app.ui.state.conversations import Conversations
from app.ui.state.tasks import Tasks
from app.ui.widgets.icons import set_icon
from app.ui.widgets.message_bar import MessageBar

SEARCH_MS = 150
NOTHING_YET = "Your conversations are saved here."
NOTHING_FOUND = "No title or message contains all of these words."


class ConversationList(QWidget):
    """All conversations, latest first."""

    open_requested = Signal(str, str)
    """A conversation, and the message that a search found there or ''."""
    new_requested = Signal()
    remove_requested = Signal(str)

    def __init__(
        self,
        conversations: Conversations,
        exchange: ConversationExchange,
        tasks: Tasks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._conversations = conversations
        self._exchange = exchange
        self._tasks = tasks
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search titles and messages")
        self.search.setAccessibleName("Search conversations")
        self.search.setClearButtonEnabled(True)
        self.new_chat = QToolButton()
        self.new_chat.setAutoRaise(True)
        set_icon(self.new_chat, "new-chat")
        self.new_chat.setToolTip("Start a new conversation")
        self.new_chat.setAccessibleName("Start a new conversation")
        self.rows = Rows()
        self.view = QListView()
        self.view.setAccessibleName("Conversations")
        self.view.setModel(self.rows)
        self.view.setItemDelegate(RowDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.empty = QLabel()
        """Why there is nothing in the list."""
        self.empty.setWordWrap(True)
        self.empty.setMargin(10)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.empty.hide()
        self.undo = MessageBar()
        """Shown after a conversation was deleted."""
        self.undo.hide()
        self._timer = QTimer(self, interval=SEARCH_MS, singleShot=True)
        self._lay_out()
        self._connect()
        self.look_again()

    def look_again(self) -> None:
        """Ask for what is to be listed."""
        self._timer.stop()
        if self._conversations.is_open:
            self._tasks.start(self._list())

    def selected(self) -> Summary | None:
        """The selected conversation."""
        index = self.view.currentIndex()
        return self.rows.summaries[index.row()] if index.isValid() else None

    def make_menu(self, summary: Summary) -> QMenu:
        """What can be done with a conversation."""
        menu = QMenu(self)
        menu.addAction("Open", self._open_selected)
        menu.addAction("Rename", lambda: self.view.edit(self.view.currentIndex()))
        export = partial(self._exchange.export_one, summary.id)
        menu.addAction("Export …", lambda: self._tasks.start(export()))
        menu.addSeparator()
        menu.addAction("Delete", self._remove_selected)
        return menu

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 8, 6)
        head.setSpacing(4)
        head.addWidget(self.search, 1)
        head.addWidget(self.new_chat)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)
        column.addWidget(self.undo)

    def _connect(self) -> None:
        self._timer.timeout.connect(self.look_again)
        self.search.textChanged.connect(lambda: self._timer.start())
        self.search.returnPressed.connect(lambda: self._tasks.start(self._open_first()))
        self.new_chat.clicked.connect(lambda: self.new_requested.emit())
        self.view.clicked.connect(lambda _index: self._open_selected())
        self.view.activated.connect(lambda _index: self._open_selected())
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.rows.renamed.connect(self._rename)
        self._conversations.list_changed.connect(self.look_again)
        self._conversations.replaced.connect(self.look_again)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.view)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove_selected)

    async def _list(self) -> None:
        query = self.search.text()
        summaries = await self._conversations.with_store(lambda store: store.summaries(query))
        if query != self.search.text():
            return
        before = self.selected()
        self.rows.show(summaries, self._conversations.current.id)
        self.empty.setText(NOTHING_FOUND if query.strip() else NOTHING_YET)
        self.empty.setVisible(not summaries)
        ids = [summary.id for summary in summaries]
        if before is not None and before.id in ids:
            self.view.setCurrentIndex(self.rows.index(ids.index(before.id)))

    async def _open_first(self) -> None:
        self._timer.stop()
        await self._list()
        if self.rows.summaries:
            self.view.setCurrentIndex(self.rows.index(0))
            self._open_selected()

    def _open_selected(self) -> None:
        summary = self.selected()
        if summary is not None:
            self.open_requested.emit(summary.id, summary.message or "")

    def _remove_selected(self) -> None:
        summary = self.selected()
        if summary is not None:
            self.remove_requested.emit(summary.id)

    def _rename(self, id: str, title: str) -> None:
        self._tasks.start(self._conversations.rename(id, title))

    def _show_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if index.isValid():
            self.view.setCurrentIndex(index)
            menu = self.make_menu(self.rows.summaries[index.row()])
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(at))
