"""Keeps the open model files those that the shown plan names, tab by tab and step by step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.plan.change import Change
from app.ui.state.bundled_model import BundledModel
from app.ui.state.document import Document
from app.ui.state.open_documents import OpenDocuments
from app.ui.state.open_model import NO_MODEL, OpenModel
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks, in_thread

if TYPE_CHECKING:
    import asyncio

    from app.model_files.model_file import ModelFile
    from app.plan.document import Plan

FIND = "Find …"
LOOKING = "Looking for the plan's model files …"


@dataclass(frozen=True, slots=True)
class Source:
    """One of the plan's model files by its name there; without `file`, `why` says what is wrong."""

    name: str
    file: ModelFile | None
    why: str = ""


class PlanSources(QObject):
    """`all` are the shown plan's sources in order, found or not.

    A plan that names none is over the files chosen last. Files are looked for beside the plan,
    where it says, among those opened before and those that come with the program.
    """

    changed = Signal()
    notice = Signal(str)
    """A sentence for the status line."""

    def __init__(
        self,
        documents: OpenDocuments,
        model: OpenModel,
        bundled: BundledModel,
        settings: Settings,
        tasks: Tasks,
    ) -> None:
        super().__init__(documents)
        self._documents = documents
        self._editor = documents.editor
        self._model = model
        self._bundled = bundled
        self._settings = settings
        self._tasks = tasks
        self._looking: asyncio.Task[None] | None = None
        self._whys: dict[tuple[Document, str], str] = {}
        self.all: tuple[Source, ...] = ()
        documents.shown.connect(self.follow)
        documents.editor.changed.connect(self._edited)
        model.changed.connect(self._count_layers)

    @property
    def missing(self) -> Source | None:
        """The first source that is not there or cannot be used."""
        return next((source for source in self.all if source.why), None)

    @property
    def is_named(self) -> bool:
        """Whether the shown plan says itself what it runs on."""
        return bool(self._editor.plan.sources)

    def files_of(self, document: Document) -> tuple[ModelFile, ...]:
        """The model files of an open document, () while they are not known."""
        found = [self._model.known(path) for path in document.model_paths]
        return tuple(file for file in found if file is not None)

    def choose(self, *files: ModelFile) -> None:
        """Make these the files of the plans that name none."""
        self._model.chosen = files
        for document in self._documents.all:
            if not self._documents.plan_of(document).sources:
                document.model_paths = tuple(file.path for file in files)
        self.follow()

    def name_for(self, document: Document, path: Path) -> str:
        """What the document's plan calls a file, from now on."""
        name = path.name
        taken = {known for known in self._model.known_paths if known.name == name}
        if document.files.get(name, path) != path or taken - {path}:
            name = str(path)
        document.files[name] = path
        self._whys.pop((document, name), None)
        return name

    def follow(self, _document: object = None) -> None:
        """Show the sources of the shown plan, at once where their files were read before."""
        document, plan = self._documents.active, self._editor.plan
        if not plan.sources:
            self._show(tuple(Source(file.path.name, file) for file in self._model.chosen))
            return
        sources = tuple(self._source(document, name) for name in plan.sources)
        self._show(sources)
        if any(source.file is None and not source.why for source in sources):
            self._look_soon()

    def look_again(self) -> None:
        """Look once more for what was not found: something has changed."""
        self._whys.clear()
        self.follow()

    async def wait_for_search(self) -> None:
        """Wait until the sources of the shown plan were looked for."""
        if self._looking is not None:
            await self._looking

    def _source(self, document: Document, name: str) -> Source:
        if name not in document.files and document.path is None and not self._editor.plan.marks:
            same = [p for p in self._model.known_paths if name in (p.name, str(p))]
            if len(same) == 1:  # a plan made here over what is open
                document.files[name] = same[0]
        file = self._model.known(document.files.get(name))
        return Source(name, file, "" if file else self._whys.get((document, name), ""))

    def _count_layers(self) -> None:
        *starts, n = accumulate((file.n_layers for file in self._model.files), initial=0)
        self._editor.set_weight_layer_count(n or None, tuple(starts) or (0,))

    def _edited(self, change: Change) -> None:
        if change.before.sources != change.after.sources:
            self.follow()

    def _look_soon(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self._tasks.start(self._look())

    async def _look(self) -> None:
        """Tabs may be changed meanwhile, so it goes on until the one shown was looked at."""
        looked_at = None
        while looked_at != (self._documents.active, self._editor.plan.sources):
            document, plan = self._documents.active, self._editor.plan
            looked_at = document, plan.sources
            for name in plan.sources:
                source = self._source(document, name)
                if source.file is None and not source.why:
                    await self._find(document, plan, name)
        self.follow()

    async def _find(self, document: Document, plan: Plan, name: str) -> None:
        from app.model_files.errors import ModelFileError
        from app.model_files.finding import find_source
        from app.model_files.fingerprint import has_mark

        mark = plan.marks.get(name)
        folder = document.path.parent if document.path is not None else None
        recent = self._settings.recent_models()
        known = (*self._model.known_paths, *self._bundled.paths, *recent)
        path = document.files.get(name)
        if path is None or not await in_thread(path.is_file):
            path = await in_thread(find_source, name, mark, folder, known)
        try:
            if path is None:
                self._whys[document, name] = (
                    f"“{Path(name).name}” was not found. “{FIND}” above the plan lets you choose "
                    "it."
                )
            else:
                await self._model.read(path)
                document.files[name] = path.absolute()
                if mark is not None and not await in_thread(has_mark, path, mark):
                    self.notice.emit(
                        f"“{path.name}” is not the file that the plan was saved with: its "
                        "weights may differ."
                    )
        except ModelFileError as error:
            self._whys[document, name] = str(error)

    def _show(self, sources: tuple[Source, ...]) -> None:
        files = tuple(source.file for source in sources if source.file is not None)
        why = ""
        if not sources:
            why = NO_MODEL
        elif len(files) < len(sources):
            whys = [source.why for source in sources if source.why]
            why = " ".join(whys) if whys else LOOKING
        elif len(files) > 1:
            why = _why_not_together(files)
        self.all = sources
        self._model.show(() if why else files, why)
        self._documents.active.model_paths = self._model.paths
        self.changed.emit()


def _why_not_together(files: tuple[ModelFile, ...]) -> str:
    from app.model_files.errors import ModelFileError
    from app.model_files.sources import require_one_model

    try:
        require_one_model(files)
    except ModelFileError as error:
        return str(error)
    return ""
