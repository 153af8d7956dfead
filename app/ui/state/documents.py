"""Plans as files: opened, saved, reloaded, closed, and never overwritten or lost in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.plan import files
from app.plan.document import Plan
from app.plan.kinds import kinds
from app.plan.reader import ReadPlan
from app.plan.writer import write_document
from app.ui.state.difference import ask_with_difference
from app.ui.state.document import Document
from app.ui.state.editor import PlanEditor
from app.ui.state.file_versions import Version, newer_version, reason, version_of
from app.ui.state.open_documents import OpenDocuments
from app.ui.state.settings import Settings
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    import asyncio

SAMPLES = Path(__file__).resolve().parents[3] / "plans"
PATTERN = "Plans (*.txt);;All files (*)"
SHOW_WORK_AFTER_MS = 150
MAX_TOLD = 12
"""So many unreadable lines are named one by one."""

REPLACE = "Replace the file"
SAVE, SAVE_ALL, DISCARD = "Save", "Save all", "Discard changes"
CLOSE_ANYWAY = "Close anyway"


class Documents(OpenDocuments):
    """The open documents and their files. Methods that may take time are awaited."""

    opened = Signal(object)
    """The path of a plan that was asked for and is shown now."""
    working = Signal(str)
    """What takes a moment; empty when it is done."""

    def __init__(
        self,
        editor: PlanEditor,
        settings: Settings,
        with_places: Callable[[Plan], Plan],
        window: QWidget,
    ) -> None:
        """`with_places` gives a position to blocks that have none; any thread may call it. The user
        is asked over the `window`."""
        super().__init__(editor, window)
        self._settings = settings
        self._with_places = with_places
        self._window = window
        self._saving: asyncio.Lock | None = None

    def has_unread_text(self, document: Document) -> bool:
        """Whether something that was typed as a document's text is no plan yet."""
        return document.undo_stack in self.editor.unread_texts

    async def open(self, path: Path, is_sample: bool = False) -> bool:
        """Read a plan file into a document, as far as it can be understood; show it if it is open.

        False, with everything as it was, when it cannot be read or holds no block at all. A
        sample is opened without its file, so that saving asks for a name.
        """
        path = path.absolute()
        if self._show_open_one(path, is_sample):
            return True
        try:
            with self._showing_work(f"Opening “{path.name}” …"):
                version, read = await in_thread(self._read, path)
        except OSError as error:
            await self._tell(f"“{path.name}” could not be read.", reason(error))
            return False
        if read.plan is None:
            elsewhere = " File > Import reads it." if await in_thread(_is_foreign, version) else ""
            await self._tell(f"“{path.name}” is not a plan.", _first_words(read) + elsewhere)
            return False
        if self._show_open_one(path, is_sample):
            return True
        if is_sample:
            self.add(read.plan, sample=path.stem)
        else:
            self.add(read.plan, path, version=version)
            self._settings.add_recent_plan(path)
        self.opened.emit(path)
        if not is_sample:
            await self._tell_unread(path, read)
        return True

    async def save(self, document: Document | None = None) -> bool:
        """Write a document, by default the shown one, to its file; ask for a name where it has
        none. False: not saved.
        """
        document = document or self.active
        if document.path is None:
            return await self.save_as(document)
        async with self._turn_to_save():
            return await self._save(document, document.path)

    async def _save(self, document: Document, path: Path) -> bool:
        self.editor.commit()
        theirs = await self._newer(path, document.version)
        if theirs is not None:
            answer = await ask_with_difference(
                self._window,
                f"“{document.name}” was changed by another program.",
                "Saving replaces those changes with yours.",
                (dialogs.CANCEL, REPLACE),
                theirs.content,
                await self.to_write(document, path),
            )
            if answer != REPLACE:
                return False
        return await self._save_to(document, path)

    async def to_write(self, document: Document, path: Path) -> Plan:
        """A document's plan as it is written to a file: its model files are named from there."""
        return await in_thread(_named_for, self.plan_of(document), dict(document.files), path)

    async def save_as(self, document: Document | None = None) -> bool:
        """Write a document to a file the user picks. False: not saved."""
        document = document or self.active
        self.editor.commit()
        proposed = document.path or self._folder(document) / "plan.txt"
        path = await dialogs.ask_save_path(self._window, "Save plan as", proposed, PATTERN)
        if path is None:
            return False
        other = self.find(path)
        if other is not None and other is not document:
            await self._tell(
                f"“{path.name}” is open in another tab.",
                "Close that tab first, or save under another name: two tabs with one file would "
                "overwrite each other.",
            )
            return False
        return await self._save_to(document, path)

    async def reload(self, document: Document, theirs: Version) -> bool:
        """Show a document as its file is now, as one undo step. False: it holds no plan."""
        assert document.path is not None
        read = await in_thread(self._plan_in, theirs)
        if read.plan is None:
            await self._tell(
                f"“{document.name}” is not a plan any more.",
                f"{_first_words(read)} What you see here is kept.",
            )
            return False
        self.show(document)
        self.editor.commit()
        self.editor.apply("Reload from disk", read.plan)
        self.editor.mark_saved()
        document.version = theirs
        self.changed.emit()
        await self._tell_unread(document.path, read)
        return True

    def keep_own(self, document: Document, theirs: Version | None) -> None:
        """Take note that the file is another one, or gone; saving will write what is here."""
        document.version = theirs
        document.undo_stack.resetClean()
        self.changed.emit()

    async def close(self, document: Document) -> bool:
        """Close a tab, asking about what would be lost. False: it stays."""
        if document is self.active:
            self.editor.commit()
        if not await self._may_lose_text([document], "tab"):
            return False
        if document.is_dirty:
            self.show(document)
            if not await self._may_lose(document):
                return False
        self.remove(document)
        return True

    async def may_close_all(self) -> bool:
        """Whether everything may be closed: it is as saved, was saved now, or may be lost."""
        self.editor.commit()
        if not await self._may_lose_text(self.all, "window"):
            return False
        dirty = self.dirty
        if len(dirty) < 2:
            return not dirty or await self._may_lose(dirty[0])
        names = "\n".join(f"• {d.name}" for d in dirty)
        answer = await dialogs.ask(
            self._window,
            f"Save the changes to {len(dirty)} plans?",
            f"{names}\n\nOtherwise they are lost.",
            (SAVE_ALL, DISCARD, dialogs.CANCEL),
        )
        if answer != SAVE_ALL:
            return answer == DISCARD
        for document in dirty:
            if document.path is None:
                self.show(document)
            if not await self.save(document):
                return False
        return True

    async def _may_lose_text(self, documents: Sequence[Document], what: str) -> bool:
        """Whether the tab or the window may close although some text is no plan yet."""
        unread = next((d for d in documents if self.has_unread_text(d)), None)
        if unread is None:
            return True
        self.show(unread)
        answer = await dialogs.ask(
            self._window,
            f"The text of “{unread.name}” is not a plan yet.",
            f"It is lost when the {what} closes. Saving keeps the last plan that could be read.",
            (dialogs.CANCEL, CLOSE_ANYWAY),
        )
        return answer == CLOSE_ANYWAY

    async def _may_lose(self, document: Document) -> bool:
        answer = await dialogs.ask(
            self._window,
            f"Save the changes to “{document.name}”?",
            "Otherwise they are lost.",
            (SAVE, DISCARD, dialogs.CANCEL),
        )
        if answer == SAVE:
            return await self.save(document)
        return answer == DISCARD

    def _show_open_one(self, path: Path, is_sample: bool) -> bool:
        if is_sample:
            untouched = (d for d in self.all if d.is_untouched and d.sample == path.stem)
            found = next(untouched, None)
        else:
            found = self.find(path)
        if found is not None:
            self.show(found)
            self.opened.emit(path)
        return found is not None

    def _turn_to_save(self) -> asyncio.Lock:
        """Held while a file is written, so that a second save does not take the first for news."""
        import asyncio

        if self._saving is None:
            self._saving = asyncio.Lock()
        return self._saving

    async def _newer(self, path: Path, known: Version | None) -> Version | None:
        """The file where the user does not know of this version, else None; also without a file."""
        try:
            return await in_thread(newer_version, path, known)
        except OSError:
            return None

    async def _save_to(self, document: Document, path: Path) -> bool:
        shown = self.plan_of(document)
        document.is_being_saved = True
        try:
            written = await self.to_write(document, path)
            version = await self._write(path, await in_thread(write_document, written))
        finally:
            document.is_being_saved = False
        if version is None:
            return False
        document.path, document.sample, document.version = path, None, version
        if self.plan_of(document) == shown:
            document.undo_stack.setClean()
        self._settings.add_recent_plan(path)
        self.changed.emit()
        return True

    async def _write(self, path: Path, text: str) -> Version | None:
        try:
            return await in_thread(_write, path, text)
        except OSError as error:
            await self._tell(
                f"“{path.name}” could not be saved.",
                f"{reason(error)} The file is as it was, and your plan is still open here. "
                "Save it under another name, or in another folder.",
            )
            return None

    @contextmanager
    def _showing_work(self, words: str) -> Iterator[None]:
        """Say what goes on, if it goes on for longer than one would wonder."""
        timer = QTimer(self, singleShot=True, interval=SHOW_WORK_AFTER_MS)
        timer.timeout.connect(lambda: self.working.emit(words))
        timer.start()
        try:
            yield
        finally:
            if not timer.isActive():
                self.working.emit("")
            timer.stop()
            timer.deleteLater()

    async def _tell_unread(self, path: Path, read: ReadPlan) -> None:
        """Name the lines of a file that are not in the plan; its other problems are listed."""
        errors = [p for p in read.problems if p.severity == "error" and p.block_id is None]
        unread = [p for p in errors if p.line is not None or p.code == "more-problems"]
        if unread:
            lines = "\n".join(
                f"Line {p.line}: {p.message} {p.fix}" if p.line else f"{p.message} {p.fix}"
                for p in unread[:MAX_TOLD]
            )
            more = len(unread) - MAX_TOLD
            rest = f"\n… and {more} more." if more > 0 else ""
            await self._tell(
                f"“{path.name}” was opened, but not all of it could be read.",
                f"{lines}{rest}\n\nSaving keeps what you see, not these lines.",
            )

    def _read(self, path: Path) -> tuple[Version, ReadPlan]:
        version = version_of(path)
        return version, self._plan_in(version)

    def _plan_in(self, version: Version) -> ReadPlan:
        """The plan in a file, with a place for every block."""
        read = files.plan_in(version.content)
        return read if read.plan is None else replace(read, plan=self._with_places(read.plan))

    async def _tell(self, text: str, explanation: str) -> None:
        await dialogs.tell(self._window, text, explanation)

    def _folder(self, document: Document) -> Path:
        if document.path is not None:
            return document.path.parent
        recent = self._settings.recent_plans()
        return recent[0].parent if recent else Path.home()


def _named_for(plan: Plan, files: Mapping[str, Path], path: Path) -> Plan:
    from app.engine.bundled import bundled_files
    from app.model_files.naming import named_for

    return named_for(plan, files, path.parent, bundled_files()) if plan.sources else plan


def _is_foreign(version: Version) -> bool:
    from app.model_files.exchange.kinds import kind_of

    return kind_of(version.content) != "layerBlocks"


def _write(path: Path, text: str) -> Version:
    files.save(path, text)
    return version_of(path)


def _first_words(read: ReadPlan) -> str:
    first = next(iter(read.problems), None)
    if first is not None:
        return f"{first.message} {first.fix}"
    keywords = " or ".join(f"a {kind.keyword}" for kind in kinds())
    return f"No line in it is {keywords}."
