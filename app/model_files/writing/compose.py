"""Composed files: layers of several models in one, and packs that hold some layers only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.model_files.compatibility import require_compatible
from app.model_files.errors import ModelFileError
from app.model_files.fingerprint import mark_of
from app.model_files.gguf_header import STRING, Scalar
from app.model_files.model_file import ModelFile
from app.model_files.provenance import (
    AVERAGES,
    LAYER_NUMBERS,
    LAYER_SOURCES,
    PLAN,
    PREFIX,
    SOURCE_COUNT,
    OriginFile,
    Provenance,
    source_values,
)
from app.model_files.reader import MAX_LAYERS, require_complete
from app.model_files.writing.entries import F64, U32, U64, entry, text_entry
from app.model_files.writing.layer_values import layer_entries
from app.model_files.writing.planned import FileRange, PlannedFile, PlannedTensor
from app.model_files.writing.stored import StoredModel, stored_bytes
from app.plan.layer_ranges import ranges_text

_NO_LONGER_TRUE = ("general.size_label",)


class SourceLayer(NamedTuple):
    """A layer by the place of its model among the sources, and the N of its `blk.N`."""

    source: int
    number: int


def all_layers(sources: Sequence[StoredModel]) -> tuple[SourceLayer, ...]:
    """The layers of all sources in the order of a plan's weight layers."""
    return tuple(
        SourceLayer(n, number) for n, source in enumerate(sources) for number in source.file.layers
    )


def compose(sources: Sequence[StoredModel], layers: Sequence[SourceLayer]) -> PlannedFile:
    """An ordinary model file of these layers in this order, numbered from 0.

    A layer may come several times; it is then stored as often. All that is not kept per layer
    comes from the first source. Reads samples of the sources. Raises ModelFileError for sources
    that do not go together, and for what llama.cpp could not tell from the file.
    """
    first = sources[0]
    require_complete(first.file)
    require_compatible([source.file for source in sources])
    for layer in layers:
        _require_held(sources[layer.source], layer.number)
    if not 0 < len(layers) <= MAX_LAYERS:
        raise ModelFileError(
            first.file.path, f"A file can have 1 to {MAX_LAYERS} layers, not {len(layers)}."
        )
    used = _used(sources, layers)
    for source in used[1:]:
        _require_same_rope(first, source)
    names = dict.fromkeys(source.file.name for source in used)
    metadata = _without_stale(first)
    metadata |= layer_entries(first, [(sources[at.source], at.number) for at in layers])
    metadata["general.name"] = text_entry("general.name", " + ".join(names))
    metadata |= provenance_entries(provenance_of(sources, layers))
    tensors = list(first.others)
    for new, layer in enumerate(layers):
        tensors += _renumbered(sources[layer.source].layers[layer.number], new)
    return PlannedFile(metadata, tuple(tensors), first.header.alignment)


def layer_pack(source: StoredModel, numbers: Iterable[int]) -> PlannedFile:
    """A file that holds only these layers under the numbers they have, and all metadata.

    It serves as a further source beside the model it was made from. Raises ModelFileError where no
    layers are named.
    """
    kept = sorted(set(numbers))
    if not kept:
        raise ModelFileError(source.file.path, "A layer pack has at least one layer.")
    for number in kept:
        _require_held(source, number)
    metadata = _without_stale(source)
    name = f"{source.file.name} (layer{'s' if kept[1:] else ''} {ranges_text(kept)})"
    metadata["general.name"] = text_entry("general.name", name)
    metadata |= provenance_entries(
        provenance_of([source], [SourceLayer(0, number) for number in kept])
    )
    tensors = [tensor for number in kept for tensor in source.layers[number]]
    return PlannedFile(metadata, (*source.rope_tensors, *tensors), source.header.alignment)


