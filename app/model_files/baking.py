"""The ordinary model file that a plan stands for, or that comes near it, planned to the byte.

A plan without merges is a file of the same layers, copied. Where merges average layers, each of
their tensors, norms and biases included, is the average of the same tensor of these layers, with
the same scales; all else is copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from app.model_files.errors import ModelFileError
from app.model_files.provenance import PREFIX, AveragedLayer, Provenance
from app.model_files.reader import layer_number
from app.model_files.tensor_types import WRITABLE_TYPES, fitting_type, n_bytes_of
from app.model_files.writing.compose import (
    SourceLayer,
    all_layers,
    compose,
    provenance_entries,
    provenance_of,
)
from app.model_files.writing.copying import changed
from app.model_files.writing.entries import text_entry
from app.model_files.writing.planned import Computed, FileRange, PlannedFile, PlannedTensor
from app.model_files.writing.stored import StoredModel
from app.plan.chain import Chain, chain_of
from app.plan.recipe import Recipe

_NAME = "general.name"
_NO_FLOATS = {"I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K"}
"""Types that ggml does not turn into float32."""


@dataclass(frozen=True, slots=True)
class Addend:
    """A stored tensor's part in an average."""

    share: float
    type_name: str
    stored: FileRange

    def read(self, begin: int, end: int) -> bytes:
        """The items `[begin, end)`, whole blocks of them, as they are stored.

        Raises ModelFileError.
        """
        first, last = n_bytes_of(self.type_name, begin), n_bytes_of(self.type_name, end)
        try:
            with self.stored.part.path.open("rb") as file:
                file.seek(self.stored.begin + first)
                data = file.read(last - first)
        except OSError:
            raise changed(self.stored.part) from None
        if len(data) < last - first:
            raise changed(self.stored.part)
        return data


@dataclass(frozen=True, slots=True)
class Averaged:
    """A tensor that is the sum of `share` times each addend, all of the shape ne `shape`."""

    shape: tuple[int, ...]
    type_name: str
    addends: tuple[Addend, ...]

    @property
    def n_columns(self) -> int:
        """Items of a row."""
        return self.shape[0]

    @property
    def n_rows(self) -> int:
        """Of all matrices together, where there are several."""
        return math.prod(self.shape[1:])

    @property
    def n_bytes(self) -> int:
        """As it is to be stored."""
        return n_bytes_of(self.type_name, self.n_columns * self.n_rows)


@dataclass(frozen=True, slots=True)
class Baking:
    """What a file takes from where: `averages` are by the name of the tensor in the file."""

    chain: Chain
    _copied: PlannedFile
    """With one of the addends in place of each average."""
    averages: Mapping[str, Averaged]

    @property
    def n_bytes(self) -> int:
        """What the file weighs, as `PlannedFile.n_bytes`."""
        replaced = sum(
            tensor.content.n_bytes
            for tensor in self._copied.tensors
            if tensor.name in self.averages
        )
        averaged = sum(average.n_bytes for average in self.averages.values())
        return self._copied.n_bytes - replaced + averaged

    def planned(self, average: Callable[[Averaged], bytearray] | None) -> PlannedFile:
        """The file to be written; `average` makes the bytes of an averaged tensor, where there are
        such."""

        def tensor(copied: PlannedTensor) -> PlannedTensor:
            averaged = self.averages.get(copied.name)
            if averaged is None:
                return copied
            assert average is not None
            read = tuple(addend.stored.part for addend in averaged.addends)
            content = Computed(partial(average, averaged), averaged.n_bytes, read)
            return replace(copied, type_name=averaged.type_name, content=content)

        return replace(self._copied, tensors=tuple(map(tensor, self._copied.tensors)))


