"""Plans from other programs and for them: asks for files, says what was refused or remarked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.plan import files
from app.plan.document import Plan
from app.plan.problem import PlanError, Problem, errors
from app.plan.writer import write_strict
from app.ui.state.file_versions import reason
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.state.writing import write_or_tell
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.model_files.exchange.kinds import Imported
    from app.model_files.model_file import ModelFile

IMPORTED = "mergekit, lists of layers, layerBlocks (*.yml *.yaml *.txt);;All files (*)"
YAML_SUFFIXES = (".yml", ".yaml")
MAX_TOLD = 8
"""So many problems are told one by one."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a plan is exported as. `ending` follows the plan's name in the name that is proposed."""

    title: str
    ending: str
    pattern: str
    write: Callable[[Plan, Sequence[ModelFile]], str]


def _strict(plan: Plan, _files: Sequence[ModelFile]) -> str:
    return write_strict(plan)


def _mergekit(plan: Plan, sources: Sequence[ModelFile]) -> str:
    from app.model_files.exchange.exported import write_mergekit

    return write_mergekit(plan, sources)


def _paths(plan: Plan, _files: Sequence[ModelFile]) -> str:
    from app.model_files.exchange.exported import write_paths

    return write_paths(plan)


LAYER_BLOCKS = Form("layerBlocks.txt", ".layerBlocks.txt", "Plans (*.txt);;All files (*)", _strict)
MERGEKIT = Form("mergekit YAML", ".yml", "YAML (*.yml);;All files (*)", _mergekit)
PATHS = Form("List of layers", ".layers.txt", "Text (*.txt);;All files (*)", _paths)
FORMS = (LAYER_BLOCKS, MERGEKIT, PATHS)


class Exchange:
    """What File > Import and File > Export as do."""

    def __init__(self, services: Services) -> None:
        self._window = services.window
        self._documents = services.documents
        self._editor = services.editor
        self._model = services.model
        self._settings = services.settings
        self._notices = services.notices

    async def choose(self) -> None:
        """Let the user pick a file and import it."""
        path = await dialogs.ask_open_path(self._window, "Import", self._folder(), IMPORTED)
        if path is not None:
            await self.take(path)

    async def take(self, path: Path) -> bool:
        """Put the plan that a file stands for into a tab of its own; False, and why, if none."""
        path = path.absolute()
        try:
            content = await in_thread(files.read, path)
        except OSError as error:
            await dialogs.tell(self._window, f"“{path.name}” could not be read.", reason(error))
            return False
        known, recent = self._known_files(), self._settings.recent_models()
        imported = await in_thread(_imported, content, path, self._model.files, known, recent)
        plan, problems = imported.read.plan, imported.read.problems
        if imported.kind == "layerBlocks" and plan is not None:
            return await self._documents.open(path)
        if plan is None:
            report = _told(errors(problems))
            await dialogs.tell(self._window, f"“{path.name}” cannot be imported.", report)
            return False
        document = self._documents.add(plan, sample=path.stem, is_dirty=True)
        for name, file in zip(plan.sources, imported.files, strict=False):
            if file is not None:
                document.files[name] = file.path
        self._notices.post(f"Imported {path.name}.")
        if problems:
            words = f"“{path.name}” was imported, with notes."
            await dialogs.tell(self._window, words, _told(problems))
        return True

    async def export(self, form: Form) -> None:
        """Write the shown plan in another form to a file that the user picks."""
        document, sources = self._documents.active, self._model.files
        try:
            text = form.write(self._editor.commit(), sources)
        except PlanError as error:
            words = f"The plan cannot be exported as “{form.title}”."
            await dialogs.tell(self._window, words, _told(error.problems))
            return
        path_default = self._folder() / f"{document.title}{form.ending}"
        title = f"Export as “{form.title}”"
        path = await dialogs.ask_save_path(self._window, title, path_default, form.pattern)
        if path is not None and await write_or_tell(self._window, path, text.encode()):
            self._notices.post(f"Exported {path.name}.")

    def _folder(self) -> Path:
        path = self._documents.active.path
        recent = [path] if path is not None else self._settings.recent_plans()
        return recent[0].parent if recent else Path.home()

    def _known_files(self) -> tuple[ModelFile, ...]:
        """Model files that were read already, those of the shown plan first."""
        known = (self._model.known(path) for path in self._model.known_paths)
        others = (file for file in known if file is not None)
        return tuple({file.path: file for file in (*self._model.files, *others)}.values())


def _imported(
    content: bytes,
    path: Path,
    open_files: Sequence[ModelFile],
    known: Sequence[ModelFile],
    recent: Sequence[Path],
) -> Imported:
    """The plan in a file's content, with a place for every block.

    Model files that nobody has opened yet are looked for beside it, among those that come with the
    program and the `recent` ones.
    """
    from app.engine.bundled import bundled_files
    from app.model_files.exchange.kinds import import_plan
    from app.model_files.exchange.model_names import files_among
    from app.ui.canvas.placement import placed

    paths = (*sorted(path.parent.glob("*.gguf")), *bundled_files(), *recent)
    imported = import_plan(content, open_files, partial(files_among, known=known, paths=paths))
    plan = imported.read.plan
    if plan is None:
        return imported
    return replace(imported, read=replace(imported.read, plan=placed(plan)))


def _told(problems: Iterable[Problem]) -> str:
    """The first problems, each a paragraph."""
    all_problems = list(problems)
    lines = [
        f"{'•' if p.line is None else f'Line {p.line}:'} {p.message} {p.fix}".rstrip()
        for p in all_problems[:MAX_TOLD]
    ]
    more = len(all_problems) - MAX_TOLD
    return "\n\n".join([*lines, *([f"… and {more} more."] if more > 0 else [])])
