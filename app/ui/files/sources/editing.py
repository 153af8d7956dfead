"""What a user does with the sources of the shown plan: each is one undo step, or is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject

from app.plan.source_order import borrowing, rearranged
from app.ui.files.open_files import MODELS, OpenFiles
from app.ui.state.services import Services
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile

ItemT = TypeVar("ItemT")

NOT_ADDED = "This file cannot be a source of the plan."


class SourceEdits(QObject):
    """Adds, moves, removes and finds sources."""

    def __init__(self, services: Services, files: OpenFiles) -> None:
        """`files` opens a first model where none is open yet."""
        super().__init__(services.window)
        self._window = services.window
        self._documents = services.documents
        self._editor = services.editor
        self._model = services.model
        self._sources = services.sources
        self._settings = services.settings
        self._notices = services.notices
        self._tasks = services.tasks
        self._files = files

    def choose(self) -> None:
        """Let the user pick model files and add them."""
        self._tasks.start(self._choose())

    def take(self, paths: Sequence[Path]) -> None:
        """Add model files behind the sources there are, as `add`."""
        self._tasks.start(self.add(paths))

    async def add(self, paths: Sequence[Path]) -> bool:
        """Add model files behind the sources there are; with one that does not fit, none."""
        from app.model_files.errors import ModelFileError
        from app.model_files.sources import require_one_model

        await self._sources.wait_for_search()
        if self._sources.all and not self._model.files:
            await dialogs.tell(
                self._window,
                "The plan's sources must be found first.",
                f"{self._model.why_none} Fix that, or remove them; then add others.",
            )
            return False
        if not self._model.files:
            is_open = await self._files.load_model(paths[0])
            return is_open and (not paths[1:] or await self.add(paths[1:]))
        document, files = self._documents.active, self._model.files
        try:
            new = [await self._model.read(path) for path in paths]
            require_one_model((*files, *new))
        except ModelFileError as error:
            await dialogs.tell(self._window, NOT_ADDED, f"{error} Nothing was changed.")
            return False
        if (document, files) != (self._documents.active, self._model.files):
            return False
        plan = self._editor.commit()
        names = plan.sources or [self._sources.name_for(document, f.path) for f in files]
        for file in new:
            self._settings.add_recent_model(file.path)
        new_names = [self._sources.name_for(document, file.path) for file in new]
        first = sum(file.n_layers for file in files)
        last = first + sum(file.n_layers for file in new) - 1
        self._editor.apply(f"Add {_listed(new)}", replace(plan, sources=(*names, *new_names)))
        self._notices.post(f"Added {_listed(new)}: weight layers {first}-{last}.")
        return True

    def why_not_move(self, row: int, to: int) -> str:
        """Why a source may not stand in another place; '' when it may."""
        files = self._model.files
        if not (0 <= row < len(files) and 0 <= to < len(files)):
            return "There is no such place."
        first = _moved(files, row, to)[0]
        if first.is_layer_pack:
            return (
                f"“{first.path.name}” has only layers, so it cannot come first: vocabulary, "
                "embeddings and head come from the first source."
            )
        return ""

    def move(self, row: int, to: int) -> None:
        """Put a source into another place; the blocks keep the weights that they borrow."""
        reason = self.why_not_move(row, to)
        if reason or row == to:
            self._notices.post(reason)
            return
        order = _moved(range(len(self._model.files)), row, to)
        self._rearrange(f"Move {_listed([self._model.files[row]])}", order)

    def why_not_remove(self, row: int) -> str:
        """Why a source may not be taken out; '' when it may."""
        files = self._model.files
        if len(self._sources.all) < 2:
            return "A plan needs a model. Open another one instead."
        if files and row == 0 and files[1].is_layer_pack:
            return f"“{files[1].path.name}” has only layers, and needs this model before it."
        return ""

    def remove(self, row: int) -> None:
        """Take a source out; what borrowed from it stays, and the Problems list names it."""
        reason = self.why_not_remove(row)
        if reason:
            self._notices.post(reason)
            return
        files, plan = self._model.files, self._editor.commit()
        if not files:
            rest = tuple(name for n, name in enumerate(plan.sources) if n != row)
            self._editor.apply("Remove source", replace(plan, sources=rest))
            return
        left = [n for n in range(len(files)) if n != row]
        n_borrowing = len(borrowing(plan, [f.n_layers for f in files], row))
        self._rearrange(f"Remove {_listed([files[row]])}", left)
        if n_borrowing:
            blocks = "A block borrows" if n_borrowing == 1 else f"{n_borrowing} blocks borrow"
            self._notices.post(f"{blocks} layers that are gone: see Problems, or undo.")

    def find(self, name: str) -> None:
        """Let the user pick the file that one of the plan's sources is now."""
        self._tasks.start(self._find(name))

    def use_chosen(self) -> None:
        """Run the shown plan over the model that is open, whatever it was made for."""
        plan = self._editor.commit()
        self._editor.apply("Use the open model", replace(plan, sources=()))

    async def _choose(self) -> None:
        recent = self._settings.recent_models()
        folder = recent[0].parent if recent else Path.home()
        paths = await dialogs.ask_open_paths(self._window, "Add sources", folder, MODELS)
        if paths:
            await self.add(paths)

    async def _find(self, name: str) -> None:
        from app.model_files.errors import ModelFileError

        document = self._documents.active
        folder = (document.path or Path.home() / "plan").parent
        path = await dialogs.ask_open_path(self._window, f"Find {Path(name).name}", folder, MODELS)
        if path is None or document is not self._documents.active:
            return
        try:
            await self._model.read(path)
        except ModelFileError as error:
            await dialogs.tell(self._window, "This model cannot be used.", str(error))
            return
        self._settings.add_recent_model(path)
        plan = self._editor.commit()
        document.files.pop(name, None)
        new = self._sources.name_for(document, path.absolute())
        names = tuple(new if old == name else old for old in plan.sources)
        self._editor.apply(f"Find “{path.name}”", replace(plan, sources=names))
        self._sources.look_again()

    def _rearrange(self, label: str, order: Sequence[int]) -> None:
        from app.ui.canvas.placement import placed

        document, files, plan = self._documents.active, self._model.files, self._editor.commit()
        names = plan.sources or tuple(self._sources.name_for(document, f.path) for f in files)
        n_layers = [file.n_layers for file in files]
        after = rearranged(replace(plan, sources=names), n_layers, order)
        self._editor.apply(label, placed(after))
        if order[0] != 0:
            self._notices.post(
                f"“{files[order[0]].path.name}” is now first: vocabulary, embeddings and head "
                "come from it."
            )


def _moved(items: Sequence[ItemT], row: int, to: int) -> list[ItemT]:
    rest = [item for n, item in enumerate(items) if n != row]
    return [*rest[:to], items[row], *rest[to:]]


def _listed(files: Sequence[ModelFile]) -> str:
    return " and ".join(f"“{file.path.stem}”" for file in files)
