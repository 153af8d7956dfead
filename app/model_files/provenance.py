"""Where the layers of a composed file come from, as its metadata tells (`llama_blocks.*`).

`llama_blocks.source.count` and, for each source N from 0, `llama_blocks.source.N.file`, `.bytes`,
`.fingerprint`, `.name` and `.license`; then for each layer held, in the order of their numbers,
`llama_blocks.layer.source` and `llama_blocks.layer.number`. A baked plan adds `llama_blocks.plan`,
its text, and for each layer that went into an average of layers, in four lists,
`llama_blocks.average.layer` (its number in this file), `.source`, `.number` and `.share`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Annotated, NamedTuple

import msgspec

from app.model_files.errors import shown
from app.model_files.gguf_header import GGUFHeader, Scalar
from app.plan.document import FileMark
from app.plan.json_records import JsonError, lenient_record, strict_record

PREFIX = "llama_blocks."
LAYER_SOURCES = f"{PREFIX}layer.source"
LAYER_NUMBERS = f"{PREFIX}layer.number"
SOURCE_COUNT = f"{PREFIX}source.count"
PLAN = f"{PREFIX}plan"
AVERAGES = tuple(f"{PREFIX}average.{what}" for what in ("layer", "source", "number", "share"))


@dataclass(frozen=True, slots=True)
class OriginFile:
    """A file that layers were copied from, as it was then."""

    file_name: str
    mark: FileMark
    name: str
    """What the model calls itself."""
    licence: str
    """As stated by the file, '' when it stated none."""


class AveragedLayer(NamedTuple):
    """The layer `number` of the file in place `source` has this share in layer `layer` here."""

    layer: int
    source: int
    number: int
    share: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """For each layer held, in the order of their numbers, its file's place and its number there.

    Where it is an average of several, these are of the first of them, and `averages` has them all.
    """

    files: tuple[OriginFile, ...]
    layers: tuple[tuple[int, int], ...]
    averages: tuple[AveragedLayer, ...] = ()
    plan: str = ""
    """The layerBlocks text of the plan that was baked, over weight layers of its own sources."""

    def addends(self, layer: int) -> tuple[AveragedLayer, ...]:
        """What went into a layer held: one layer, or several where it is an average."""
        found = tuple(average for average in self.averages if average.layer == layer)
        return found or (AveragedLayer(layer, *self.layers[layer], 1.0),)


_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is written of a source, by the ends of its keys."""

    file: str = ""
    bytes: Annotated[int, msgspec.Meta(ge=0)] = 0
    fingerprint: str = ""
    name: str = ""
    license: str = ""


def read_provenance(header: GGUFHeader, n_layers: int) -> Provenance | None:
    """What a file of so many layers says of where they come from, if it says something whole."""
    n_files = header.scalars.get(SOURCE_COUNT)
    places, numbers = _numbers(header, LAYER_SOURCES), _numbers(header, LAYER_NUMBERS)
    averages = _averages(header)
    if not isinstance(n_files, int) or not n_layers == len(places) == len(numbers):
        return None
    known = {*places, *(average.source for average in averages)}
    if not 0 < n_files <= len(known) or not all(0 <= place < n_files for place in known):
        return None
    layers = tuple(zip(places, numbers, strict=True))
    plan = header.scalars.get(PLAN, "")
    files = tuple(_file(header, n) for n in range(n_files))
    return Provenance(files, layers, averages, plan if isinstance(plan, str) else "")


def source_values(n: int, file: OriginFile) -> dict[str, Scalar]:
    """The metadata that tells of source N."""
    mark = file.mark
    entry = _Source(file.file_name, mark.size_bytes, mark.fingerprint, file.name, file.licence)
    return {_key(n, name): value for name, value in asdict(entry).items()}


def _averages(header: GGUFHeader) -> tuple[AveragedLayer, ...]:
    layers, sources, numbers = (_numbers(header, key) for key in AVERAGES[:3])
    shares = [float(share) for share in header.arrays.get(AVERAGES[3], ())]
    if not len(layers) == len(sources) == len(numbers) == len(shares):
        return ()
    return tuple(map(AveragedLayer, layers, sources, numbers, shares))


def _numbers(header: GGUFHeader, key: str) -> tuple[int, ...]:
    """The list, as it is written; () where it has something else than such numbers."""
    try:
        return strict_record(tuple[_Number, ...], header.arrays.get(key, ()))
    except JsonError:
        return ()


def _file(header: GGUFHeader, n: int) -> OriginFile:
    values = {f.name: header.scalars.get(_key(n, f.name)) for f in fields(_Source)}
    entry = lenient_record(_Source, values)
    return OriginFile(
        shown(entry.file),
        FileMark(entry.bytes, shown(entry.fingerprint)),
        shown(entry.name),
        shown(entry.license),
    )


def _key(n: int, name: str) -> str:
    return f"{PREFIX}source.{n}.{name}"
