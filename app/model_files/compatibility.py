"""Whether the layers of several model files can run as layers of one model.

The engine takes vocabulary, embeddings, head and every value that is not kept per layer from the
first file, so whatever differs there would run wrongly without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from app.model_files.errors import ModelFileError, shown
from app.model_files.model_file import ModelFile, Setting

_MAY_DIFFER = frozenset(
    {
        "block_count",
        "context_length",
        "feed_forward_length",
        "expert_feed_forward_length",
        "expert_shared_feed_forward_length",
        "leading_dense_block_count",
        "nextn_predict_layers",
        "vocab_size",
        "attention.sliding_window_pattern",
    }
)
"""Settings that are kept per layer, only inform, or are compared by their effect."""


class _Field(NamedTuple):
    words: str
    value: Callable[[ModelFile], Setting]


class _LayerField(NamedTuple):
    words: str
    values: Callable[[ModelFile], tuple[int, ...]]


def require_compatible(models: Sequence[ModelFile]) -> None:
    """Nothing, when the layers of all models can run among those of the first.

    Raises ModelFileError naming the first thing that differs and both values. Quantisation,
    number of layers and feed-forward sizes may differ.
    """
    for other in models[1:]:
        for words, theirs, ours in _differences(models[0], other):
            raise ModelFileError(
                other.path,
                f"{_name(other, models[0])} does not fit {_name(models[0], other)}: its {words} "
                f"is {_value_text(theirs)} instead of {_value_text(ours)}. All model files of a "
                "plan must be variants of one base model.",
            )


def _differences(first: ModelFile, other: ModelFile) -> Iterator[tuple[str, Setting, Setting]]:
    """What differs, in words, and the two values, the other's before the first's."""
    for field in _FIELDS:
        if isinstance(field, _LayerField):
            allowed = set(field.values(first))
            strange = sorted(set(field.values(other)) - allowed)
            if strange:
                yield field.words, strange[0], _alternatives(allowed)
        elif field.value(other) != field.value(first):
            yield field.words, field.value(other), field.value(first)
    for key, value in other.settings.items():
        stated = first.settings.get(key, value)
        if key not in _MAY_DIFFER and stated != value:
            yield f"setting “{shown(key)}”", value, stated


def _alternatives(values: Iterable[int]) -> str:
    return " or ".join(str(value) for value in sorted(values))


def _name(model: ModelFile, beside: ModelFile) -> str:
    """The file's name, or its whole path where the other file is called the same."""
    return f"“{model.path if model.path.name == beside.path.name else model.path.name}”"


def _value_text(value: Setting) -> str:
    return f"{value:.7g}" if isinstance(value, float) else shown(str(value))


def _setting(key: str, default: int | float | str = 0) -> Callable[[ModelFile], Setting]:
    return lambda model: model.settings.get(key, default)


def _n_rot(model: ModelFile) -> Setting:
    head_size = model.settings.get("attention.key_length", max(model.n_embd_head_k))
    return model.settings.get("rope.dimension_count", head_size)


def _n_rot_swa(model: ModelFile) -> Setting:
    return model.settings.get("rope.dimension_count_swa", _n_rot(model))


def _rope_scaling(model: ModelFile) -> str:
    """The kind and factor, “none” when positions are not scaled."""
    kind = model.settings.get("rope.scaling.type", "linear")
    old_factor = model.settings.get("rope.scale_linear", 0)
    factor = model.settings.get("rope.scaling.factor", old_factor) or 1
    return "none" if factor == 1 and kind == "linear" else f"{kind} {_value_text(factor)}"


def _vocabulary(model: ModelFile) -> str:
    return model.vocab_sha256[:12] or "none"


_FIELDS: tuple[_Field | _LayerField, ...] = (
    _Field("architecture", lambda model: model.architecture),
    _Field("width (n_embd)", lambda model: model.n_embd),
    _LayerField("key size of a head (n_embd_head_k)", lambda model: model.n_embd_head_k),
    _LayerField("value size of a head (n_embd_head_v)", lambda model: model.n_embd_head_v),
    _LayerField("number of heads (n_head)", lambda model: model.n_head),
    _LayerField("number of key-value heads (n_head_kv)", lambda model: model.n_head_kv),
    _Field("number of rotated dimensions (n_rot)", _n_rot),
    _Field("number of rotated dimensions in sliding layers", _n_rot_swa),
    _Field("rope frequency base", _setting("rope.freq_base", 10000.0)),
    _Field("rope scaling", _rope_scaling),
    _Field("norm epsilon", _setting("attention.layer_norm_rms_epsilon")),
    _Field("norm epsilon", _setting("attention.layer_norm_epsilon")),
    _Field("vocabulary size (n_vocab)", lambda model: model.n_vocab),
    _Field("vocabulary, by the fingerprint of its tokens,", _vocabulary),
    _Field("sliding window (n_swa)", lambda model: model.n_swa),
    _Field("number of experts (n_expert)", _setting("expert_count")),
    _Field("number of experts used for a token (n_expert_used)", _setting("expert_used_count")),
)
