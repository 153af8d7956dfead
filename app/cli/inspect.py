"""`main.py inspect`: what a model file or layer pack holds."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from app.cli.output import print_json
from app.memory.amounts import format_bytes
from app.model_files.model_file import ModelFile
from app.model_files.provenance import AveragedLayer, Provenance
from app.model_files.writing.planned import PlannedTensor
from app.model_files.writing.stored import StoredModel, stored_model
from app.plan.layer_ranges import ranges_text


def inspect(options: argparse.Namespace) -> int:
    """Says what a file holds, by its header alone."""
    model = stored_model(Path(options.model))
    if options.json:
        print_json(_record(model))
        return 0
    file = model.file
    kind = "layer pack" if file.is_layer_pack else "model"
    rows = [
        ("Name", file.name),
        ("File", " + ".join(str(part.path) for part in file.parts)),
        ("Size", format_bytes(file.size_bytes)),
        ("Kind", f"{kind} of the architecture {file.architecture}"),
        ("Layers", f"{file.n_layers} ({ranges_text(file.layers)})"),
        ("Width", f"{file.n_embd} (n_embd), trained on {file.n_ctx_train} tokens of context"),
        ("Heads", _by_layer(file, [_heads(file, n) for n in range(file.n_layers)])),
        ("Vocabulary", f"{file.n_vocab:,} tokens, fingerprint {file.vocab_sha256[:12] or 'none'}"),
        ("Licence", file.licence or "not stated"),
        ("Author", file.author or "not stated"),
        ("Made from", ", ".join(file.base_models) or "not stated"),
    ]
    if file.n_swa:
        sliding = [n for n, slides in zip(file.layers, file.is_sliding, strict=True) if slides]
        where = ranges_text(sliding) or "none"
        rows.append(("Window", f"{file.n_swa} tokens, in the layers {where}"))
    for label, words in rows:
        print(f"{label:<13} {words}")
    print(f"\n{'Tensors':<13} {'bytes':>10}  quantisation")
    for label, tensors in _groups(model):
        types = _types(tensors)
        words = ", ".join(f"{name} {format_bytes(n)}" for name, n in types.items())
        print(f"{label:<13} {format_bytes(sum(types.values())):>10}  {words}")
    if file.provenance is not None:
        print(f"\n{'Composed from':<13} {'layers':>10}  file")
        averaged = {average.layer for average in file.provenance.averages}
        for number, origin in enumerate(file.provenance.files):
            layers = [
                layer
                for n, (place, layer) in enumerate(file.provenance.layers)
                if place == number and n not in averaged
            ]
            licence = f", {origin.licence}" if origin.licence else ""
            mark = f"{format_bytes(origin.mark.size_bytes)}, {origin.mark.fingerprint}"
            print(f"{'':<13} {ranges_text(layers):>10}  {origin.file_name} ({mark}{licence})")
        if averaged:
            print(f"\n{'Averages':<13} {'layer':>10}  of what")
        for layer in sorted(averaged):
            print(f"{'':<13} {layer:>10}  {_average(file.provenance, layer)}")
    return 0


def _average(made: Provenance, layer: int) -> str:
    return " + ".join(
        f"{part.share:.4g} × layer {part.number} of {made.files[part.source].file_name}"
        for part in made.addends(layer)
    )


def _heads(file: ModelFile, n: int) -> str:
    return (
        f"{file.n_head[n]}, {file.n_head_kv[n]} for keys and values, of size "
        f"{file.n_embd_head_k[n]}/{file.n_embd_head_v[n]}"
    )


def _by_layer(file: ModelFile, words: list[str]) -> str:
    """What is said of all layers, or of each run of them."""
    runs: list[tuple[list[int], str]] = []
    for number, said in zip(file.layers, words, strict=True):
        if not runs or runs[-1][1] != said:
            runs.append(([], said))
        runs[-1][0].append(number)
    if len(runs) == 1:
        return runs[0][1]
    return "; ".join(f"layers {ranges_text(numbers)}: {said}" for numbers, said in runs)


def _groups(model: StoredModel) -> Iterable[tuple[str, list[PlannedTensor]]]:
    """The tensors outside the layers, then runs of layers that are stored alike."""
    if model.others:
        yield "others", list(model.others)
    for _, run in groupby(model.file.layers, key=lambda n: _types(model.layers[n])):
        numbers = list(run)
        label = f"layer {numbers[0]}" if len(numbers) == 1 else f"layers {ranges_text(numbers)}"
        yield label, [tensor for number in numbers for tensor in model.layers[number]]


def _types(tensors: Iterable[PlannedTensor]) -> dict[str, int]:
    """Bytes by type of tensor, most first."""
    n_bytes: Counter[str] = Counter()
    for tensor in tensors:
        n_bytes[tensor.type_name] += tensor.content.n_bytes
    return dict(n_bytes.most_common())


def _record(model: StoredModel) -> dict[str, object]:
    file = model.file
    return {
        "name": file.name,
        "files": [str(part.path) for part in file.parts],
        "bytes": file.size_bytes,
        "architecture": file.architecture,
        "is_layer_pack": file.is_layer_pack,
        "file_type": file.file_type,
        "n_layers": file.n_layers,
        "n_tensors": len(model.others) + sum(map(len, model.layers.values())),
        "n_ctx_train": file.n_ctx_train,
        "n_embd": file.n_embd,
        "n_vocab": file.n_vocab,
        "vocab_sha256": file.vocab_sha256,
        "n_swa": file.n_swa,
        "has_chat_template": file.has_chat_template,
        "licence": file.licence,
        "author": file.author,
        "base_models": list(file.base_models),
        "others": {"bytes": file.other_bytes, "types": _types(model.others)},
        "layers": [
            {
                "layer": number,
                "bytes": file.layer_bytes[n],
                "type": file.layer_types[n],
                "types": _types(model.layers[number]),
                "n_head": file.n_head[n],
                "n_head_kv": file.n_head_kv[n],
                "is_sliding": file.is_sliding[n],
                "from": _origins(file, n),
            }
            for n, number in enumerate(file.layers)
        ],
    }


def _origins(file: ModelFile, n: int) -> dict[str, object] | list[dict[str, object]] | None:
    """Where the n-th layer was copied from, or what it is an average of; None for a file that does
    not say."""
    if file.provenance is None:
        return None
    parts = [_origin(file.provenance, part) for part in file.provenance.addends(n)]
    return parts if parts[1:] else parts[0]


def _origin(made: Provenance, part: AveragedLayer) -> dict[str, object]:
    origin = made.files[part.source]
    return {
        "file": origin.file_name,
        "layer": part.number,
        "share": part.share,
        "bytes": origin.mark.size_bytes,
        "fingerprint": origin.mark.fingerprint,
        "name": origin.name,
        "licence": origin.licence,
    }
