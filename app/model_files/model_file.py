"""What a model file holds, as far as plans, memory and the interface need to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.model_files.provenance import Provenance

Setting = int | float | bool | str


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file on disk as it was when its header was read."""

    path: Path
    size_bytes: int
    mtime_ns: int

    def has_changed(self) -> bool:
        """Whether the file on disk is no longer the one that was read, or is gone."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size_bytes, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A readable GGUF model. Tuples have one entry a held layer, in the order of `layers`."""

    parts: tuple[FilePart, ...]
    """One file, or all parts of a split one in order."""
    architecture: str
    name: str
    licence: str
    """As stated by the file, '' when it states none."""
    author: str
    """The author, or the organisation; '' when the file states neither."""
    base_models: tuple[str, ...]
    """What the file says that it was made from."""
    file_type: str
    """The type that holds most of the bytes, such as "Q4_1"."""
    n_ctx_train: int
    n_embd: int
    n_vocab: int
    vocab_sha256: str
    """Of the token list: equal for equal vocabularies, '' without one."""
    settings: Mapping[str, Setting]
    """The architecture's single values that the file states, by key without its name."""
    n_swa: int
    """Tokens a sliding layer looks back; 0 when none slides."""
    has_chat_template: bool
    layers: tuple[int, ...]
    """The N of each `blk.N` held."""
    layer_types: tuple[str, ...]
    layer_bytes: tuple[int, ...]
    n_head: tuple[int, ...]
    n_head_kv: tuple[int, ...]
    n_embd_head_k: tuple[int, ...]
    n_embd_head_v: tuple[int, ...]
    is_sliding: tuple[bool, ...]
    other_bytes: int
    """All tensors outside the layers: token embeddings, output norm, head."""
    token_embd_bytes: int
    """0 in a layer pack."""
    token_embd_type: str
    has_head: bool
    """False when the token embeddings also serve as head."""
    provenance: Provenance | None
    """Where the layers of a composed file come from; None for a file that does not say."""

    @property
    def path(self) -> Path:
        """The file to open; the first part of a split one."""
        return self.parts[0].path

    @property
    def size_bytes(self) -> int:
        """On disk, all parts together."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def n_layers(self) -> int:
        """How many weight layers a plan can borrow."""
        return len(self.layers)

    @property
    def is_layer_pack(self) -> bool:
        """Whether it holds layers only, and so needs its base model as first source."""
        return self.token_embd_bytes == 0

    def has_changed(self) -> bool:
        """Whether a file on disk is no longer the one that was read, or is gone."""
        return any(part.has_changed() for part in self.parts)


@dataclass(frozen=True, slots=True)
class WeightLayer:
    """Where a weight layer is: the model's place among the sources, and the layer's in it.

    `index` points into the model's per-layer tuples; it is not the N of `blk.N` in a layer pack.
    """

    source: int
    index: int


def weight_layers_of(models: Sequence[ModelFile]) -> tuple[WeightLayer, ...]:
    """The weight layers of all sources by weight layer number: each file goes on counting."""
    return tuple(
        WeightLayer(source, index)
        for source, model in enumerate(models)
        for index in range(model.n_layers)
    )