def provenance_of(sources: Sequence[StoredModel], layers: Sequence[SourceLayer]) -> Provenance:
    """Where these layers come from; of a source that was composed itself, where it has them from.

    Raises ModelFileError for a source that cannot be read.
    """
    files: dict[OriginFile, int] = {}
    own = [_origin(source) if _is_origin(source.file) else None for source in sources]
    places = []
    for layer in layers:
        file, number = own[layer.source], layer.number
        if file is None:
            known = sources[layer.source].file.provenance
            assert known is not None
            place, number = known.layers[sources[layer.source].file.layers.index(layer.number)]
            file = known.files[place]
        places.append((files.setdefault(file, len(files)), number))
    return Provenance(tuple(files), tuple(places))


def provenance_entries(provenance: Provenance) -> dict[str, bytes]:
    """The metadata that tells of it, by name."""
    values: dict[str, Scalar] = {SOURCE_COUNT: len(provenance.files)}
    for n, file in enumerate(provenance.files):
        values |= source_values(n, file)
    entries = {
        key: entry(key, STRING if isinstance(value, str) else U64, value)
        for key, value in values.items()
    }
    for key, numbers in (
        (LAYER_SOURCES, [source for source, _ in provenance.layers]),
        (LAYER_NUMBERS, [number for _, number in provenance.layers]),
    ):
        entries[key] = entry(key, U32, numbers)
    if provenance.plan:
        entries[PLAN] = text_entry(PLAN, provenance.plan)
    for key, kind, items in zip(
        AVERAGES, (U32, U32, U32, F64), zip(*provenance.averages, strict=True), strict=False
    ):
        entries[key] = entry(key, kind, items)
    return entries


def _used(sources: Sequence[StoredModel], layers: Sequence[SourceLayer]) -> list[StoredModel]:
    """The sources that give layers, and the first."""
    used = {0, *(layer.source for layer in layers)}
    return [source for n, source in enumerate(sources) if n in used]


def _require_held(source: StoredModel, number: int) -> None:
    if number not in source.layers:
        raise ModelFileError(
            source.file.path,
            f"“{source.file.path.name}” has layers {ranges_text(source.file.layers)}, but no layer "
            f"{number}. Choose other layers.",
        )


def _require_same_rope(first: StoredModel, other: StoredModel) -> None:
    """Raises ModelFileError where layers of the other would read positions in another way."""
    theirs = {tensor.name: tensor for tensor in other.rope_tensors}
    if not theirs and other.file.is_layer_pack:
        return
    ours = {tensor.name: tensor for tensor in first.rope_tensors}
    for name in sorted(ours.keys() | theirs.keys()):
        tensors = ours.get(name), theirs.get(name)
        if None in tensors or len({stored_bytes(tensor) for tensor in tensors if tensor}) > 1:
            raise ModelFileError(
                other.file.path,
                f"“{name}” in “{other.file.path.name}” is not the same as in "
                f"“{first.file.path.name}”, and a file has it only once, for all layers. Keep "
                "the files apart: a plan can borrow from both.",
            )


def _is_origin(file: ModelFile) -> bool:
    """Whether layers come from this very file: it holds none of other files, unless averaged."""
    return file.provenance is None or bool(file.provenance.averages)


def _origin(source: StoredModel) -> OriginFile:
    file = source.file
    try:
        mark = mark_of(file.path)
    except OSError as error:
        raise ModelFileError(
            file.path, f"“{file.path}” cannot be read: {error.strerror}. Open it again."
        ) from None
    return OriginFile(file.path.name, mark, file.name, file.licence)


def _without_stale(source: StoredModel) -> dict[str, bytes | FileRange]:
    return {
        key: value
        for key, value in source.metadata().items()
        if not key.startswith(PREFIX) and key not in _NO_LONGER_TRUE
    }


def _renumbered(tensors: Iterable[PlannedTensor], number: int) -> Iterable[PlannedTensor]:
    for tensor in tensors:
        yield replace(tensor, name=f"blk.{number}.{tensor.name.split('.', 2)[2]}")
