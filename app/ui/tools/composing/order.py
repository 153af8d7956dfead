"""What is to be written, as the dialog says it, and what will come of it. Nothing of Qt is here."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from app.memory.amounts import format_bytes
from app.plan.document import Plan
from app.plan.source_order import borrowed_layers, onto_layers

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile
    from app.model_files.writing.planned import PlannedFile


@dataclass(frozen=True, slots=True)
class Order:
    """Layers by file, in the order in which they are written; the first file gives the rest."""

    layers: tuple[tuple[ModelFile, tuple[int, ...]], ...]
    is_pack: bool
    max_part_bytes: int | None
    out: Path

    @property
    def n_layers(self) -> int:
        """Of all files together."""
        return sum(len(numbers) for _, numbers in self.layers)

    def planned(self) -> PlannedFile:
        """The file that is to be written, by its sources as they are now. Raises ModelFileError."""
        from app.model_files.errors import ModelFileError
        from app.model_files.writing.compose import SourceLayer, compose, layer_pack
        from app.model_files.writing.stored import stored_model

        sources = [stored_model(file.path) for file, _ in self.layers]
        if self.is_pack:
            (_, numbers), *others = self.layers
            if others:
                raise ModelFileError(
                    self.out, "A layer pack has the layers of one file. Remove the other files."
                )
            return layer_pack(sources[0], numbers)
        chosen = [
            SourceLayer(place, number)
            for place, (_, numbers) in enumerate(self.layers)
            for number in numbers
        ]
        return compose(sources, chosen)

    def account(self) -> str:
        """How large the file will be, what room there is, and what to know. Raises ModelFileError,
        OSError."""
        from app.model_files.writing.write import require_writable

        planned = self.planned()
        require_writable(planned, self.out, self.max_part_bytes)
        free_bytes = shutil.disk_usage(self.out.absolute().parent).free
        layers = "1 layer" if self.n_layers == 1 else f"{self.n_layers} layers"
        words = f"{layers} · {format_bytes(planned.n_bytes)} of {format_bytes(free_bytes)} free"
        if self.is_pack:
            return f"{words}. For use with the model that the layers belong to."
        if self.n_layers > self.layers[0][0].n_layers:
            return (
                f"{words}. Use it with a plan: without one, llama.cpp runs all layers one after "
                "the other, which rarely makes sense."
            )
        return words

    def plan_over(self, plan: Plan, files: Sequence[ModelFile]) -> Plan | None:
        """A plan over these files as one over what is written, None where that lacks layers."""
        held: dict[tuple[Path, int], int] = {}
        place = count()
        for file, numbers in self.layers:
            for number in numbers:
                held.setdefault((file.path, number), next(place))
        layers = [(file.path, number) for file in files for number in file.layers]
        borrowed = borrowed_layers(plan)
        if not borrowed or any(n >= len(layers) or layers[n] not in held for n in borrowed):
            return None
        return onto_layers(plan, {n: held[layers[n]] for n in borrowed})


def borrowed_of(
    plans: Iterable[tuple[Plan, Sequence[ModelFile]]], file: ModelFile
) -> tuple[int, ...] | None:
    """The layers of a file that one of the plans over their files borrows, by their numbers in the
    file; None for a file that no plan is over."""
    over_it = [(plan, files) for plan, files in plans if file in files]
    if not over_it:
        return None
    numbers: set[int] = set()
    for plan, files in over_it:
        start = sum(other.n_layers for other in files[: files.index(file)])
        borrowed = borrowed_layers(plan)
        numbers.update(number for n, number in enumerate(file.layers, start) if n in borrowed)
    return tuple(sorted(numbers))
