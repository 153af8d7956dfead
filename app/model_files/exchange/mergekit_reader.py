"""Reads a mergekit configuration into slices of layers, and refuses by name what no plan can say.

Follows mergekit 0.1.5 (`config.py`, `plan.py`, `merge_methods/{linear,passthrough}.py`): ranges are
half-open; `linear` divides by the sum of the weights unless `normalize` is false; with `models`, a
`base_model` that is not among them becomes one more input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.model_files.exchange.complaints import Complaints, Unreadable
from app.model_files.exchange.mergekit_weights import INSTEAD, Scopes, Weights
from app.model_files.exchange.stack import Branch, Slice, model_names
from app.model_files.exchange.yaml_text import Value, YamlError, read_yaml
from app.plan.checks import MAX_PLAN_LAYERS
from app.plan.document import LAYER_LIMIT
from app.plan.lines import parse_int, shown
from app.plan.problem import Problem

_KEYS = frozenset(
    {"merge_method", "slices", "models", "modules", "base_model", "parameters"}
    | {"dtype", "out_dtype", "chat_template", "tokenizer_source", "tokenizer"}
)
_SLICE_KEYS = frozenset({"sources", "base_model", "residual_weight", "parameters"})
_SOURCE_KEYS = frozenset({"model", "layer_range", "parameters"})
_PARAMETERS = frozenset({"weight", "normalize", "scale", "embed_slerp", "int8_mask"})
"""Those that are looked at, and int8_mask, which changes no result."""


@dataclass(frozen=True, slots=True)
class MergekitConfig:
    """The slices of a configuration; they make sense only without errors among `problems`."""

    slices: tuple[Slice, ...]
    problems: tuple[Problem, ...]


def read_mergekit(text: str) -> MergekitConfig:
    """What a configuration says and all that is wrong with it; it raises nothing."""
    say = Complaints()
    slices: tuple[Slice, ...] = ()
    try:
        slices = _Reader(read_yaml(text), say).slices()
    except YamlError as error:
        say.problems.append(error.problem)
    except Unreadable:
        pass
    in_order = sorted(say.problems, key=lambda problem: problem.line or 0)
    return MergekitConfig(slices, tuple(in_order))


class _Reader:
    def __init__(self, root: Value, say: Complaints) -> None:
        self._say = say
        self.line = root.line
        self.root = say.mapping(root, "The file")
        self.parameters = self.root.get("parameters")
        self.method = self._method()
        self._weights = Weights(self.method, say)

    def slices(self) -> tuple[Slice, ...]:
        self._check_the_rest()
        given = [key for key in ("slices", "models", "modules") if self._has(key)]
        if len(given) != 1:
            self._say.stop(
                self.line,
                "mergekit needs exactly one of “slices” and “models”.",
                "Keep the one that lists the layers.",
            )
        if given == ["modules"]:
            self._say.stop(
                self.root["modules"].line,
                "“modules” merges the parts of a multimodal model one by one.",
                "A plan runs the layers of the language model: write only its “slices”.",
            )
        if given == ["models"]:
            read = [self._read_models(self.root["models"])]
        else:
            read = self._read_slices(self.root["slices"])
        self._check_vocabulary(model_names(read))
        return tuple(read)

    def _method(self) -> str:
        value = self.root.get("merge_method")
        if value is None:
            self._say.stop(
                self.line,
                "The configuration does not say its merge_method.",
                "Write “merge_method: passthrough” or “merge_method: linear”.",
            )
        if value.data not in ("passthrough", "linear"):
            self._say.stop(
                value.line,
                f"merge_method {shown(str(value.data))} combines weights tensor by tensor, which "
                "a plan cannot express: only passthrough and linear can be imported.",
                INSTEAD,
            )
        return str(value.data)

    def _check_the_rest(self) -> None:
        """What stands beside the slices: refused where it changes the model, else told."""
        for key in ("dtype", "out_dtype"):
            if self._has(key):
                self._say.note(
                    self.root[key].line,
                    f"{key} is ignored: a plan runs the layers in the types of their files.",
                )
        if self._has("chat_template"):
            self._say.note(
                self.root["chat_template"].line,
                "chat_template is ignored: a plan has none.",
                "Choose it in Reply settings, or with generate --chat-template.",
            )
        self._say.know(self.root, _KEYS)
        self._check_parameters(self.parameters)

    def _check_vocabulary(self, names: Sequence[str]) -> None:
        tokenizer = self.root.get("tokenizer")
        source = self.root.get("tokenizer_source")
        if tokenizer is not None and isinstance(tokenizer.data, dict):
            source = tokenizer.data.get("source")
            for key in ("tokens", "pad_to_multiple_of"):
                if key in tokenizer.data and tokenizer.data[key].data:
                    self._say.refuse(
                        tokenizer.data[key].line,
                        f"tokenizer.{key} changes the vocabulary, which a plan takes unchanged "
                        "from its first source.",
                        INSTEAD,
                    )
        if source is not None and source.data not in (None, "base", *names[:1]):
            self._say.refuse(
                source.line,
                f"The tokenizer source {shown(str(source.data))} makes a new vocabulary. A plan "
                "uses that of its first source, and all its sources must have the same.",
                "If the models' vocabularies are the same, delete the line; it changes nothing.",
            )

    def _check_parameters(self, parameters: Value | None) -> None:
        if parameters is None or parameters.data is None:
            return
        for name, value in self._say.mapping(parameters, "“parameters”").items():
            if name not in _PARAMETERS:
                self._say.note(
                    value.line,
                    f"{shown(name)} is ignored; mergekit's {self.method} does not use it either.",
                )
        embed_slerp = self._say.mapping(parameters, "“parameters”").get("embed_slerp")
        if embed_slerp is not None and embed_slerp.data:
            self._say.refuse(
                embed_slerp.line,
                "embed_slerp mixes the token embeddings, which a plan takes from its first source.",
                INSTEAD,
            )

    def _read_models(self, models: Value) -> Slice:
        entries = [self._source_entry(item) for item in self._say.entries(models, "“models”")]
        base = self.root.get("base_model")
        names = [self._name(entry) for entry in entries]
        if base is not None and base.data and (name := self._model_name(base)) not in names:
            entries.append({"model": base})
            names.append(name)
        return self._branches(models.line, entries, (self.parameters,), has_ranges=False)

    def _read_slices(self, slices: Value) -> list[Slice]:
        read: list[Slice] = []
        n_layers = 0
        for item in self._say.entries(slices, "“slices”"):
            try:
                read.append(self._read_slice(item))
            except Unreadable:
                if self._say.has_enough:
                    break
                continue
            n_layers += sum(len(branch.layers or ()) for branch in read[-1])
            if n_layers > MAX_PLAN_LAYERS:
                self._say.stop(
                    item.line,
                    f"The slices up to here have {n_layers:,} layers, but a plan has "
                    f"{MAX_PLAN_LAYERS} at most.",
                    "Use fewer or shorter slices.",
                )
        return read

    def _read_slice(self, item: Value) -> Slice:
        slice_ = self._say.mapping(item, "An entry of “slices”")
        self._say.know(slice_, _SLICE_KEYS)
        residual = slice_.get("residual_weight")
        if residual is not None and residual.data not in (None, 1, 0):
            self._say.refuse(residual.line, "residual_weight scales weights.", INSTEAD)
        sources = slice_.get("sources")
        if sources is None:
            self._say.stop(
                item.line,
                "A slice has no “sources”.",
                "Write “sources:” with a model and its layer_range.",
            )
        self._check_parameters(slice_.get("parameters"))
        entries = [self._source_entry(entry) for entry in self._say.entries(sources, "“sources”")]
        scopes = (slice_.get("parameters"), self.parameters)
        return self._branches(sources.line, entries, scopes, has_ranges=True)

    def _source_entry(self, item: Value) -> Mapping[str, Value]:
        entry = self._say.mapping(item, "A model with its layers")
        self._say.know(entry, _SOURCE_KEYS)
        if "model" not in entry:
            self._say.stop(item.line, "An entry has no model.", "Write “model:” and its name.")
        self._check_parameters(entry.get("parameters"))
        return entry

    def _branches(
        self,
        line: int,
        entries: Sequence[Mapping[str, Value]],
        scopes: Scopes,
        has_ranges: bool,
    ) -> Slice:
        names = [self._name(entry) for entry in entries]
        ranges = [self._range(entry) if has_ranges else None for entry in entries]
        if len(names) > 1 and self.method == "passthrough":
            self._say.stop(
                line,
                f"passthrough copies from one model, but here are {len(names)} for the same "
                "layers.",
                "Write them as slices one after the other, or use “merge_method: linear”.",
            )
        if len(set(names)) < len(names):
            self._say.refuse(line, "A model is listed twice for the same layers.", "List it once.")
        if len(set(ranges)) > 1:
            words = " and ".join(_range_words(layers) for layers in ranges if layers is not None)
            self._say.refuse(
                line,
                f"The models are merged at different layers ({words}). The branches of a merge "
                "must be the same layers of each model.",
                "Write the same layer_range for all, or build the branches in the window.",
            )
        scales = self._weights.scales(line, entries, names, scopes)
        return tuple(
            Branch(name, layers, scale, entry["model"].line)
            for entry, name, layers, scale in zip(entries, names, ranges, scales, strict=True)
        )

    def _range(self, entry: Mapping[str, Value]) -> range:
        value = entry.get("layer_range")
        layers = None if value is None else _range_in(value)
        if layers is None:
            self._say.stop(
                (value or entry["model"]).line,
                f"{shown(self._name(entry))} has no layer_range with the first layer and one "
                "past the last.",
                "Write it as “layer_range: [0, 24]” for layers 0 to 23.",
            )
        return layers

    def _name(self, entry: Mapping[str, Value]) -> str:
        return self._model_name(entry["model"])

    def _model_name(self, value: Value) -> str:
        if not isinstance(value.data, str) or not value.data.strip():
            self._say.stop(
                value.line,
                "A model's name must be a single value.",
                "Write the name of its folder or repository, in quotes if necessary.",
            )
        name = value.data.strip()
        if "+" in name:
            self._say.stop(
                value.line,
                f"{shown(name)} uses an adapter (LoRA) on top of a model.",
                "Merge the adapter into the model, convert that to GGUF and use it here.",
            )
        return name

    def _has(self, key: str) -> bool:
        return key in self.root and self.root[key].data is not None


def _range_in(value: Value) -> range | None:
    match [parse_int(str(n.data)) for n in value.data] if isinstance(value.data, list) else []:
        case [int(start), int(end)] if 0 <= start < end <= LAYER_LIMIT:
            return range(start, end)
    return None


def _range_words(layers: range) -> str:
    return f"{layers.start}-{layers.stop - 1}"
