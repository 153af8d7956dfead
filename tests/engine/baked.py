"""Writes the ordinary model file that a merge-free plan stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter


def write_baked(
    source: Path, layers: Sequence[int], out: Path, metadata: Mapping[str, int] = {}
) -> Path:
    """A GGUF whose layer i is the source's `layers[i]`, with the same of the metadata that is an
    array with a value a layer. `metadata` is put in place of what the source has under the
    architecture's name."""
    reader = GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    n_layers = reader.fields[f"{architecture}.block_count"].contents()
    writer = GGUFWriter(out, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = field.contents()
        if name.endswith(".block_count"):
            value = len(layers)
        elif isinstance(value, list) and len(value) == n_layers:
            value = [value[layer] for layer in layers]
        value = metadata.get(name.removeprefix(f"{architecture}."), value)
        sub_type = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], sub_type)
    by_layer: dict[int, list] = {}
    for tensor in reader.tensors:
        if tensor.name.startswith("blk."):
            by_layer.setdefault(int(tensor.name.split(".")[1]), []).append(tensor)
        else:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for new, old in enumerate(layers):
        for tensor in by_layer[old]:
            name = f"blk.{new}." + tensor.name.split(".", 2)[2]
            writer.add_tensor(name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out
