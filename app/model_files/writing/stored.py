"""A model as it lies on disk: what it holds, and where every byte of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.model_files.errors import ModelFileError
from app.model_files.gguf_header import GGUFHeader
from app.model_files.model_file import FilePart, ModelFile
from app.model_files.parts import read_headers
from app.model_files.reader import layer_number, model_in
from app.model_files.writing.planned import FileRange, PlannedTensor


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model or layer pack whose bytes can be copied."""

    file: ModelFile
    header: GGUFHeader
    """Of the first part, with the metadata of them all."""
    layers: Mapping[int, tuple[PlannedTensor, ...]]
    """The tensors of each layer that plans can borrow, by the N of `blk.N`."""
    others: tuple[PlannedTensor, ...]
    """Embeddings, norm and head; what predicts several tokens ahead is not among them."""

    @property
    def rope_tensors(self) -> tuple[PlannedTensor, ...]:
        """Those of the others that every layer reads: how positions are told."""
        return tuple(tensor for tensor in self.others if tensor.name.startswith("rope_"))

    def metadata(self) -> dict[str, bytes | FileRange]:
        """All of it as it is stored, but for what tells of the file's parts."""
        part = self.file.parts[0]
        return {
            key: FileRange(part, entry.begin, entry.end - entry.begin)
            for key, entry in self.header.entries.items()
            if not key.startswith("split.")
        }


def stored_model(path: Path) -> StoredModel:
    """The model or layer pack in a file, or in all parts of a split one. Raises ModelFileError."""
    headers = read_headers(path)
    file = model_in(headers)
    layers: dict[int, list[PlannedTensor]] = {number: [] for number in file.layers}
    others: list[PlannedTensor] = []
    for part, header in headers:
        for tensor in _tensors(part, header):
            number = layer_number(tensor.name)
            if number is None:
                others.append(tensor)
            elif number in layers:
                layers[number].append(tensor)
    return StoredModel(
        file,
        headers[0][1],
        {number: tuple(tensors) for number, tensors in layers.items()},
        tuple(others),
    )


def stored_bytes(tensor: PlannedTensor) -> bytes:
    """A small tensor as it is stored. Raises ModelFileError."""
    stored = tensor.content
    assert isinstance(stored, FileRange)
    path = stored.part.path
    try:
        with path.open("rb") as file:
            file.seek(stored.begin)
            return file.read(stored.n_bytes)
    except OSError as error:
        raise ModelFileError(
            path, f"“{path}” cannot be read: {error.strerror}. Open it again."
        ) from None


def _tensors(part: FilePart, header: GGUFHeader) -> list[PlannedTensor]:
    return [
        PlannedTensor(
            tensor.name,
            tensor.shape,
            tensor.type_name,
            FileRange(part, header.data_offset + tensor.offset, tensor.n_bytes),
        )
        for tensor in header.tensors
    ]
