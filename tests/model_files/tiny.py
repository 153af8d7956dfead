"""Makes tiny GGUF files with random weights, which llama.cpp loads and runs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants

from tests.model_files.tiny_architectures import Value, architecture_of
from tests.model_files.tiny_shapes import Sizes

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + "
    "message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MERGES = ("t h", "th e", "i n", "e r", "a n", "r e", "o n", "Ġ t", "Ġ a", "Ġ the")
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
EXTRA_WORDS = tuple(f"<|extra_{i}|>" for i in range(27))
N_VOCAB = 256 + len(MERGES) + len(SPECIALS) + len(EXTRA_WORDS)  # 296


@dataclass(frozen=True)
class TinyModel:
    """What to write. `quantisation` is the type of the matrices; norms stay F32.

    `architecture` is for `architecture_of`, whose metadata and per-layer sizes go before those
    given here.
    """

    n_layers: int = 4
    n_embd: int = 64
    n_head: int = 4
    n_head_kv: int = 2
    n_ff: int = 128
    n_ctx_train: int = 512
    quantisation: GGMLQuantizationType = GGMLQuantizationType.F16
    has_head: bool = True
    chat_template: str | None = CHAT_TEMPLATE
    architecture: str = "llama"
    name: str = "Tiny"
    base_model: str = ""
    seed: int = 0


def write_tiny(path: Path, model: TinyModel = TinyModel()) -> Path:
    """The path of the file just written. The weights depend on seed and tensor name only."""
    architecture = architecture_of(model.architecture)
    n_embd_head = architecture.n_embd_head or model.n_embd // model.n_head
    writer = GGUFWriter(path, architecture.gguf_name)
    writer.add_name(model.name)
    writer.add_license("mit")
    if model.base_model:
        writer.add_author("Somebody")
        writer.add_base_model_count(1)
        writer.add_base_model_organization(0, "Makers")
        writer.add_base_model_name(0, model.base_model)
    metadata = {
        "block_count": model.n_layers,
        "context_length": model.n_ctx_train,
        "embedding_length": model.n_embd,
        "feed_forward_length": _value(architecture.n_ff, model.n_ff),
        "attention.head_count": _value(architecture.n_head, model.n_head),
        "attention.head_count_kv": _value(architecture.n_head_kv, model.n_head_kv),
        "attention.key_length": n_embd_head,
        "attention.value_length": n_embd_head,
        "rope.dimension_count": n_embd_head,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "attention.layer_norm_epsilon": 1e-5,
        **architecture.metadata,
    }
    for name, value in metadata.items():
        full_name = name[1:] if name.startswith("/") else f"{architecture.gguf_name}.{name}"
        _add_value(writer, full_name, value)
    _add_vocabulary(writer, model)
    _add_tensors(writer, model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _value(by_layer: tuple[int, ...] | None, usual: int) -> int | list[int]:
    return usual if by_layer is None else list(by_layer)


def _add_value(writer: GGUFWriter, name: str, value: Value) -> None:
    match value:
        case bool():
            writer.add_bool(name, value)
        case int():
            writer.add_uint32(name, value)
        case float():
            writer.add_float32(name, value)
        case str():
            writer.add_string(name, value)
        case _:
            writer.add_array(name, value)


def _add_vocabulary(writer: GGUFWriter, model: TinyModel) -> None:
    words = [m.replace(" ", "") for m in MERGES]
    tokens = [*SPECIALS, *_byte_letters(), *words, *EXTRA_WORDS]
    types = [3] * len(SPECIALS) + [1] * (256 + len(words)) + [4] * len(EXTRA_WORDS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    if model.chat_template is not None:
        writer.add_chat_template(model.chat_template)


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in a GPT-2 vocabulary."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(others)) for b in range(256)]


def _add_tensors(writer: GGUFWriter, model: TinyModel) -> None:
    architecture = architecture_of(model.architecture)
    top = _sizes(model, 0).shapes(architecture.top)
    if not model.has_head:
        top.pop("output.weight", None)
    tensors = dict(top)
    for layer in range(model.n_layers):
        shapes = _sizes(model, layer).shapes(architecture.layer(layer))
        tensors |= {f"blk.{layer}.{name}": shape for name, shape in shapes.items()}
    for name, shape in tensors.items():
        values = _random(model.seed, name, shape)
        if name.endswith(".bias"):
            writer.add_tensor(name, np.float32(0.1) * values)
        elif len(shape) == 1:
            writer.add_tensor(name, 1 + np.float32(0.1) * values)
        else:
            weights = quants.quantize(
                values / np.float32(shape[-1]) ** np.float32(0.5), model.quantisation
            )
            writer.add_tensor(name, weights, raw_dtype=model.quantisation)


def _sizes(model: TinyModel, layer: int) -> Sizes:
    architecture = architecture_of(model.architecture)
    n_head_kv = architecture.metadata.get("attention.head_count_kv", model.n_head_kv)
    assert isinstance(n_head_kv, int)
    return Sizes(
        n_vocab=N_VOCAB,
        n_ctx=model.n_ctx_train,
        n_embd=model.n_embd,
        n_embd_head=architecture.n_embd_head or model.n_embd // model.n_head,
        n_head=architecture.n_head[layer] if architecture.n_head else model.n_head,
        n_head_kv=architecture.n_head_kv[layer] if architecture.n_head_kv else n_head_kv,
        n_ff=architecture.n_ff[layer] if architecture.n_ff else model.n_ff,
    )


def _random(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """np float32 (n_rows, n_columns), standard normal."""
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    return rng.standard_normal(shape, dtype=np.float32)
