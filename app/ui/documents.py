"""The plan as a file: opened, saved and exported, and never overwritten or lost in silence."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.plan import files
from app.plan.document import Plan
from app.plan.problem import PlanError
from app.plan.writer import write_document, write_strict
from app.ui import dialogs
from app.ui.editor import PlanEditor
from app.ui.settings import Settings
from app.ui.tasks import in_thread

SAMPLES = Path(__file__).resolve().parents[2] / "plans"
PATTERN = "Plans (*.txt);;All files (*)"
UNTITLED = "Untitled plan"
STRICT_NAME = "layerBlocks.txt"

REPLACE = "Replace the file"
SAVE, DISCARD = "Save", "Discard changes"


class Documents(QObject):
    """Which file the editor's plan belongs to. Methods that may take time are awaited."""

    changed = Signal()
    """The file's name, or whether the plan is as saved."""
    opened = Signal(object)
    """The path of a plan that was put into the editor."""

    def __init__(self, editor: PlanEditor, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._editor = editor
        self._settings = settings
        self._window = window
        self._sample: str | None = None
        self._seen: tuple[int, int] | None = None
        self.path: Path | None = None
        editor.undo_stack.cleanChanged.connect(lambda _clean: self.changed.emit())

    @property
    def name(self) -> str:
        """What to call the plan."""
        if self.path is not None:
            return self.path.name
        return self._sample or UNTITLED

    @property
    def title(self) -> str:
        """The name without the file's suffix."""
        return Path(self.name).stem

    @property
    def is_dirty(self) -> bool:
        """Whether closing would lose changes."""
        return not self._editor.is_clean

    def put_new(self, plan: Plan) -> None:
        """A new plan without a file."""
        self._put(plan, None)

    async def open(self, path: Path, is_sample: bool = False) -> bool:
        """Read a plan file into the editor, as far as it can be understood.

        False, with the old document kept, when it cannot be read or holds no block at all. A
        sample is opened without its file, so that saving asks for a name.
        """
        path = path.absolute()
        try:
            seen = await in_thread(_stamp, path)
            read = await in_thread(files.load, path)
        except OSError as error:
            await self._tell(f"“{path.name}” could not be read.", _reason(error))
            return False
        if read.plan is None:
            first = next(iter(read.problems), None)
            await self._tell(
                f"“{path.name}” is not a plan.",
                (f"{first.message} {first.fix}" if first else "")
                or "No line in it is a WeightBlock or a MergeBlock.",
            )
            return False
        self._seen = seen
        self._put(read.plan, None if is_sample else path, path.stem if is_sample else None)
        if not is_sample:
            self._settings.add_recent_plan(path)
        self.opened.emit(path)
        unreadable = [p for p in read.problems if p.severity == "error" and p.block_id is None]
        if unreadable and not is_sample:
            lines = "\n".join(
                f"Line {p.line}: {p.message} {p.fix}" if p.line else f"{p.message} {p.fix}"
                for p in unreadable
            )
            await self._tell(
                f"“{path.name}” was opened as far as it could be understood.",
                f"{lines}\n\nSaving keeps what you see, not these lines.",
            )
        return True

    async def save(self) -> bool:
        """Write the document to its file, asking for a name where it has none. False: not saved."""
        if self.path is None:
            return await self.save_as()
        if await self._was_changed_by_others(self.path):
            answer = await dialogs.ask(
                self._window,
                f"“{self.path.name}” was changed by another program.",
                "Saving replaces those changes with yours.",
                (dialogs.CANCEL, REPLACE),
            )
            if answer != REPLACE:
                return False
        return await self._save_to(self.path)

    async def save_as(self) -> bool:
        """Write the document to a file the user picks. False: not saved."""
        proposed = self.path or self._folder() / "plan.txt"
        path = await dialogs.ask_save_path(self._window, "Save plan as", proposed, PATTERN)
        return path is not None and await self._save_to(path)

    async def export_strict(self) -> bool:
        """Write the strict form for parsers that know only the original format."""
        try:
            text = write_strict(self._editor.plan)
        except PlanError as error:
            count = len(error.problems)
            lines = "\n".join(f"• {p.message} {p.fix}" for p in error.problems[:8])
            more = f"\n… and {count - 8} more." if count > 8 else ""
            await self._tell("The plan cannot be exported until it is valid.", lines + more)
            return False
        path = await dialogs.ask_save_path(
            self._window, "Export layerBlocks.txt", self._folder() / STRICT_NAME, PATTERN
        )
        return path is not None and await self._write(path, text)

    async def may_leave(self) -> bool:
        """Whether the document may be left: it is as saved, was saved now, or may be lost."""
        if not self.is_dirty:
            return True
        answer = await dialogs.ask(
            self._window,
            f"Save the changes to “{self.name}”?",
            "They are lost otherwise.",
            (SAVE, DISCARD, dialogs.CANCEL),
        )
        if answer == SAVE:
            return await self.save()
        return answer == DISCARD

    def _put(self, plan: Plan, path: Path | None, sample: str | None = None) -> None:
        self.path, self._sample = path, sample
        self._editor.replace_document(plan)
        self._editor.mark_saved()
        self.changed.emit()

    async def _was_changed_by_others(self, path: Path) -> bool:
        now = await in_thread(_stamp, path)
        return now is not None and now != self._seen

    async def _save_to(self, path: Path) -> bool:
        written = self._editor.plan
        if not await self._write(path, write_document(written)):
            return False
        self.path, self._sample, self._seen = path, None, await in_thread(_stamp, path)
        if self._editor.plan == written:
            self._editor.mark_saved()
        self._settings.add_recent_plan(path)
        self.changed.emit()
        return True

    async def _write(self, path: Path, text: str) -> bool:
        try:
            await in_thread(files.save, path, text)
        except OSError as error:
            await self._tell(
                f"“{path.name}” could not be saved.",
                f"{_reason(error)} The file is as it was, and your plan is still open here. "
                "Save it under another name, or in another folder.",
            )
            return False
        return True

    async def _tell(self, text: str, explanation: str) -> None:
        await dialogs.tell(self._window, text, explanation)

    def _folder(self) -> Path:
        if self.path is not None:
            return self.path.parent
        recent = self._settings.recent_plans()
        return recent[0].parent if recent else Path.home()


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells one version of a file from the next, None while there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _reason(error: OSError) -> str:
    words = (error.strerror or str(error)).rstrip(".")
    return f"The system says: {words}."
