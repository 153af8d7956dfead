"""Makes tiny GGUF files with random weights, which llama.cpp loads and runs.

The architectures llama, qwen2 and qwen3 get the tensors that each of them wants.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants

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
    """What to write. `quantisation` is the type of the matrices; norms stay F32."""

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
    seed: int = 0


def write_tiny(path: Path, model: TinyModel = TinyModel()) -> Path:
    """The path of the file just written. The weights depend on seed and tensor name only."""
    writer = GGUFWriter(path, model.architecture)
    writer.add_name(model.name)
    writer.add_license("mit")
    writer.add_block_count(model.n_layers)
    writer.add_context_length(model.n_ctx_train)
    writer.add_embedding_length(model.n_embd)
    writer.add_feed_forward_length(model.n_ff)
    writer.add_head_count(model.n_head)
    writer.add_head_count_kv(model.n_head_kv)
    writer.add_rope_dimension_count(model.n_embd // model.n_head)
    writer.add_layer_norm_rms_eps(1e-5)
    _add_vocabulary(writer, model)
    _add_tensors(writer, model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


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
    n_embd_head = model.n_embd // model.n_head
    n_embd_kv = n_embd_head * model.n_head_kv
    matrices = {"token_embd.weight": (N_VOCAB, model.n_embd)}
    norms = {"output_norm.weight": model.n_embd}
    biases: dict[str, int] = {}
    for n in range(model.n_layers):
        norms |= {f"blk.{n}.{norm}.weight": model.n_embd for norm in ("attn_norm", "ffn_norm")}
        if model.architecture == "qwen3":
            norms |= {f"blk.{n}.attn_{part}_norm.weight": n_embd_head for part in "qk"}
        if model.architecture == "qwen2":
            biases[f"blk.{n}.attn_q.bias"] = model.n_embd
            biases |= {f"blk.{n}.attn_{part}.bias": n_embd_kv for part in "kv"}
        matrices |= {
            f"blk.{n}.attn_q.weight": (model.n_embd, model.n_embd),
            f"blk.{n}.attn_k.weight": (n_embd_kv, model.n_embd),
            f"blk.{n}.attn_v.weight": (n_embd_kv, model.n_embd),
            f"blk.{n}.attn_output.weight": (model.n_embd, model.n_embd),
            f"blk.{n}.ffn_gate.weight": (model.n_ff, model.n_embd),
            f"blk.{n}.ffn_up.weight": (model.n_ff, model.n_embd),
            f"blk.{n}.ffn_down.weight": (model.n_embd, model.n_ff),
        }
    if model.has_head:
        matrices["output.weight"] = (N_VOCAB, model.n_embd)
    for name, shape in matrices.items():
        weights = _random(model.seed, name, shape) / np.float32(shape[1]) ** np.float32(0.5)
        writer.add_tensor(
            name, quants.quantize(weights, model.quantisation), raw_dtype=model.quantisation
        )
    for name, n in norms.items():
        writer.add_tensor(name, 1 + np.float32(0.1) * _random(model.seed, name, (n,)))
    for name, n in biases.items():
        writer.add_tensor(name, np.float32(0.1) * _random(model.seed, name, (n,)))


def _random(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """np float32 (n_rows, n_columns), standard normal."""
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    return rng.standard_normal(shape, dtype=np.float32)
