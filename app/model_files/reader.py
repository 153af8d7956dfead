"""Reading a model file: from a path to a checked `ModelFile`, or an error that helps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from app.model_files.architectures import KNOWN_ARCHITECTURES, sliding_layers, sliding_window
from app.model_files.errors import ModelFileError, shown
from app.model_files.gguf_header import Damaged, Tensor
from app.model_files.model_file import ModelFile, Setting
from app.model_files.parts import Parts, damaged, read_headers
from app.model_files.provenance import read_provenance

_LAYER = re.compile(r"blk\.([0-9]{1,4})\.")
MAX_LAYERS = 512
_MOST_BASE_MODELS = 64
_LAYERS_MAY_BE_EMPTY = frozenset({"deci"})


def read_model_file(path: Path) -> ModelFile:
    """What a complete model file holds. Slow storage apart, 50 ms; raises ModelFileError only."""
    model = read_source(path)
    require_complete(model)
    return model


def require_complete(model: ModelFile) -> None:
    """Nothing, when a model can stand by itself. Raises ModelFileError for a layer pack."""
    if model.is_layer_pack:
        raise ModelFileError(
            model.path,
            f"“{model.path.name}” has only layers ({model.layers[0]} to {model.layers[-1]}), "
            "without token embeddings. Open the model it was made for instead.",
        )


def read_source(path: Path) -> ModelFile:
    """As `read_model_file`, but a pack of layers without embeddings is welcome too."""
    return model_in(read_headers(path))


def model_in(parts: Parts) -> ModelFile:
    """What the parts of a model hold, the first of them saying most. Raises ModelFileError."""
    try:
        return _Interpretation(parts).model_file()
    except Damaged as damage:
        raise damaged(parts[0][0].path, damage) from None


def layer_number(tensor_name: str) -> int | None:
    """The N of `blk.N`, None for a tensor outside the layers."""
    match = _LAYER.match(tensor_name)
    return int(match[1]) if match else None


class _Interpretation:
    """One header's values by the names and defaults of llama.cpp."""

    def __init__(self, parts: Parts) -> None:
        self.parts = tuple(part for part, _ in parts)
        self.path = self.parts[0].path
        self.header = parts[0][1]
        self.tensors = [tensor for _, header in parts for tensor in header.tensors]
        self.architecture = self._text("general.architecture")
        self._check_kind()
        n_blocks = self._number("block_count", required=True)
        if not 0 < n_blocks <= MAX_LAYERS:
            raise Damaged(f"it announces {n_blocks:,} layers; 1 to {MAX_LAYERS} are possible.")
        self.n_blocks = n_blocks

    def model_file(self) -> ModelFile:
        """Raises Damaged, ModelFileError."""
        by_layer, others = self._split_tensors()
        layers = tuple(sorted(by_layer))
        embeddings = next((t for t in others if t.name == "token_embd.weight"), None)
        self._check_layers(layers, is_pack=embeddings is None)
        n_swa = sliding_window(self.architecture, self._optional_number("attention.sliding_window"))
        slides = self._sliding() if n_swa else (False,) * self.n_blocks
        n_head = self._by_block("attention.head_count", (0,) * self.n_blocks)
        n_head_kv = self._by_block("attention.head_count_kv", n_head)
        head_k, head_v = self._head_sizes(n_head[0], slides)
        return ModelFile(
            parts=self.parts,
            architecture=self.architecture,
            name=shown(self._text("general.name")) or self.path.stem,
            licence=shown(self._text("general.license.name") or self._text("general.license")),
            author=shown(self._text("general.author") or self._text("general.organization")),
            base_models=self._base_models(),
            file_type=_heaviest_type(self.tensors),
            n_ctx_train=self._number("context_length", required=True),
            n_embd=self._number("embedding_length", required=True),
            n_vocab=self._n_vocab(embeddings),
            vocab_sha256=self.header.tokens_sha256,
            settings=self._settings(),
            n_swa=n_swa,
            has_chat_template=bool(self._text("tokenizer.chat_template")),
            layers=layers,
            layer_types=tuple(_heaviest_type(by_layer[n]) for n in layers),
            layer_bytes=tuple(sum(t.n_bytes for t in by_layer[n]) for n in layers),
            n_head=tuple(n_head[n] for n in layers),
            n_head_kv=tuple(n_head_kv[n] for n in layers),
            n_embd_head_k=tuple(head_k[n] for n in layers),
            n_embd_head_v=tuple(head_v[n] for n in layers),
            is_sliding=tuple(slides[n] for n in layers),
            other_bytes=sum(t.n_bytes for t in others),
            token_embd_bytes=embeddings.n_bytes if embeddings else 0,
            token_embd_type=embeddings.type_name if embeddings else "",
            has_head=any(t.name == "output.weight" for t in others),
            provenance=read_provenance(self.header, len(layers)),
        )

    def _check_kind(self) -> None:
        name = self.path.name
        if not self.architecture:
            raise Damaged("it does not name its architecture (general.architecture).")
        if self.architecture == "clip":
            raise ModelFileError(
                self.path,
                f"“{name}” is the image part of a model (mmproj). Choose the language model file "
                "it belongs to.",
            )
        if self.architecture not in KNOWN_ARCHITECTURES:
            raise ModelFileError(
                self.path,
                f"“{name}” has the architecture “{shown(self.architecture)}”, which this version "
                "of llama.cpp does not know. Choose another model.",
            )

    def _check_layers(self, layers: tuple[int, ...], is_pack: bool) -> None:
        if not layers:
            raise ModelFileError(
                self.path,
                f"“{self.path.name}” has no layers (tensors blk.0 and so on) for a plan to "
                "borrow. Choose a file with the whole model.",
            )
        may_lack = is_pack or self.architecture in _LAYERS_MAY_BE_EMPTY
        n_plain = self.n_blocks - self._number("nextn_predict_layers")
        missing = sorted(set(range(n_plain)) - set(layers))
        if missing and not may_lack:
            raise ModelFileError(
                self.path,
                f"“{self.path.name}” announces {n_plain} layers, but the tensors of layer "
                f"{missing[0]} are missing. Convert or download the model again.",
            )

    def _split_tensors(self) -> tuple[dict[int, list[Tensor]], list[Tensor]]:
        """The tensors of each layer that plans can borrow, and all others."""
        by_layer: dict[int, list[Tensor]] = {}
        others: list[Tensor] = []
        n_plain = self.n_blocks - self._number("nextn_predict_layers")
        for tensor in self.tensors:
            n = layer_number(tensor.name)
            if n is not None and n < n_plain:
                by_layer.setdefault(n, []).append(tensor)
            else:
                others.append(tensor)
        return by_layer, others

    def _sliding(self) -> tuple[bool, ...]:
        key = f"{self.architecture}.attention.sliding_window_pattern"
        if key in self.header.arrays:
            flags = self.header.arrays[key]
            return tuple(il < len(flags) and bool(flags[il]) for il in range(self.n_blocks))
        stated = self._optional_number("attention.sliding_window_pattern")
        return sliding_layers(self.architecture, self.n_blocks, stated)

    def _head_sizes(
        self, first_n_head: int, slides: tuple[bool, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Key and value sizes of one head, by block; with latent attention no values are kept."""
        if first_n_head == 0:
            return (0,) * self.n_blocks, (0,) * self.n_blocks
        default = self._number("embedding_length") // first_n_head
        k = self._number("attention.key_length", default)
        v = self._number("attention.value_length", default)
        k_sliding = self._number("attention.key_length_swa", k)
        v_sliding = self._number("attention.value_length_swa", v)
        if self._number("attention.key_length_mla"):
            v = v_sliding = 0
        return (
            tuple(k_sliding if s else k for s in slides),
            tuple(v_sliding if s else v for s in slides),
        )

    def _n_vocab(self, embeddings: Tensor | None) -> int:
        n_tokens = self.header.lengths.get("tokenizer.ggml.tokens")
        if n_tokens is not None:
            return n_tokens
        return embeddings.shape[1] if embeddings and len(embeddings.shape) > 1 else 0

    def _settings(self) -> dict[str, Setting]:
        prefix = f"{self.architecture}."
        return {
            key.removeprefix(prefix): value
            for key, value in self.header.scalars.items()
            if key.startswith(prefix)
        }

    def _base_models(self) -> tuple[str, ...]:
        """Each as “organisation / name”, of which the file may state one alone."""
        count = self.header.scalars.get("general.base_model.count", 0)
        found = []
        for n in range(min(count, _MOST_BASE_MODELS) if isinstance(count, int) else 0):
            of = f"general.base_model.{n}"
            words = [self._text(f"{of}.{key}") for key in ("organization", "name")]
            found.append(shown(" / ".join(filter(None, words)) or self._text(f"{of}.repo_url")))
        return tuple(filter(None, found))

    def _text(self, key: str) -> str:
        value = self.header.scalars.get(key)
        return value if isinstance(value, str) else ""

    def _optional_number(self, key: str) -> int | None:
        full_key = f"{self.architecture}.{key}"
        value = self.header.scalars.get(full_key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Damaged(
                f"“{shown(full_key)}” is “{shown(str(value))}” instead of a whole number."
            )
        return value

    def _number(self, key: str, default: int = 0, required: bool = False) -> int:
        value = self._optional_number(key)
        if value is None and required:
            raise Damaged(f"it has no “{shown(self.architecture)}.{key}”.")
        return default if value is None else value

    def _by_block(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """One number a block, from a list or from one number for all."""
        full_key = f"{self.architecture}.{key}"
        if full_key in self.header.lengths:
            items = self.header.arrays.get(full_key, ())
            if len(items) != self.n_blocks or not all(isinstance(i, int) and i >= 0 for i in items):
                raise Damaged(
                    f"“{shown(full_key)}” is not a list of {self.n_blocks} whole numbers."
                )
            return tuple(int(i) for i in items)
        value = self._optional_number(key)
        return default if value is None else (value,) * self.n_blocks


def _heaviest_type(tensors: Iterable[Tensor]) -> str:
    """The type that holds most of the bytes."""
    n_bytes: Counter[str] = Counter()
    for tensor in tensors:
        n_bytes[tensor.type_name] += tensor.n_bytes
    return n_bytes.most_common(1)[0][0]
