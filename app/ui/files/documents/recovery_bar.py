"""Offers the plans that were not saved when the program ended by force."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale

from app.plan.reader import read_plan
from app.ui.state.autosave import digest
from app.ui.state.file_versions import Version, version_of
from app.ui.state.recovery import Copy, Leftover
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs
from app.ui.widgets.message_bar import Link, MessageBar

RESTORE, DISCARD, LATER = "Restore", "Discard …", "Decide later"
DISCARD_THEM = "Discard them"
_MAX_NAMED = 3


class RecoveryBar(MessageBar):
    """Shown while there are plans to be restored or given up."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._documents = services.documents
        self._autosave = services.autosave
        self._folder = services.autosave.folder
        self._tasks = services.tasks
        self._leftovers: list[Leftover] = []
        self.hide()

    async def offer(self) -> None:
        """Look for plans left behind and offer them."""
        self._leftovers = await in_thread(self._folder.leftovers)
        copies = [c for leftover in self._leftovers for c in leftover.copies]
        if not copies:
            return
        names = ", ".join(_named(c) for c in copies[:_MAX_NAMED])
        more = f" and {len(copies) - _MAX_NAMED} more" if len(copies) > _MAX_NAMED else ""
        self.say(
            "note",
            f"Unsaved from last time: {names}{more}",
            (
                Link(RESTORE, lambda: self._tasks.start(self._restore())),
                Link(DISCARD, lambda: self._tasks.start(self._discard())),
                Link(LATER, self.release),
            ),
        )
        self.show()

    def release(self) -> None:
        """Leave what was not decided upon for the next start."""
        for leftover in self._take():
            leftover.release()

    async def _restore(self) -> None:
        for leftover in self._take():
            unread = [copy for copy in leftover.copies if not await self._open(copy)]
            if await self._autosave.write() and not unread:
                await in_thread(leftover.discard)
            else:
                leftover.release()
            for copy in unread:
                await dialogs.tell(
                    self.window(),
                    f"The copy of “{copy.name}” is not a plan.",
                    f"It stays in {leftover.folder}, where you can look at it, and is offered "
                    "again at the next start.",
                )

    async def _discard(self) -> None:
        n = sum(len(leftover.copies) for leftover in self._leftovers)
        answer = await dialogs.ask(
            self.window(),
            "Discard the unsaved plan?" if n == 1 else f"Discard {n} unsaved plans?",
            "Unsaved changes cannot be recovered.",
            (dialogs.CANCEL, DISCARD_THEM),
        )
        if answer == DISCARD_THEM:
            for leftover in self._take():
                await in_thread(leftover.discard)

    def _take(self) -> list[Leftover]:
        leftovers, self._leftovers = self._leftovers, []
        self.hide()
        return leftovers

    async def _open(self, copy: Copy) -> bool:
        """Open a copy as an unsaved document, over its file unless that is open already.

        False: it holds no plan.
        """
        read = await in_thread(read_plan, copy.text)
        if read.plan is None:
            return False
        path = Path(copy.path) if copy.path else None
        if path is not None and self._documents.find(path) is not None:
            path = None
        version = await in_thread(_version, path, copy.seen)
        sample = copy.name if path is None else None
        self._documents.add(read.plan, path, sample, version, is_dirty=True)
        return True


def _named(copy: Copy) -> str:
    """What to call a copy, with the day on which it was kept."""
    if not copy.time:
        return f"“{copy.name}”"
    day = QDateTime.fromSecsSinceEpoch(int(copy.time)).date()
    return f"“{copy.name}” ({QLocale().toString(day, QLocale.FormatType.ShortFormat)})"


def _version(path: Path | None, expected: str) -> Version | None:
    """The version of the file that the copy was made over, None where it is another now."""
    if path is None:
        return None
    try:
        version = version_of(path)
    except OSError:
        return None
    return version if digest(version) == expected else None
