"""What is said of a source: its row in two lines, and the details that the row opens to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from app.memory.amounts import format_bytes
from app.plan.layer_ranges import range_text
from app.ui.state.plan_sources import Source

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile


ItemT = TypeVar("ItemT")


class Detail(NamedTuple):
    """A line of the details."""

    label: str
    value: str


def summary(source: Source, start: int) -> str:
    """Weight layers, quantisation and size of a source whose layers begin at `start`."""
    model = source.file
    if model is None:
        return source.why
    layers = range_text(start, start + model.n_layers - 1)
    types = " and ".join(dict.fromkeys(model.layer_types))
    return f"{layers} · {types} · {format_bytes(model.size_bytes)}"


def details(model: ModelFile, start: int) -> Iterator[Detail]:
    """All that the file tells of itself. `start` is its first weight layer."""
    yield Detail("Name", model.name)
    numbers = range_text(start, start + model.n_layers - 1)
    own = range_text(model.layers[0], model.layers[-1])
    yield Detail("Weight layers", numbers if own == numbers else f"{numbers}, in the file {own}")
    yield Detail("Architecture", f"{model.architecture}, width {model.n_embd:,}")
    yield Detail("Vocabulary", f"{model.n_vocab:,} tokens ({model.vocab_sha256[:12]})")
    yield Detail("Context", f"{model.n_ctx_train:,} tokens in training")
    yield Detail("Layers", format_bytes(sum(model.layer_bytes)))
    yield Detail("Quantisation", _types_by_layer(model, start))
    other = f"{format_bytes(model.other_bytes)}, {model.token_embd_type}"
    yield Detail("Embeddings", "none: a layer pack" if model.is_layer_pack else other)
    yield Detail("Licence", model.licence or "not stated")
    if model.author:
        yield Detail("Author", model.author)
    for base in model.base_models:
        yield Detail("Made from", base)
    yield from _origins(model, start)
    yield Detail("File", str(model.path))


def _types_by_layer(model: ModelFile, start: int) -> str:
    runs = list(_runs(model.layer_types))
    if len(runs) == 1:
        return f"{runs[0][2]} in all layers"
    return ", ".join(f"{range_text(start + a, start + b)} {name}" for a, b, name in runs)


def _origins(model: ModelFile, start: int) -> Iterator[Detail]:
    """Where the layers of a composed file come from, a line for each run of one file."""
    provenance = model.provenance
    if provenance is None:
        return
    parts = [provenance.addends(n) for n in range(len(provenance.layers))]
    steps = [[(p.source, p.number - n, p.share) for p in ps] for n, ps in enumerate(parts)]
    for first, last, _ in _runs(steps):
        is_average = len(parts[first]) > 1
        origins = []
        for part in parts[first]:
            there = range_text(part.number, part.number + last - first)
            share = f"{part.share:.3g} × " if is_average else ""
            origins.append(f"{share}{provenance.files[part.source].file_name}, its {there}")
        label = "Averaged" if is_average else "Composed"
        here = range_text(start + first, start + last)
        yield Detail(label, f"{here} from {' + '.join(origins)}")


def _runs(items: Sequence[ItemT]) -> Iterator[tuple[int, int, ItemT]]:
    """The first and last place of each run of equal items, and the item."""
    first = 0
    for item, run in groupby(items):
        last = first + len(list(run)) - 1
        yield first, last, item
        first = last + 1
