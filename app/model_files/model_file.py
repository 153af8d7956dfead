"""What a model file holds, as far as plans, memory and the interface need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A readable GGUF model. Tuples have one entry a held layer, in the order of `layers`."""

    path: Path
    size_bytes: int
    mtime_ns: int
    architecture: str
    name: str
    licence: str
    """As stated by the file, '' when it states none."""
    file_type: str
    """The type that holds most of the bytes, such as "Q4_1"."""
    n_ctx_train: int
    n_embd: int
    n_vocab: int
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

    @property
    def n_layers(self) -> int:
        """How many weight layers a plan can borrow."""
        return len(self.layers)

    @property
    def is_layer_pack(self) -> bool:
        """Whether it holds layers only, and so needs its base model as first source."""
        return self.token_embd_bytes == 0

    def has_changed(self) -> bool:
        """Whether the file on disk is no longer the one that was read, or is gone."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size_bytes, self.mtime_ns)


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
