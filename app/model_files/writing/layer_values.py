"""The metadata that is kept per layer, for layers of several files in another order.

After llama-cpp-python 0.3.36: what `load_hparams` and `load_arch_hparams` read with
`get_key_or_arr`, and what a model takes from the number of its layers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from app.model_files.architectures import sliding_layers
from app.model_files.errors import ModelFileError
from app.model_files.gguf_header import Entry, Scalar
from app.model_files.writing.entries import BOOL, F32, U32, entry
from app.model_files.writing.stored import StoredModel

Chosen = Sequence[tuple[StoredModel, int]]
"""The layers of the new file in order: each in which model, and its number there."""

_NAMES = """
apertus arcee baichuan bloom chatglm codeshell cohere2 dbrx deci deepseek deepseek2 dots1 ernie4_5
exaone exaone4 falcon gemma gemma2 gemma3 glm4 gpt-oss gpt2 gptneox granite granite_swa granitemoe
hunyuan-dense hunyuan-moe internlm2 jais jais2 llama minicpm minimax-m2 mistral3 mpt nemotron olmo
olmo2 olmoe openelm orion phi2 phi3 phimoe plamo qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe refact
seed_oss smollm3 stablelm starcoder starcoder2 xverse
"""
COMPOSABLE = frozenset(_NAMES.split())
"""The architectures that plans run on: their layers depend on nothing but what is written here."""

_SIZES = (
    "attention.head_count",
    "attention.head_count_kv",
    "feed_forward_length",
    "expert_feed_forward_length",
    "expert_used_count",
)
_SIZED_BY_LAYER = ("deci", "openelm")
"""The architectures that make each layer's tensors of its own sizes, not of layer 0's."""

_KINDS = {
    "{}.attention.rope_pattern": True,
    "{}.deepstack_mapping": -1,
    "xielu.alpha_n": 0.0,
    "xielu.alpha_p": 0.0,
    "xielu.beta": 0.0,
    "xielu.eps": 0.0,
}
"""What else is listed by layer, and what is meant where it is not stated."""

_SLIDING = "attention.sliding_window_pattern"
_DENSE_LEAD = "leading_dense_block_count"
_SAME_IN_ALL = ("expert_shared_feed_forward_length",)

_PERIODS = {"smollm3": (4, None), "exaone4": (4, 64)}
"""Every n-th layer, by its number, leaves the positions out or sees all tokens, where a number of
layers is named in models of that many only."""

_TELLING_COUNTS = {
    "baichuan": {32, 40},
    "deepseek2": {26, 27, 47, 48},
    "exaone4": {64},
    "gemma2": {46},
    "gemma3": {62},
}
"""Numbers of layers by which llama.cpp tells variants apart that compute differently."""


def layer_entries(first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    """The values to be put in place of the first model's, by name.

    Raises ModelFileError for what one file cannot hold.
    """
    _require_composable(first, layers)
    prefix = f"{first.file.architecture}."
    entries = {prefix + "block_count": _like(first, prefix + "block_count", len(layers))}
    for key in _SIZES:
        entries |= _by_layer(prefix + key, 0, first, layers)
    for key, default in _KINDS.items():
        entries |= _by_layer(key.format(first.file.architecture), default, first, layers)
    entries |= _sliding(prefix + _SLIDING, first, layers)
    entries |= _dense_lead(prefix + _DENSE_LEAD, first, layers)
    entries |= _head_sizes(prefix, first, layers)
    entries |= _residual_scale(prefix + "residual_scale", first, layers)
    ahead = prefix + "nextn_predict_layers"
    if ahead in first.header.entries:
        entries[ahead] = _like(first, ahead, 0)
    return entries


def _require_composable(first: StoredModel, layers: Chosen) -> None:
    architecture = first.file.architecture
    if architecture not in COMPOSABLE:
        raise ModelFileError(
            first.file.path,
            f"“{first.file.path.name}” is of the architecture “{architecture}”, whose layers "
            "depend on more than their own weights, so they cannot be put into another file.",
        )
    by_layer = architecture in _SIZED_BY_LAYER
    for key in (f"{architecture}.{name}" for name in _SAME_IN_ALL + (() if by_layer else _SIZES)):
        ours = _value(*layers[0], key)
        for model, number in layers:
            if (theirs := _value(model, number, key)) != ours:
                raise ModelFileError(
                    model.file.path,
                    f"“{key}” of layer {number} in “{model.file.path.name}” is {theirs} instead "
                    f"of {ours}, and a “{architecture}” file cannot have both. Keep the files "
                    "apart: a plan can borrow from both.",
                )
    counts = _TELLING_COUNTS.get(architecture, set())
    n_before = first.header.scalars[f"{architecture}.block_count"]
    if n_before != len(layers) and counts & {n_before, len(layers)}:
        raise ModelFileError(
            first.file.path,
            f"llama.cpp tells variants of “{architecture}” apart by their number of layers, and "
            f"would take {len(layers)} layers for another variant than {n_before}. Use another "
            "number of layers, or keep the files apart: a plan can borrow from several.",
        )
    period, of_count = _PERIODS.get(architecture, (1, None))
    if of_count not in (None, n_before):
        return
    for new, (model, number) in enumerate(layers):
        if ((new + 1) % period == 0) != ((number + 1) % period == 0):
            raise ModelFileError(
                model.file.path,
                f"Layer {number} of “{model.file.path.name}” would become layer {new}, but every "
                f"{period}th layer of “{architecture}” differs by its number. Keep these at "
                f"every {period}th place, and no others there.",
            )


def _by_layer(key: str, default: Scalar, first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    """One value a layer, where the first model's own statement does not suit them all."""
    stating = next((model for model, _ in layers if key in model.header.entries), None)
    values = [_value(model, number, key) for model, number in layers]
    if stating is None or all(value == first.header.scalars.get(key) for value in values):
        return {}
    return {
        key: entry(
            key,
            stating.header.entries[key].kind,
            [default if value is None else value for value in values],
        )
    }


