"""The store in a thread of its own, asked through futures and in their order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from app.conversations.store import Store

T = TypeVar("T")


class StoreThread:
    """The thread begins with the first question. It is a daemon: a disk that hangs cannot keep the
    program from closing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asked: queue.Queue[tuple[Callable[[Store], Any], Future[Any]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="conversations", daemon=True)

    def ask(self, question: Callable[[Store], T]) -> Future[T]:
        """What `question` returns or raises, called with the store in its thread."""
        if self._thread.ident is None:
            self._thread.start()
        future: Future[T] = Future()
        self._asked.put((question, future))
        return future

    def close(self, within_s: float) -> None:
        """Wait until everything asked is answered and the file is closed, but not longer."""
        if self._thread.ident is not None:
            self._asked.put(None)
            self._thread.join(within_s)

    def _work(self) -> None:
        from app.conversations.store import Store

        store = Store(self.path)
        while (asked := self._asked.get()) is not None:
            question, future = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(question(store))
            except BaseException as error:
                future.set_exception(error)
        store.close()
