"""What is done in mergekit's environment: `python -m tests.bench.mergekit_peer prepare OUT GGUF …`
writes a model's weights in 16 bits as OUT (safetensors, as transformers keeps them) and OUT.gguf;
layers of further files take the place of the first one's. `… compare FOLDER GGUF` prints the share
of weights that differ between two results, in 16 bits.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter, dequantize
from safetensors.numpy import load_file, save_file

_TOP = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
}
_IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def their_name(name: str) -> str:
    """What transformers calls a tensor of a Llama's GGUF file."""
    if name in _TOP:
        return _TOP[name]
    _, layer, part, ending = name.split(".")
    return f"model.layers.{layer}.{_IN_LAYER[part]}.{ending}"


def prepare(out: Path, *models: Path) -> None:
    readers = [GGUFReader(model) for model in models]
    tensors = {
        t.name: dequantize(t.data, t.tensor_type).astype(np.float16)
        for reader in readers
        for t in reader.tensors
    }
    _write_gguf(readers[0], tensors, out.with_name(f"{out.name}.gguf"))
    out.mkdir()
    save_file({their_name(k): v for k, v in tensors.items()}, out / "model.safetensors")
    (out / "config.json").write_text(json.dumps(_config(readers[0])))


def _write_gguf(reader: GGUFReader, tensors: Mapping[str, np.ndarray], path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            items = field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=items)
    for name, tensor in tensors.items():
        # As converters do: llama.cpp wants norms in 32 bits.
        writer.add_tensor(name, tensor.astype(np.float32) if tensor.ndim == 1 else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _config(reader: GGUFReader) -> dict[str, object]:
    def of(key: str) -> int | float:
        return reader.fields[f"llama.{key}"].contents()

    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": "float16",
        "tie_word_embeddings": True,
        "hidden_size": of("embedding_length"),
        "intermediate_size": of("feed_forward_length"),
        "num_hidden_layers": of("block_count"),
        "num_attention_heads": of("attention.head_count"),
        "num_key_value_heads": of("attention.head_count_kv"),
        "rms_norm_eps": of("attention.layer_norm_rms_epsilon"),
        "vocab_size": len(reader.fields["tokenizer.ggml.tokens"].data),
    }


def compare(folder: Path, model: Path) -> None:
    theirs = {}
    for file in folder.glob("*.safetensors"):
        theirs |= load_file(file)
    ours = {their_name(t.name): t.data for t in GGUFReader(model).tensors}
    assert ours.keys() == theirs.keys(), sorted(ours.keys() ^ theirs.keys())[:4]
    n_differing = sum(np.sum(ours[n].astype(np.float16) != theirs[n]) for n in ours)
    print(n_differing / sum(tensor.size for tensor in ours.values()))


if __name__ == "__main__":
    {"prepare": prepare, "compare": compare}[sys.argv[1]](*map(Path, sys.argv[2:]))
