"""The weight layers in memory, shared by the plans that are opened one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engine.errors import EngineError
from app.engine.native import Base
from app.engine.process_memory import use_huge_pages
from app.memory.machine import available_bytes
from app.memory.shared_weights import can_share_weights, have_same_numbers
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile, weight_layers_of
from app.model_files.sources import read_sources
from app.plan.recipe import Recipe


@dataclass(frozen=True)
class WeightLayers:
    """What a view is made over: bases, and for each weight layer its base and number there."""

    bases: tuple[Base, ...]
    weight_layers: tuple[tuple[int, int] | None, ...]


class Weights:
    """Bases over the sources' files. Layers that are missing are loaded beside those that are
    held. The memory of unwanted ones in a mapped file is left to the system; a base that holds them
    elsewhere, as repacked ones are, is given up and what is wanted of it loaded again."""

    def __init__(self, *, dry: bool = False) -> None:
        self._dry = dry
        self._use_mmap = True
        self._models: tuple[ModelFile, ...] = ()
        self._entries: list[_LoadedBase] = []

    def get(
        self,
        paths: Sequence[str],
        recipe: Recipe,
        on_progress: Callable[[float], bool],
        *,
        beside: Sequence[Recipe] = (),
        use_mmap: bool | None = None,
    ) -> WeightLayers:
        """Bases that hold the recipe's layers, to run it; of the others, those that the recipes of
        open plans, `beside`, borrow stay. Dry ones hold all of the files' at no cost. `use_mmap`
        None: as those before."""
        if use_mmap is not None and use_mmap != self._use_mmap:
            self.close()
            self._use_mmap = use_mmap
        self.read(paths)
        wanted = self._layers_of(recipe)
        use_huge_pages(not self._dry)
        self._give_up_all_but(wanted, beside)
        self._load(wanted, on_progress, spare_memory=False)
        return self._held()

    def add(
        self, paths: Sequence[str], recipe: Recipe, on_progress: Callable[[float], bool]
    ) -> WeightLayers:
        """Bases that hold the recipe's layers, to measure it, and all that are held already."""
        self.read(paths)
        wanted = self._layers_of(recipe)
        use_huge_pages(not self._dry)
        self._load(wanted, on_progress, spare_memory=True)
        return self._held()

    def keep_only(self, recipes: Sequence[Recipe]) -> None:
        """Gives up the layers that none of these recipes, whose plans are open, borrows."""
        self._give_up_all_but(set(), recipes)

    def _layers_of(self, recipe: Recipe) -> set[tuple[int, int]]:
        """The source and the file's own number of each layer it borrows, of dry ones of all.
        Raises EngineError for one that no source holds."""
        places = weight_layers_of(self._models)
        layers: set[tuple[int, int]] = set()
        for number in range(len(places)) if self._dry else recipe.weight_layers:
            if number >= len(places):
                raise EngineError(
                    f"The plan borrows weight layer {number}, but its models have only "
                    f"{len(places)}, 0 to {len(places) - 1}."
                )
            at = places[number]
            layers.add((at.source, self._models[at.source].layers[at.index]))
        return layers

    def _held(self) -> WeightLayers:
        place = {
            (base.source, layer): (n, layer)
            for n, base in reversed(list(enumerate(self._entries)))
            for layer in base.layers
        }
        layers = (
            place.get((at.source, self._models[at.source].layers[at.index]))
            for at in weight_layers_of(self._models)
        )
        return WeightLayers(tuple(entry.base for entry in self._entries), tuple(layers))

    def would_stay(self, paths: Sequence[str], use_mmap: bool) -> bool:
        """Whether weights of these files, held in this way, come beside those that are held."""
        old_paths = [str(model.path) for model in self._models]
        return not self._have_changed() and can_share_weights(
            paths, use_mmap, old_paths, self._use_mmap
        )

    def are_under(self, weights: WeightLayers) -> bool:
        """Whether these are still the weights that a view was made over."""
        return bool(self._entries) and self._entries[0].base is weights.bases[0]

    def close(self) -> None:
        """Gives all weights up."""
        for entry in self._entries:
            entry.base.close()
        self._entries.clear()

    def read(self, paths: Sequence[str]) -> tuple[ModelFile, ...]:
        """The sources; their headers are read anew when they are others, or have changed. What is
        loaded stays where these are the first of those before, or go on after them: their weight
        layers have the same numbers then."""
        if not self._are_alike(paths):
            self.close()
            self._models = ()
        if len(paths) > len(self._models):
            try:
                self._models = read_sources([Path(path) for path in paths])
            except ModelFileError as error:
                raise EngineError(str(error)) from error
        return self._models[: len(paths)]

    def _are_alike(self, paths: Sequence[str]) -> bool:
        old_paths, new_paths = [str(model.path) for model in self._models], list(paths)
        same = old_paths == new_paths if self._dry else have_same_numbers(old_paths, new_paths)
        return same and not self._have_changed()

    def _have_changed(self) -> bool:
        return any(model.has_changed() for model in self._models)

    def _give_up_all_but(self, wanted: set[tuple[int, int]], beside: Sequence[Recipe]) -> None:
        """The layers of one base are in memory together, unless they lie in a mapped file, and one
        over which a plan of `beside` is open is there until that is closed."""
        if not beside and not all(entry.is_repacked for entry in self._entries):
            self.close()  # what stays open runs as fast as it can
        wanted = wanted.union(*map(self._layers_of, beside))
        for entry in list(self._entries):
            layers = [layer for layer in entry.layers if (entry.source, layer) in wanted]
            n_bytes_too_many = entry.base.keep(layers)
            if entry is self._entries[0]:
                if not beside and n_bytes_too_many and len(entry.layers) > 1:
                    self.close()
                    return
            elif not layers or not entry.is_repacked or (n_bytes_too_many and not beside):
                entry.base.close()
                self._entries.remove(entry)

    def _load(
        self,
        wanted: set[tuple[int, int]],
        on_progress: Callable[[float], bool],
        *,
        spare_memory: bool,
    ) -> None:
        """With `spare_memory`, weights that would not fit are left in the mapped file, from which
        the system reads what is in use: a model that is too large can be measured, if slowly."""
        missing = wanted - {
            (entry.source, layer) for entry in self._entries for layer in entry.layers
        }
        is_repacked = not spare_memory or self._bytes_of(missing) < available_bytes()
        for source in range(len(self._models)):
            layers = sorted(layer for at, layer in missing if at == source)
            is_first = source == 0 and not self._entries
            if not layers and not is_first:
                continue
            base = Base(
                str(self._models[source].path),
                # embeddings and head come with at least one layer
                layers or self._models[source].layers[:1],
                layers_only=not is_first,
                dry=self._dry,
                use_mmap=self._use_mmap or not is_repacked,
                repacked=is_repacked,
                on_progress=on_progress,
            )
            self._entries.append(_LoadedBase(source, frozenset(layers or (0,)), base, is_repacked))

    def _bytes_of(self, layers: Iterable[tuple[int, int]]) -> int:
        """What these layers (source, the file's own number) take in their files."""
        return sum(
            self._models[source].layer_bytes[self._models[source].layers.index(layer)]
            for source, layer in layers
        )


@dataclass(frozen=True)
class _LoadedBase:
    source: int
    layers: frozenset[int]
    """The file's own numbers."""
    base: Base
    is_repacked: bool
    """Whether the CPU was free to copy its weights into an order of its own."""
