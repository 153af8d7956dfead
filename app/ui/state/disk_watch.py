"""Notices when other programs change, replace, move or delete the files of open plans."""

from __future__ import annotations

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.ui.state.document import Document
from app.ui.state.documents import Documents
from app.ui.state.file_versions import Version, newer_version
from app.ui.state.tasks import Tasks, in_thread

AFTER_MS = 300
"""A program that replaces a file is given so long to finish."""


class DiskWatch(QObject):
    """`news` has the documents whose files are others now: their new version, None where gone."""

    news_changed = Signal()

    def __init__(self, documents: Documents, tasks: Tasks) -> None:
        super().__init__(documents)
        self._documents = documents
        self._tasks = tasks
        self.news: dict[Document, Version | None] = {}
        self._soon = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._soon.timeout.connect(lambda: tasks.start(self.look()))
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self.look_soon)
        self._watcher.directoryChanged.connect(self.look_soon)
        documents.changed.connect(self._follow)

    def look_soon(self, _path: str = "") -> None:
        """Look at the files in a moment; also for drives that tell nobody of changes."""
        if any(d.path is not None for d in self._documents.all):
            self._soon.start()

    async def look(self) -> None:
        """Look at the files of all documents now."""
        for document in tuple(self._documents.all):
            await self._look_at(document)
        self._watch()

    def close(self) -> None:
        """Watch no more."""
        self._soon.stop()
        self._watcher.blockSignals(True)

    def dismiss(self, document: Document) -> None:
        """Leave the document as it is here; the next save writes it."""
        self._documents.keep_own(document, self.news.pop(document))
        self.news_changed.emit()

    async def _look_at(self, document: Document) -> None:
        path, version = document.path, document.version
        if path is None or document.is_being_saved:
            return
        is_gone, theirs = False, None
        try:
            theirs = await in_thread(newer_version, path, version)
        except FileNotFoundError:
            is_gone = True
        except OSError:
            return
        if document.is_being_saved or (document.path, document.version) != (path, version):
            return
        if theirs is not None:
            self.news[document] = theirs
        elif not is_gone and document in self.news:
            del self.news[document]
        elif is_gone and version is not None and self.news.get(document, version) is not None:
            self.news[document] = None
            document.undo_stack.resetClean()
        else:
            return
        self.news_changed.emit()

    def _follow(self) -> None:
        """Drop the news of what is closed or saved by now, and watch the files that are open."""
        known = [d for d in self.news if d not in self._documents.all or d.version == self.news[d]]
        for document in known:
            del self.news[document]
        if known:
            self.news_changed.emit()
        self._watch()

    def _watch(self) -> None:
        paths = [d.path for d in self._documents.all if d.path is not None]
        wanted = {str(p) for path in paths for p in (path, path.parent) if p.exists()}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if watched - wanted:
            self._watcher.removePaths(sorted(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(sorted(wanted - watched))
