"""The header of a large model without its weights: what follows it is a hole in the file."""

from __future__ import annotations

from pathlib import Path

from gguf import GGMLQuantizationType, GGUFWriter

from tests.model_files.tiny import EXTRA_WORDS, MERGES, SPECIALS

N_LAYERS = 80
N_EMBD, N_FF, N_HEAD, N_HEAD_KV = 8192, 28672, 64, 8
N_VOCAB = 128_256
_ALIGNMENT = 32


def write_large_header(path: Path) -> Path:
    """A Llama of 70 billion weights in Q4_K, some 40 GB of which take no room on disk."""
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(N_LAYERS)
    writer.add_context_length(131_072)
    writer.add_embedding_length(N_EMBD)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD_KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500_000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    words = (*SPECIALS, *EXTRA_WORDS, *(f"word{n}" for n in range(N_VOCAB)))[:N_VOCAB]
    writer.add_token_list(words)
    writer.add_token_types([1] * N_VOCAB)
    writer.add_token_merges(MERGES)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (N_VOCAB, N_EMBD),
        "output_norm.weight": (N_EMBD,),
        "output.weight": (N_VOCAB, N_EMBD),
    }
    kv = N_EMBD // N_HEAD * N_HEAD_KV
    for layer in range(N_LAYERS):
        for name, shape in (
            ("attn_norm", (N_EMBD,)),
            ("attn_q", (N_EMBD, N_EMBD)),
            ("attn_k", (kv, N_EMBD)),
            ("attn_v", (kv, N_EMBD)),
            ("attn_output", (N_EMBD, N_EMBD)),
            ("ffn_norm", (N_EMBD,)),
            ("ffn_gate", (N_FF, N_EMBD)),
            ("ffn_up", (N_FF, N_EMBD)),
            ("ffn_down", (N_EMBD, N_FF)),
        ):
            shapes[f"blk.{layer}.{name}.weight"] = shape
    n_bytes = 0
    for name, shape in shapes.items():
        kind = GGMLQuantizationType.F32 if len(shape) == 1 else GGMLQuantizationType.Q4_K
        size = shape[0] * 4 if len(shape) == 1 else shape[0] * shape[1] // 256 * 144
        writer.add_tensor_info(name, shape, "float32", size, raw_dtype=kind)
        n_bytes += (size + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    header = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate((header + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT + n_bytes)
    return path