def _value(model: StoredModel, number: int, key: str) -> int | float | bool | None:
    """What the model states for a layer. Raises ModelFileError for a list that is too short."""
    array = model.header.arrays.get(key)
    if array is not None:
        if number >= len(array):
            raise ModelFileError(
                model.file.path,
                f"“{key}” in “{model.file.path.name}” is a list of {len(array)} values, too "
                f"short for layer {number}. llama.cpp cannot load such a file: convert it again.",
            )
        return array[number]
    value = model.header.scalars.get(key)
    if value is None and key.endswith(".attention.head_count_kv"):
        return _value(model, number, key.removesuffix("_kv"))
    return None if isinstance(value, str) else value


def _sliding(key: str, first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    if not first.file.n_swa:
        return {}
    slides = tuple(
        model.file.is_sliding[model.file.layers.index(number)] for model, number in layers
    )
    if not any(slides) and any(first.file.is_sliding):
        raise ModelFileError(
            first.file.path,
            f"None of the chosen layers has the sliding window that “{first.file.path.name}” "
            "states, and llama.cpp cannot run such a file. Choose at least one that has it.",
        )
    period = first.header.scalars.get(key)
    is_period = isinstance(period, int) or key not in first.header.entries
    if is_period and slides == sliding_layers(
        first.file.architecture, len(layers), period if isinstance(period, int) else None
    ):
        return {}
    return {key: entry(key, BOOL, slides)}


def _dense_lead(key: str, first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    """How many layers at the beginning have no experts, where the architecture counts them."""
    is_dense = [number < _count(model, key) for model, number in layers]
    n_lead = is_dense.index(False) if False in is_dense else len(is_dense)
    if True in is_dense[n_lead:]:
        model, number = layers[is_dense.index(True, n_lead)]
        raise ModelFileError(
            model.file.path,
            f"Layer {number} of “{model.file.path.name}” has no experts, and in "
            f"“{first.file.architecture}” files such layers come before all others. Leave it out, "
            "or put it first.",
        )
    if key not in first.header.entries:
        return {}
    return {key: _like(first, key, n_lead)}


def _head_sizes(prefix: str, first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    """The sizes of a head, where they follow from the heads of layer 0 and that one is another."""
    key = prefix + "attention.head_count"
    before = _value(first, 0, key)
    if not before or _value(*layers[0], key) == before:
        return {}
    size = first.file.n_embd // int(before)
    names = (prefix + "attention.key_length", prefix + "attention.value_length")
    return {name: entry(name, U32, size) for name in names if name not in first.header.entries}


def _residual_scale(key: str, first: StoredModel, layers: Chosen) -> dict[str, bytes]:
    """What minicpm takes for it by the number of layers, where the first model states none."""
    n_before = _count(first, f"{first.file.architecture}.block_count")
    is_stated = key in first.header.entries or first.file.architecture != "minicpm"
    if is_stated or n_before == len(layers):
        return {}
    return {key: entry(key, F32, _f32(_f32(1.4) / _f32(math.sqrt(n_before))))}


def _f32(value: float) -> float:
    """Rounded to single precision, in which llama.cpp computes."""
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


def _count(model: StoredModel, key: str) -> int:
    value = model.header.scalars.get(key, 0)
    return value if isinstance(value, int) else 0


def _like(model: StoredModel, key: str, value: int) -> bytes:
    """The value in the type that the model states it in."""
    stated: Entry = model.header.entries[key]
    return entry(key, stated.kind, value)
