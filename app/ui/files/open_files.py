"""A plan and the model it is over: chosen, opened, and kept fitting to each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.plan.document import Plan
from app.plan.edits import whole_model
from app.ui.state.block_kinds import layer_range
from app.ui.state.document import Document
from app.ui.state.documents import PATTERN
from app.ui.state.services import Services
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile

MODELS = "GGUF models (*.gguf);;All files (*)"
NEW_PLAN, KEEP_PLAN = "New plan with the whole model", "Keep this plan"


class OpenFiles(QObject):
    """What the file actions of the window do. Those that are not awaited start a task."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.window)
        self._window = services.window
        self._editor = services.editor
        self._documents = services.documents
        self._model = services.model
        self._sources = services.sources
        self._bundled = services.bundled
        self._settings = services.settings
        self._notices = services.notices
        self._tasks = services.tasks
        self._is_offering = False
        self._documents.opened.connect(self._match_opened_soon)

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
        if file is not None:
            self._add_over(file)
        else:
            self._documents.add(Plan())

    def put_new(self, plan: Plan) -> None:
        """A plan made for the sources that are open, in a tab of its own."""
        active, files = self._documents.active, self._model.files
        names = tuple(self._sources.name_for(active, file.path) for file in files)
        self._documents.add(replace(plan, sources=names or plan.sources))

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

    def open_model(self, path: Path) -> None:
        """Make another file the model of the plan."""
        self._tasks.start(self.load_model(path))

    def choose_model(self) -> None:
        """Let the user pick a model file and open it."""
        self._tasks.start(self._choose_model())

    def open_bundled_model(self) -> None:
        """Go back to the model that comes with the program."""
        self._tasks.start(self.load_bundled_model())

    async def load_model(self, path: Path) -> bool:
        """Make a model file the only source of the plan; False when it cannot be used.

        Plans that name none are over this one from now on.
        """
        file = await self._read_model(path)
        if file is None:
            return False
        if not self._sources.is_named:
            self._sources.choose(file)
            await self._offer_whole_model()
            return True
        plan = self._editor.commit()
        answer = KEEP_PLAN
        why = self._why_not_alone(plan, file)
        if why:
            answer = await dialogs.ask(
                self._window,
                f"The plan was made for a different model than “{file.path.name}”.",
                why,
                (NEW_PLAN, KEEP_PLAN, dialogs.CANCEL),
            )
        if answer == dialogs.CANCEL:
            return False
        self._sources.choose(file)
        if answer == NEW_PLAN:
            self._add_over(file)
        else:
            name = self._sources.name_for(self._documents.active, file.path)
            self._editor.apply(f"Open “{file.path.name}”", replace(plan, sources=(name,)))
        return True

    async def open_over(self, path: Path, plan: Plan | None) -> None:
        """A plan over another model file in a tab of its own; None: one over the whole file."""
        file = await self._read_model(path)
        if file is None:
            return
        if plan is None:
            self._add_over(file)
        else:
            name = self._sources.name_for(self._documents.active, file.path)
            self._documents.add(replace(plan, sources=(name,)))

    async def load_bundled_model(self) -> bool:
        """Put the plan over the model that comes with the program; False when it is missing."""
        from app.model_files.errors import ModelFileError

        try:
            path = self._bundled.find()
        except ModelFileError as error:
            await dialogs.tell(self._window, "The bundled model is missing.", str(error))
            return False
        return await self.load_model(path)

    def _add_over(self, file: ModelFile) -> None:
        name = self._sources.name_for(self._documents.active, file.path)
        self._documents.add(whole_model(file.n_layers, name))

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
            but = "Saved, without your changes to the text: it is not a plan yet."
            self._notices.post(but if unread else "Saved.")

    async def _read_model(self, path: Path) -> ModelFile | None:
        from app.model_files.errors import ModelFileError
        from app.model_files.reader import require_complete

        before = self._model.file
        try:
            file = await self._model.read(path)
            require_complete(file)
        except ModelFileError as error:
            remark = f" “{before.path.name}” stays open." if before is not None else ""
            await dialogs.tell(self._window, "This model cannot be used.", f"{error}{remark}")
            return None
        if file.path != self._bundled.path:
            self._settings.add_recent_model(file.path)
        return file

    def _match_opened_soon(self, _path: Path) -> None:
        self._tasks.start(self._match_opened())

    async def _match_opened(self) -> None:
        await self._sources.wait_for_search()
        await self._offer_whole_model()

    def _why_not_alone(self, plan: Plan, file: ModelFile) -> str:
        """Why a plan that names its sources needs other ones than this file; '' if it does not."""
        ranges = (layer_range(block) for block in plan.blocks.values())
        if max((layers.stop for layers in ranges if layers is not None), default=0) > file.n_layers:
            return _beyond(file)
        n = len(plan.sources)
        if n > 1:
            return (
                f"It borrows layers of {n} model files. With this one alone, the same numbers "
                "mean other layers."
            )
        return ""

    async def _offer_whole_model(self) -> None:
        """Ask what to do about a plan for another model: once, also where several were opened.

        A plan that names its model files keeps to them.
        """
        file = self._model.file
        if self._is_offering or file is None or self._sources.is_named:
            return
        if not any(p.code == "weight-range" for p in self._editor.problems):
            return
        self._is_offering = True
        try:
            answer = await dialogs.ask(
                self._window,
                f"The plan was made for a different model than “{file.path.name}”.",
                _beyond(file),
                (NEW_PLAN, KEEP_PLAN),
            )
        finally:
            self._is_offering = False
        if answer == NEW_PLAN:
            self.new_plan()


def _beyond(file: ModelFile) -> str:
    return (
        f"It borrows weight layers beyond 0 to {file.n_layers - 1}, which this model does not "
        "have. The Problems list names them."
    )


def _folder_of(recent: tuple[Path, ...]) -> Path:
    return recent[0].parent if recent else Path.home()
