"""Where the layers of a composed file come from, as its metadata tells (`llama_blocks.*`).

`llama_blocks.source.count` and, for each source N from 0, `llama_blocks.source.N.file`, `.bytes`,
`.fingerprint`, `.name` and `.license`; then for each layer held, in the order of their numbers,
`llama_blocks.layer.source` and `llama_blocks.layer.number`.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.model_files.errors import shown
from app.model_files.gguf_header import GGUFHeader, Scalar
from app.plan.document import FileMark

PREFIX = "llama_blocks."
LAYER_SOURCES = f"{PREFIX}layer.source"
LAYER_NUMBERS = f"{PREFIX}layer.number"
SOURCE_COUNT = f"{PREFIX}source.count"


@dataclass(frozen=True, slots=True)
class OriginFile:
    """A file that layers were copied from, as it was then."""

    file_name: str
    mark: FileMark
    name: str
    """What the model calls itself."""
    licence: str
    """As stated by the file, '' when it stated none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """For each layer held, in the order of their numbers, its file's place and its number there."""

    files: tuple[OriginFile, ...]
    layers: tuple[tuple[int, int], ...]


def read_provenance(header: GGUFHeader, n_layers: int) -> Provenance | None:
    """What a file of so many layers says of where they come from, if it says something whole."""
    n_files = header.scalars.get(SOURCE_COUNT)
    places = header.arrays.get(LAYER_SOURCES, ())
    numbers = header.arrays.get(LAYER_NUMBERS, ())
    if not isinstance(n_files, int) or not 0 < n_files <= n_layers == len(places) == len(numbers):
        return None
    if not all(0 <= place < n_files for place in places):
        return None
    layers = ((int(place), int(number)) for place, number in zip(places, numbers, strict=True))
    return Provenance(tuple(_file(header, n) for n in range(n_files)), tuple(layers))


def source_values(n: int, file: OriginFile) -> dict[str, Scalar]:
    """The metadata that tells of source N."""
    return {
        _key(n, "file"): file.file_name,
        _key(n, "bytes"): file.mark.size_bytes,
        _key(n, "fingerprint"): file.mark.fingerprint,
        _key(n, "name"): file.name,
        _key(n, "license"): file.licence,
    }


def _file(header: GGUFHeader, n: int) -> OriginFile:
    size_bytes = header.scalars.get(_key(n, "bytes"))
    return OriginFile(
        _text(header, n, "file"),
        FileMark(size_bytes if isinstance(size_bytes, int) else 0, _text(header, n, "fingerprint")),
        _text(header, n, "name"),
        _text(header, n, "license"),
    )


def _text(header: GGUFHeader, n: int, what: str) -> str:
    return shown(str(header.scalars.get(_key(n, what), "")))


def _key(n: int, what: str) -> str:
    return f"{PREFIX}source.{n}.{what}"
