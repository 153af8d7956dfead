"""Splits a model file into parts as llama-gguf-split does."""

from __future__ import annotations

from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter


def write_split(model: Path, target: Path, tensors_a_part: int) -> list[Path]:
    """The parts `TARGET-00001-of-…` of a model, in order."""
    reader = GGUFReader(model)
    architecture = str(reader.fields["general.architecture"].contents())
    writer = GGUFWriter(target, architecture, split_max_tensors=tensors_a_part)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        items = field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], sub_type=items)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sorted(target.parent.glob(f"{target.stem}-*-of-*.gguf"))
