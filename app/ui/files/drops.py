"""What is dropped on the window: plans are opened, models opened or added, others told apart."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

from app.ui.files.exchange import YAML_SUFFIXES, Exchange
from app.ui.files.open_files import OpenFiles
from app.ui.files.sources.editing import SourceEdits
from app.ui.files.sources.rows import dropped_paths
from app.ui.state.services import Services
from app.ui.state.tasks import in_thread
from app.ui.widgets import dialogs

ADD, OPEN_INSTEAD = "Add as source", "Open instead"


class Drops:
    """Takes the files that are dragged onto the window."""

    def __init__(
        self, services: Services, files: OpenFiles, exchange: Exchange, source_edits: SourceEdits
    ) -> None:
        self._window = services.window
        self._model = services.model
        self._tasks = services.tasks
        self._files = files
        self._exchange = exchange
        self._source_edits = source_edits

    def take(self, mime: QMimeData) -> bool:
        """Open what was dropped, or say what it is instead; False when these are no files."""
        paths = dropped_paths(mime)
        if paths:
            self._tasks.start(self._open_all(paths))
        return bool(paths)

    async def _open_all(self, paths: list[Path]) -> None:
        plans, models, others = await in_thread(_sorted, paths)
        if models:
            await self._take_models(models)
        for path in plans:
            await self._exchange.take(path)
        if others:
            await dialogs.tell(
                self._window,
                "Only plans and model files can be opened.",
                "\n".join(others),
            )

    async def _take_models(self, paths: list[Path]) -> None:
        """Add models that fit the plan's, asking where they can stand by themselves; open others.

        Of several that do not fit the plan the first is opened, and the others join it.
        """
        complete = await self._fitting(paths)
        if complete is None:
            if await self._files.load_model(paths[0]) and paths[1:]:
                await self._source_edits.add(paths[1:])
            return
        answer = ADD
        if complete:
            names = " and ".join(f"“{path.name}”" for path in paths)
            fits = "fits" if len(paths) == 1 else "fit"
            answer = await dialogs.ask(
                self._window,
                f"{names} {fits} the model files of this plan.",
                "As a source, its layers are numbered after theirs and can be merged with them. "
                "Opened instead, it replaces them. Files dropped on the Sources panel are added "
                "without asking.",
                (ADD, OPEN_INSTEAD, dialogs.CANCEL),
            )
        if answer == ADD:
            await self._source_edits.add(paths)
        elif answer == OPEN_INSTEAD and await self._files.load_model(paths[0]) and paths[1:]:
            await self._source_edits.add(paths[1:])

    async def _fitting(self, paths: list[Path]) -> bool | None:
        """Whether files that fit the plan's could also do without them; None: they do not fit."""
        from app.model_files.errors import ModelFileError
        from app.model_files.sources import require_one_model

        if not self._model.files:
            return None
        try:
            new = [await self._model.read(path) for path in paths]
            require_one_model((*self._model.files, *new))
        except ModelFileError:
            return None
        return not new[0].is_layer_pack


def _sorted(paths: list[Path]) -> tuple[list[Path], list[Path], list[str]]:
    """The plans, the models, and a sentence about each other file."""
    from app.model_files.lookalike import describe

    plans, models, others = [], [], []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix == ".gguf" or _head(path).startswith(b"GGUF"):
            models.append(path)
        elif suffix in (".txt", *YAML_SUFFIXES):
            plans.append(path)
        else:
            what = describe(_head(path)) or "neither a plan (.txt) nor a model file (.gguf)"
            others.append(f"“{path.name}” is {'a folder' if path.is_dir() else what}.")
    return plans, models, others


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError:
        return b""
