"""Measuring through an engine: what is asked of it, and that the model files stay as they were."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol

from app.engine.client import OnEvent
from app.engine.measuring.results import Influence
from app.engine.messages import MeasureInfluence, Request, Result
from app.fit.errors import FileChanged
from app.fit.kept_influence import keep_influence, kept_influence
from app.model_files.model_file import ModelFile


class Run(Protocol):
    """Has a request done by an engine, as the window's bridge does. Raises EngineError,
    EngineDied or JobCancelled."""

    def __call__(self, request: Request, on_event: OnEvent | None = None) -> Awaitable[Result]: ...


def paths_of(models: Sequence[ModelFile]) -> tuple[str, ...]:
    """The sources as requests name them."""
    return tuple(str(model.path) for model in models)


def require_unchanged(models: Sequence[ModelFile]) -> None:
    """Raises FileChanged when a file on disk is no longer the one whose header was read."""
    for model in models:
        if model.has_changed():
            raise FileChanged(
                f"“{model.path.name}” was changed while it was being measured, so the results "
                "are not valid. Your plans are unchanged; open the model again and repeat the "
                "measurement."
            )


async def influence_of(
    models: Sequence[ModelFile],
    text: str,
    run: Run,
    on_event: OnEvent | None = None,
    folder: Path | None = None,
) -> Influence:
    """The influence of each weight layer on a text: measured once, then kept in the cache folder.

    Raises FileChanged, and what `run` raises.
    """
    require_unchanged(models)
    stored = kept_influence(models, text, folder)
    if stored is not None:
        return stored
    influence = await run(MeasureInfluence(paths_of(models), text), on_event)
    assert isinstance(influence, Influence)
    require_unchanged(models)
    keep_influence(models, text, influence, folder)
    return influence
