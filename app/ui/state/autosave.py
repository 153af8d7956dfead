"""Keeps a copy of every unsaved plan in the recovery folder, beside the interface's thread."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import count

from PySide6.QtCore import QObject, QTimer, Signal

from app.plan.document import Plan
from app.plan.writer import write_document
from app.ui.state.document import Document
from app.ui.state.file_versions import Version, reason
from app.ui.state.open_documents import OpenDocuments
from app.ui.state.recovery import Copy, RecoveryFolder
from app.ui.state.tasks import Tasks, in_thread

AFTER_MS = 2000
"""So long a pause after an edit is the moment to write."""

AT_LATEST_MS = 5000
"""Without a pause, edits are written so often."""

CLOSE_WITHIN_S = 2.0


class Autosave(QObject):
    """Writes copies of the plans that are not as saved, and drops those of plans that are."""

    failed = Signal(str)
    """A sentence, when copies cannot be written any more."""

    def __init__(self, documents: OpenDocuments, folder: RecoveryFolder, tasks: Tasks) -> None:
        super().__init__(documents)
        self._documents = documents
        self.folder = folder
        self._tasks = tasks
        self._keys = count()
        self._kept: dict[Document, tuple[str, Plan]] = {}
        self._working = False
        self._is_failing = False
        self._is_closed = False
        self._pause = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._latest = QTimer(self, singleShot=True, interval=AT_LATEST_MS)
        self._pause.timeout.connect(self._start)
        self._latest.timeout.connect(self._start)
        documents.editor.changed.connect(lambda _change: self._soon())
        documents.changed.connect(self._follow)

    async def write(self) -> bool:
        """Bring all copies up to date now. False: that cannot be."""
        self._pause.stop()
        self._latest.stop()
        await self._until_free()
        self._working = True
        try:
            for document in [d for d in self._kept if d not in self._documents.dirty]:
                await in_thread(self.folder.remove, self._kept.pop(document)[0])
            for document in self._documents.dirty:
                await self._keep(document)
        except OSError as error:
            self._tell(error)
            return False
        finally:
            self._working = False
        self._is_failing = False
        return True

    async def close(self) -> None:
        """Drop all copies, as everything is saved or given up; a disk that hangs is left alone."""
        import asyncio

        self._is_closed = True
        self._pause.stop()
        self._latest.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drop_all(), CLOSE_WITHIN_S)

    async def _drop_all(self) -> None:
        await self._until_free()
        await in_thread(self.folder.close)

    async def _until_free(self) -> None:
        import asyncio

        while self._working:
            await asyncio.sleep(0.02)

    def _soon(self) -> None:
        if self._is_closed:
            return
        self._pause.start()
        if not self._latest.isActive():
            self._latest.start()

    def _follow(self) -> None:
        dirty = self._documents.dirty
        if any(document not in dirty for document in self._kept):
            self._start()
        elif any(document not in self._kept for document in dirty):
            self._soon()

    def _start(self) -> None:
        self._tasks.start(self.write())

    async def _keep(self, document: Document) -> None:
        plan = self._documents.plan_of(document)
        key, kept = self._kept.get(document, ("", None))
        if kept is plan:
            return
        key = key or str(next(self._keys))
        path = "" if document.path is None else str(document.path)
        version, name = document.version, document.name
        await in_thread(_write, self.folder, key, plan, name, path, version)
        self._kept[document] = key, plan

    def _tell(self, error: OSError) -> None:
        if not self._is_failing:
            self.failed.emit(
                f"No recovery copy can be saved in {self.folder.root}: save your plans yourself. "
                f"{reason(error)}"
            )
        self._is_failing = True


def digest(version: Version | None) -> str:
    """What tells one content of a file from another; '' for none."""
    if version is None:
        return ""
    import hashlib

    return hashlib.sha256(version.content).hexdigest()


def _write(
    folder: RecoveryFolder, key: str, plan: Plan, name: str, path: str, version: Version | None
) -> None:
    copy = Copy(write_document(plan), name, path, digest(version), time.time())
    folder.write(key, copy)
