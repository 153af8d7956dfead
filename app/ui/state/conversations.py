"""The current conversation, saved as it grows, and the stored ones; the database is asked beside
the UI thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.conversations.conversation import Conversation, Message
from app.conversations.store_thread import StoreThread
from app.ui.state.tasks import Tasks, in_thread

if TYPE_CHECKING:
    from app.conversations.store import Store

T = TypeVar("T")

AUTOSAVE_MS = 1000
"""Streamed text is written this often, so that no more is lost with the program."""


class Conversations(QObject):
    """One of them is current."""

    replaced = Signal()
    """Another conversation is open, or another window has added to this one."""
    list_changed = Signal()
    """The list of conversations is another."""
    state_changed = Signal()
    """`problem`, or how much is in memory only."""

    def __init__(self, path: Path, tasks: Tasks, parent: QObject) -> None:
        """`path` is that of the database."""
        super().__init__(parent)
        self.current = Conversation()
        self.problem = ""
        self.n_unwritten = 0
        self.is_open = False
        """Whether the database is in use, which it is not before the window was painted."""
        self._is_answering = False
        self._n_saves = 0
        self._is_behind = self._is_reading = False
        self._tasks = tasks
        self._store = StoreThread(path)
        self._changed: dict[str, None] = {}
        self._timer = QTimer(self, interval=AUTOSAVE_MS, singleShot=True)
        self._timer.timeout.connect(self._write)

    def with_store(self, question: Callable[[Store], T]) -> Coroutine[Any, Any, T]:
        """What `question` returns or raises, called with the store in its thread. It waits there
        from now on, whenever the answer is awaited."""

        def with_state(store: Store) -> tuple[T, str, int, bool]:
            answer = question(store)
            elsewhere = store.was_changed_elsewhere()
            return answer, store.problem, store.n_unwritten, elsewhere

        return self._answer(self._store.ask(with_state))

    def autosave(self, *ids: str) -> None:
        """Write these messages within a second."""
        self._changed.update(dict.fromkeys(ids))
        if not self._timer.isActive():
            self._timer.start()

    def save(self, messages: Iterable[Message] = ()) -> None:
        """Write these messages, and what else is to be written, at once."""
        self._changed.update(dict.fromkeys(m.id for m in messages))
        self._tasks.start(self._list_after(self._save()))

    def set_answering(self, is_answering: bool) -> None:
        """Whether a reply to the current one is coming: it stays the current one meanwhile."""
        self._is_answering = is_answering
        if not is_answering and self._is_behind:
            self.check_for_changes()

    def check_for_changes(self) -> None:
        """Take in what other windows wrote."""
        if self.is_open:
            self._tasks.start(self.with_store(lambda _store: None))

    async def open_store(self, id: str) -> None:
        """Open the database, with this conversation if it is there."""
        self.is_open = True
        await self.open(id)
        self.list_changed.emit()

    def begin(self) -> None:
        """Open a new conversation, which is stored with its first message."""
        self._show(Conversation())

    async def open(self, id: str) -> bool:
        """Open a stored conversation; whether it is (still) there."""
        self._write()
        loaded = await self.with_store(lambda store: store.load(id))
        if loaded is None or self._is_answering:
            return False
        self._show(loaded)
        return True

    async def remove(self, id: str) -> Conversation | None:
        """Take a conversation out; what was taken."""
        if id == self.current.id:
            self._write()
        taken = await self.with_store(lambda store: store.remove(id))
        if id == self.current.id and not self._is_answering:
            self.begin()
        self.list_changed.emit()
        return taken

    async def rename(self, id: str, title: str) -> None:
        """Give a conversation another title."""
        if id == self.current.id:
            self.current.title = title
        await self.with_store(lambda store: store.rename(id, title))
        self.list_changed.emit()

    async def remove_message(self, id: str) -> tuple[Message, ...]:
        """Take out a message with everything under it; what was taken, parents first."""
        self._write()
        conversation = self.current
        here = conversation.remove(id)
        self.replaced.emit()
        stored = await self.with_store(lambda store: store.remove_message(conversation.id, id))
        return (*stored, *(m for m in here if m.id not in {s.id for s in stored}))

    async def restore_messages(self, of: Conversation, messages: tuple[Message, ...]) -> None:
        """Put back what `remove_message` took out of this conversation."""
        of.restore(messages)
        delta = of.delta(m.id for m in messages)
        await self.with_store(lambda store: store.save(delta))
        if of is self.current:
            self.replaced.emit()
        elif of.id == self.current.id:
            await self._read_again()

    async def restore(self, conversation: Conversation) -> None:
        """Put back what `remove` took out."""
        await self.with_store(lambda store: store.save_all((conversation,)))
        self.list_changed.emit()

    async def close(self, within_s: float) -> None:
        """Write what is left and let go of the file."""
        self._write()
        await in_thread(self._store.close, within_s)

    def _show(self, conversation: Conversation) -> None:
        self._write()
        self.current = conversation
        self.replaced.emit()

    def _write(self) -> None:
        if self._changed:
            self._tasks.start(self._save())

    def _save(self) -> Coroutine[Any, Any, None]:
        self._timer.stop()
        self._n_saves += 1
        delta = self.current.delta(self._changed)
        self._changed.clear()
        return self.with_store(lambda store: store.save(delta))

    async def _answer(self, future: Future[tuple[T, str, int, bool]]) -> T:
        import asyncio

        answer, problem, n_unwritten, elsewhere = await asyncio.shield(asyncio.wrap_future(future))
        if (problem, n_unwritten) != (self.problem, self.n_unwritten):
            self.problem, self.n_unwritten = problem, n_unwritten
            self.state_changed.emit()
        if elsewhere:
            self.list_changed.emit()
        if (elsewhere or self._is_behind) and not self._is_reading:
            self._tasks.start(self._read_again())
        return answer

    async def _list_after(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        self.list_changed.emit()

    async def _read_again(self) -> None:
        """Take in what another window wrote of the open conversation; later where it is not
        stored as it is here yet. The branch that is shown stays so."""
        self._is_reading = True
        open_one, n_saves = self.current, self._n_saves
        try:
            loaded = await self.with_store(lambda store: store.load(open_one.id))
        finally:
            self._is_reading = False
        if open_one is not self.current:
            return
        is_newer_here = bool(self._changed) or self._n_saves != n_saves
        self._is_behind = is_newer_here or self._is_answering
        if loaded is None or self._is_behind:
            return
        path = open_one.path
        if path and path[-1].id in loaded.messages:
            loaded.show(path[-1].id)
        if loaded.messages != open_one.messages:
            self.current = loaded
            self.replaced.emit()
