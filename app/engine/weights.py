"""The weight layers in memory, shared by the plans that are opened one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable

from app.engine.errors import EngineError
from app.engine.native import Base
from app.plan.recipe import Recipe


class Weights:
    """The weight layers in memory, kept while the next plan can use them."""

    def __init__(self, *, dry: bool = False) -> None:
        self._dry = dry
        self._base: Base | None = None
        self._file: tuple[str, int, int] | None = None
        self._layers: frozenset[int] = frozenset()

    def get(self, path: str, recipe: Recipe, on_progress: Callable[[float], bool]) -> Base:
        """A base that holds the recipe's layers; a dry one holds all of them at no cost."""
        try:
            state = os.stat(path)
        except OSError as error:
            raise EngineError(f"“{path}” cannot be read: {error.strerror}.") from error
        file = (path, state.st_size, state.st_mtime_ns)
        wanted = frozenset(recipe.weight_layers)
        if self._base is None or self._file != file or not (self._dry or wanted <= self._layers):
            self.close()
            layers = None if self._dry else recipe.weight_layers
            self._base = Base(path, layers, dry=self._dry, on_progress=on_progress)
            self._file, self._layers = file, wanted
        return self._base

    def close(self) -> None:
        """Gives the weights up."""
        if self._base is not None:
            self._base.close()
            self._base = None