def bake(sources: Sequence[StoredModel], recipe: Recipe, type_name: str | None = None) -> Baking:
    """The file for a recipe over these sources, with the chain that stands for it.

    Matrices that are averaged are stored in the type named, or in the finest that one of them has;
    others, norms and biases in the finest. Reads samples of the sources. Raises NoChain, and
    ModelFileError for layers that cannot be averaged and for what `compose` refuses.
    """
    chain = chain_of(recipe)
    numbered = all_layers(sources)
    lacking = max(max(shares) for shares in chain.layers)
    if lacking >= len(numbered):
        raise ModelFileError(
            sources[0].file.path,
            f"The plan borrows weight layer {lacking}, but its models have only {len(numbered)}, 0 "
            f"to {len(numbered) - 1}.",
        )
    slots = [[numbered[layer] for layer in shares] for shares in chain.layers]
    first, *others = [
        compose(sources, [slot[min(n, len(slot) - 1)] for slot in slots])
        for n in range(max(map(len, slots)))
    ]
    for other in others:
        _require_alike(sources[0], first, other)
    stored = [{tensor.name: tensor for tensor in file.tensors} for file in (first, *others)]
    averages = {}
    for tensor in first.tensors:
        at = layer_number(tensor.name)
        if at is None or len(chain.layers[at]) == 1:
            continue
        shares = [float(share) for share in chain.layers[at].values()]
        alike = [stored[n][tensor.name] for n in range(len(shares))]
        averages[tensor.name] = _averaged(sources[0], alike, shares, type_name)
    metadata = dict(first.metadata)
    metadata |= provenance_entries(_provenance(sources, chain, slots, recipe))
    if averages:
        names = dict.fromkeys(sources[at.source].file.name for slot in slots for at in slot)
        metadata[_NAME] = text_entry(_NAME, f"{' + '.join(names)} (averaged weights)")
    return Baking(chain, replace(first, metadata=metadata), averages)


def _provenance(
    sources: Sequence[StoredModel],
    chain: Chain,
    slots: Sequence[Sequence[SourceLayer]],
    recipe: Recipe,
) -> Provenance:
    averaged = [
        (new, slot[n], float(share))
        for new, (slot, shares) in enumerate(zip(slots, chain.layers, strict=True))
        for n, share in enumerate(shares.values())
        if len(slot) > 1
    ]
    known = provenance_of(sources, [*(slot[0] for slot in slots), *(at for _, at, _ in averaged)])
    averages = tuple(
        AveragedLayer(new, *place, share)
        for (new, _, share), place in zip(averaged, known.layers[len(slots) :], strict=True)
    )
    return replace(known, layers=known.layers[: len(slots)], averages=averages, plan=recipe.text)


def _require_alike(source: StoredModel, file: PlannedFile, other: PlannedFile) -> None:
    """Raises ModelFileError where layers in the same place differ in more than their numbers."""
    for key in file.metadata.keys() | other.metadata.keys():
        values = file.metadata.get(key), other.metadata.get(key)
        if values[0] != values[1] and key != _NAME and not key.startswith(PREFIX):
            raise ModelFileError(
                source.file.path,
                f"Layers that would be averaged differ in “{key}”, so they cannot be averaged.",
            )
    shapes, others = ({t.name: t.shape for t in planned.tensors} for planned in (file, other))
    for name in sorted(shapes.keys() | others.keys()):
        if shapes.get(name) != others.get(name):
            raise ModelFileError(
                source.file.path,
                f"Layers that would be averaged as “{name}” differ: one has "
                f"{_shape_words(shapes.get(name))}, another {_shape_words(others.get(name))}. Only "
                "weights of the same shape can be averaged.",
            )


def _shape_words(shape: tuple[int, ...] | None) -> str:
    return "no such tensor" if shape is None else " × ".join(map(str, shape))


def _averaged(
    source: StoredModel,
    tensors: Sequence[PlannedTensor],
    shares: Sequence[float],
    type_name: str | None,
) -> Averaged:
    first = tensors[0]
    types = {tensor.type_name for tensor in tensors}
    finest = next((known for known in WRITABLE_TYPES if known in types), None)
    chosen = finest if type_name is None else fitting_type(type_name, first.shape[0])
    if not _is_matrix(first):
        chosen = finest
    if chosen is None or types & _NO_FLOATS:
        raise ModelFileError(
            source.file.path,
            f"“{first.name}” would be averaged, but is stored as {' and '.join(sorted(types))}, "
            + (
                "which cannot be averaged."
                if types & _NO_FLOATS
                else "which cannot be written without an importance matrix. Choose a type for "
                "the averaged weights."
            ),
        )
    addends = []
    for tensor, share in zip(tensors, shares, strict=True):
        assert isinstance(tensor.content, FileRange)
        addends.append(Addend(share, tensor.type_name, tensor.content))
    return Averaged(first.shape, chosen, tuple(addends))


def _is_matrix(tensor: PlannedTensor) -> bool:
    """Whether `llama-quantize` would give it another type (`tensor_allows_quantization`)."""
    return (
        math.prod(tensor.shape[1:]) > 1
        and tensor.name.endswith(".weight")
        and not tensor.name.endswith(("_norm.weight", ".ffn_gate_inp.weight"))
    )
