"""Says over the canvas that the shown plan's file was changed, and offers what to do about it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.ui.state.difference import SHOW_DIFFERENCE, show_difference
from app.ui.state.document import Document
from app.ui.state.file_versions import Version
from app.ui.state.services import Services
from app.ui.widgets import dialogs
from app.ui.widgets.message_bar import Link, MessageBar

RELOAD, KEEP = "Reload", "Keep mine"
SAVE_AGAIN, SAVE_AS, LEAVE = "Save it again", "Save as …", "Leave it"


class DiskBar(MessageBar):
    """Shown while there is news of the shown document's file."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._documents = services.documents
        self._watch = services.disk_watch
        self._tasks = services.tasks
        self._watch.news_changed.connect(self._refresh)
        self._documents.changed.connect(self._refresh)
        self.hide()

    def _refresh(self) -> None:
        document = self._documents.active
        self.setVisible(document in self._watch.news)
        if self.isHidden():
            return
        theirs = self._watch.news[document]
        if theirs is None:
            self.say(
                "note",
                f"“{document.name}” was moved or deleted.",
                (
                    Link(SAVE_AGAIN, lambda: self._tasks.start(self._documents.save(document))),
                    Link(SAVE_AS, lambda: self._tasks.start(self._documents.save_as(document))),
                    Link(LEAVE, lambda: self._watch.dismiss(document)),
                ),
            )
            return
        where = "elsewhere and here" if document.is_dirty else "by another program"
        self.say(
            "note",
            f"“{document.name}” was changed {where}.",
            (
                Link(RELOAD, lambda: self._do(document, RELOAD)),
                Link(SHOW_DIFFERENCE, lambda: self._do(document, SHOW_DIFFERENCE)),
                Link(KEEP, lambda: self._do(document, KEEP)),
            ),
        )

    def _do(self, document: Document, choice: str) -> None:
        self._tasks.start(self._answer(document, choice))

    async def _answer(self, document: Document, choice: str) -> None:
        theirs = self._watch.news.get(document)
        if choice == SHOW_DIFFERENCE and theirs is not None:
            choice = await self._show_difference(document, theirs)
            theirs = self._watch.news.get(document)
        if theirs is None:
            return
        if choice == RELOAD:
            await self._documents.reload(document, theirs)
        elif choice == KEEP:
            self._watch.dismiss(document)

    async def _show_difference(self, document: Document, theirs: Version) -> str:
        parent: QWidget = self.window()
        title = f"“{document.name}” was changed by another program."
        choices = (KEEP, RELOAD, dialogs.CANCEL)
        assert document.path is not None
        mine = await self._documents.to_write(document, document.path)
        return await show_difference(parent, title, choices, theirs.content, mine)
