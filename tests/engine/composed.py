"""Writes model files out of other files' layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter


def write_composed(
    layers: Sequence[tuple[Path, int]], out: Path, *, names: Sequence[int] | None = None
) -> Path:
    """A GGUF of these (file, layer) pairs, the rest from the first pair's file.

    With `names`, a layer pack: the layers keep these numbers, the metadata is as it was, and
    there are no embeddings and no head.
    """
    readers = {path: GGUFReader(path) for path, _ in layers}
    first = readers[layers[0][0]]
    writer = GGUFWriter(out, first.fields["general.architecture"].contents())
    for name, field in first.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        is_count = name.endswith(".block_count") and names is None
        value = len(layers) if is_count else field.contents()
        sub_type = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], sub_type)
    if names is None:
        for tensor in first.tensors:
            if not tensor.name.startswith("blk."):
                writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for new, (path, old) in zip(names or range(len(layers)), layers, strict=True):
        for tensor in readers[path].tensors:
            if tensor.name.startswith(f"blk.{old}."):
                name = f"blk.{new}." + tensor.name.split(".", 2)[2]
                writer.add_tensor(name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out
