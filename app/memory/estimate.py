"""What a plan needs in weights and KV cache: exact sums over the files' tensor tables.

Compute buffers depend on the graph and come from the engine's dry run; these figures need no
engine and follow each edit at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.memory.context_settings import ContextSettings
from app.memory.kv_types import kv_cache_bytes
from app.model_files.model_file import ModelFile, weight_layers_of
from app.plan.recipe import Recipe, RecipeWeight

_CELL_STEP = 256
_REPACKED_TYPES = frozenset({"Q4_0", "Q4_K", "Q2_K", "IQ4_NL", "MXFP4"})
_REPACKED_ROWS = 8


@dataclass(frozen=True, slots=True)
class BlockMemory:
    """What one block takes; a merge takes nothing."""

    weights_bytes: int
    """The weight layers it borrows, each once."""
    own_weights_bytes: int
    """Those of them that no other live block borrows: what leaving the block out gives back."""
    kv_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryParts:
    """What an open plan takes, without compute buffers and the engine process itself."""

    weights_bytes: int
    """Each live weight layer once, and embeddings, output norm and head."""
    kv_bytes: int

    @property
    def total_bytes(self) -> int:
        """The sum of both."""
        return self.weights_bytes + self.kv_bytes


def estimate_exact(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
) -> MemoryParts:
    """What the recipe takes on these sources with such a context.

    Of the sources after the first only the layers count: vocabulary, embeddings and head are the
    first one's.

    Raises IndexError for a weight layer that no source holds.
    """
    layer_bytes = weight_layer_bytes(models)
    weights_bytes = sum(layer_bytes[n] for n in recipe.weight_layers)
    return MemoryParts(
        weights_bytes=weights_bytes + models[0].other_bytes + _head_copy_bytes(models[0]),
        kv_bytes=sum(block.kv_bytes for block in block_memory(models, recipe, settings)),
    )


def weights_by_source(models: Sequence[ModelFile], recipe: Recipe) -> tuple[int, ...]:
    """The bytes of the layers of each source that the recipe borrows, each layer once."""
    totals = [0] * len(models)
    places = weight_layers_of(models)
    for n in recipe.weight_layers:
        at = places[n]
        totals[at.source] += models[at.source].layer_bytes[at.index]
    return tuple(totals)


def block_memory(
    models: Sequence[ModelFile],
    recipe: Recipe,
    settings: ContextSettings,
) -> tuple[BlockMemory, ...]:
    """What each block of the file takes, by its number there.

    An unused block takes nothing: the backend leaves it out.
    Raises IndexError for a weight layer that no source holds.
    """
    layer_bytes = weight_layer_bytes(models)
    layer_kv_bytes = _weight_layer_kv_bytes(models, settings)
    ran: dict[int, list[int]] = {}
    for number in range(len(recipe.blocks)):
        layers = _borrowed(recipe, number) if number in recipe.live else range(0)
        ran.setdefault(recipe.file_number(number), []).extend(layers)
    n_borrowers = Counter(n for layers in ran.values() for n in set(layers))
    return tuple(
        BlockMemory(
            weights_bytes=sum(layer_bytes[n] for n in set(layers)),
            own_weights_bytes=sum(layer_bytes[n] for n in set(layers) if n_borrowers[n] == 1),
            kv_bytes=sum(layer_kv_bytes[n] for n in layers),
        )
        for layers in ran.values()
    )


def layer_bytes(models: Sequence[ModelFile], settings: ContextSettings) -> tuple[int, ...]:
    """What each weight layer takes in a plan that borrows it once: weights and KV cache."""
    kv_bytes = _weight_layer_kv_bytes(models, settings)
    return tuple(map(sum, zip(weight_layer_bytes(models), kv_bytes, strict=True)))


def weight_layer_bytes(models: Sequence[ModelFile]) -> tuple[int, ...]:
    """What each weight layer takes in its file, without a KV cache."""
    return tuple(models[at.source].layer_bytes[at.index] for at in weight_layers_of(models))


def _borrowed(recipe: Recipe, number: int) -> range:
    block = recipe.blocks[number]
    if not isinstance(block, RecipeWeight):
        return range(0)
    return range(block.weight_start, block.weight_start + block.end - block.start)


def _weight_layer_kv_bytes(
    models: Sequence[ModelFile], settings: ContextSettings
) -> tuple[int, ...]:
    """The KV cache of one plan layer on each weight layer (llama.cpp: `llama_kv_cache`)."""
    sizes = []
    for at in weight_layers_of(models):
        model, i = models[at.source], at.index
        n_cells = _padded(settings.n_ctx)
        if model.is_sliding[i]:
            n_cells = _padded(min(n_cells, model.n_swa + min(settings.n_at_once, n_cells)))
        head_items = model.n_embd_head_k[i] + model.n_embd_head_v[i]
        sizes.append(kv_cache_bytes(n_cells * model.n_head_kv[i] * head_items, settings.kv_type))
    return tuple(sizes)


def _head_copy_bytes(model: ModelFile) -> int:
    """The second copy of embeddings that also serve as head, 0 where one copy serves both.

    The CPU looks up rows in the file's layout and multiplies in a repacked one, if it has such
    for the type; then llama.cpp holds both.
    """
    is_repacked = model.token_embd_type in _REPACKED_TYPES and model.n_vocab % _REPACKED_ROWS == 0
    return model.token_embd_bytes if is_repacked and not model.has_head else 0


def _padded(n_cells: int) -> int:
    return (n_cells + _CELL_STEP - 1) // _CELL_STEP * _CELL_STEP
