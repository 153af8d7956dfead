"""A plan and the model it is over: chosen, opened, dropped, and kept fitting to each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtWidgets import QWidget

from app.plan.document import Plan
from app.plan.edits import whole_model
from app.ui import dialogs
from app.ui.documents import PATTERN, Documents
from app.ui.documents.document import Document
from app.ui.editor import PlanEditor
from app.ui.open_model import OpenModel
from app.ui.settings import Settings
from app.ui.tasks import Tasks

if TYPE_CHECKING:
    import asyncio

MODELS = "GGUF models (*.gguf);;All files (*)"
NEW_PLAN, KEEP_PLAN = "New plan over the whole model", "Keep this plan"


class OpenFiles(QObject):
    """What the file actions of the window do. Those that are not awaited start a task."""

    model_loaded = Signal(bool)
    """Another model is open; whether it is the one that comes with the program."""
    notice = Signal(str)
    """A sentence worth a moment in the status line."""

    def __init__(
        self,
        window: QWidget,
        editor: PlanEditor,
        documents: Documents,
        model: OpenModel,
        settings: Settings,
        find_bundled_model: Callable[[], Path],
        tasks: Tasks,
    ) -> None:
        """`find_bundled_model` raises ModelFileError when it is not installed."""
        super().__init__(window)
        self._window = window
        self._editor = editor
        self._documents = documents
        self._model = model
        self._settings = settings
        self.find_bundled_model = find_bundled_model
        self._tasks = tasks
        self._matching: asyncio.Task[None] | None = None
        self._is_offering = False
        documents.shown.connect(lambda _document: self._match_soon())
        documents.opened.connect(lambda _path: tasks.start(self._match_opened()))

    def open_plan(self, path: Path) -> None:
        """Open a plan file in a tab; one that is open already is shown."""
        self._tasks.start(self._documents.open(path))

    def open_sample(self, path: Path) -> None:
        """Open a copy of a plan that comes with the program, as `open_plan`."""
        self._tasks.start(self._documents.open(path, is_sample=True))

    def choose_plan(self) -> None:
        """Let the user pick a plan file and open it."""
        self._tasks.start(self._choose_plan())

    def new_plan(self) -> None:
        """One block over the whole model, in a tab of its own."""
        file = self._model.file
        plan = whole_model(file.n_layers, file.path.name) if file is not None else Plan()
        self._documents.add(plan)

    def put_new(self, plan: Plan) -> None:
        """A plan made for the model that is open, in a tab of its own."""
        sources = tuple(file.path.name for file in self._model.files)
        self._documents.add(replace(plan, sources=sources or plan.sources))

    def close_plan(self) -> None:
        """Close the shown tab, asking about unsaved changes."""
        self.close_document(self._documents.active)

    def close_document(self, document: Document) -> None:
        """Close this tab, asking about unsaved changes."""
        self._tasks.start(self._documents.close(document))

    def save(self) -> None:
        """Save the document."""
        self._tasks.start(self._save(self._documents.save))

    def save_as(self) -> None:
        """Save the document under another name."""
        self._tasks.start(self._save(self._documents.save_as))

    def export_strict(self) -> None:
        """Write the plan for parsers that know only the original format."""
        self._tasks.start(self._then_say(self._documents.export_strict, "Exported."))

    def open_model(self, path: Path) -> None:
        """Make another file the model of the plan."""
        self._tasks.start(self.load_model(path))

    def choose_model(self) -> None:
        """Let the user pick a model file and open it."""
        self._tasks.start(self._choose_model())

    def open_bundled_model(self) -> None:
        """Go back to the model that comes with the program."""
        self._tasks.start(self.load_bundled_model())

    def take_drop(self, mime: QMimeData) -> bool:
        """Open what was dropped; False when it is neither a plan nor a model."""
        plans, models = self.dropped_paths(mime)
        if plans or models:
            self._tasks.start(self._open_all(plans, models))
        return bool(plans or models)

    def dropped_paths(self, mime: QMimeData) -> tuple[list[Path], list[Path]]:
        """The plans and the models among dragged files."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        plans, models = ([p for p in paths if p.suffix.lower() == s] for s in (".txt", ".gguf"))
        return plans, models

    async def load_model(self, path: Path) -> bool:
        """Read a model file and put the plan over it; False when it cannot be used."""
        is_read = await self._read_model(path)
        if is_read:
            await self._offer_whole_model()
        return is_read

    async def load_bundled_model(self) -> bool:
        """Put the plan over the model that comes with the program; False when it is missing."""
        from app.model_files.errors import ModelFileError

        try:
            path = self.find_bundled_model()
        except ModelFileError as error:
            await dialogs.tell(self._window, "The bundled model is missing.", str(error))
            return False
        return await self.load_model(path)

    def _bundled_model(self) -> Path | None:
        from app.model_files.errors import ModelFileError

        try:
            return self.find_bundled_model()
        except ModelFileError:
            return None

    async def _choose_plan(self) -> None:
        folder = _folder_of(self._settings.recent_plans())
        path = await dialogs.ask_open_path(self._window, "Open plan", folder, PATTERN)
        if path is not None:
            await self._documents.open(path)

    async def _choose_model(self) -> None:
        folder = _folder_of(self._settings.recent_models())
        path = await dialogs.ask_open_path(self._window, "Open model", folder, MODELS)
        if path is not None:
            await self.load_model(path)

    async def _save(self, save: Callable[[], Awaitable[bool]]) -> None:
        if await save():
            unread = self._documents.has_unread_text(self._documents.active)
            but = "Saved, without what you typed in the text: it is not a plan yet."
            self.notice.emit(but if unread else "Saved.")

    async def _then_say(self, work: Callable[[], Awaitable[bool]], words: str) -> None:
        if await work():
            self.notice.emit(words)

    async def _open_all(self, plans: list[Path], models: list[Path]) -> None:
        if models:
            await self.load_model(models[0])
        if len(models) > 1:
            self.notice.emit(f"There is one model at a time: only {models[0].name} was taken.")
        for path in plans:
            await self._documents.open(path)

    async def _read_model(self, path: Path) -> bool:
        from app.model_files.errors import ModelFileError

        before = self._model.file
        try:
            file = await self._model.open(path)
        except ModelFileError as error:
            kept = f" “{before.path.name}” stays open." if before is not None else ""
            await dialogs.tell(self._window, "This model cannot be used.", f"{error}{kept}")
            return False
        is_bundled = file.path == self._bundled_model()
        if not is_bundled:
            self._settings.add_recent_model(file.path)
        self.model_loaded.emit(is_bundled)
        return True

    def _match_soon(self) -> asyncio.Task[None]:
        if self._matching is None or self._matching.done():
            self._matching = self._tasks.start(self._match_model())
        return self._matching

    async def _match_opened(self) -> None:
        await self._match_soon()
        await self._offer_whole_model()

    async def _match_model(self) -> None:
        """Open the model that the shown plan names, where it can be found and is not open already.

        Tabs may be changed meanwhile, so it goes on until the one that is shown has been looked at.
        """
        matched: Document | None = None
        while matched is not self._documents.active:
            matched = self._documents.active
            file, sources = self._model.file, self._editor.plan.sources
            if not sources or file is None or file.path.name == Path(sources[0]).name:
                continue
            folder = matched.path.parent if matched.path is not None else Path()
            found = self._find_source(folder / sources[0])
            if found is None:
                self.notice.emit(f"This plan names the model {sources[0]}, which was not found.")
            else:
                await self._read_model(found)

    def _find_source(self, path: Path) -> Path | None:
        known = (path, *self._settings.recent_models(), self._bundled_model())
        return next((p for p in known if p and p.name == path.name and p.is_file()), None)

    async def _offer_whole_model(self) -> None:
        """Ask what to do about a plan for another model: once, also where several were opened."""
        file = self._model.file
        if self._is_offering or file is None:
            return
        if not any(p.code == "weight-range" for p in self._editor.problems):
            return
        self._is_offering = True
        try:
            answer = await dialogs.ask(
                self._window,
                f"The plan was made for another model than “{file.path.name}”.",
                f"It borrows weight layers beyond 0 to {file.n_layers - 1}, which this model does "
                "not have. The Problems list names them.",
                (NEW_PLAN, KEEP_PLAN),
            )
        finally:
            self._is_offering = False
        if answer == NEW_PLAN:
            self.new_plan()


def _folder_of(recent: tuple[Path, ...]) -> Path:
    return recent[0].parent if recent else Path.home()
