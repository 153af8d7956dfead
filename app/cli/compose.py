"""`main.py compose`: layers of several model files in one, or a pack of some."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from app.cli.errors import EXIT_USAGE, UserError
from app.cli.output import print_json
from app.cli.progress import ProgressLine, progress_line
from app.memory.amounts import format_bytes
from app.model_files.writing.compose import SourceLayer, compose, layer_pack
from app.model_files.writing.planned import PlannedFile
from app.model_files.writing.stored import StoredModel, stored_model
from app.model_files.writing.write import WriteProgress, write
from app.plan.layer_ranges import parse_ranges

_NUMBERS = re.compile(r"[0-9 ,-]+")


def compose_file(options: argparse.Namespace) -> int:
    """Writes the file and says what it holds."""
    sources, layers = _sources_and_layers(options.sources)
    planned = _pack(sources, layers) if options.pack else compose(sources, layers)
    with progress_line() as line:
        files = write(planned, Path(options.output), _told(line), options.split_max_size)
    n_bytes = sum(file.stat().st_size for file in files)
    if options.json:
        print_json(
            {
                "files": [str(file) for file in files],
                "bytes": n_bytes,
                "n_layers": len(layers),
                "layers": [
                    {"file": str(sources[layer.source].file.path), "layer": layer.number}
                    for layer in layers
                ],
            }
        )
        return 0
    for file in files:
        print(f"{file}  {format_bytes(file.stat().st_size)}")
    held = "1 layer" if len(layers) == 1 else f"{len(layers)} layers"
    print(f"{held}, {format_bytes(n_bytes)}. {_use(options.pack, sources, layers)}")
    return 0


def _use(is_pack: bool, sources: Sequence[StoredModel], layers: Sequence[SourceLayer]) -> str:
    if is_pack:
        return "Add it as a source beside the model that the layers belong to."
    if len(layers) <= sources[0].file.n_layers:
        return "Any llama.cpp can run it."
    return (
        "Use it with a plan: without one all layers run one after the other, which rarely makes "
        "sense."
    )


def _told(line: ProgressLine) -> Callable[[WriteProgress], bool]:
    def on_progress(progress: WriteProgress) -> bool:
        line.show("Writing", progress.fraction, 0.0, progress.seconds_left)
        return True

    return on_progress


def _pack(sources: Sequence[StoredModel], layers: Sequence[SourceLayer]) -> PlannedFile:
    if len(sources) > 1:
        raise UserError(
            "A layer pack has the layers of one file. Give one source, or leave out --pack.",
            EXIT_USAGE,
        )
    return layer_pack(sources[0], [layer.number for layer in layers])


def _sources_and_layers(named: Sequence[str]) -> tuple[list[StoredModel], list[SourceLayer]]:
    """The different files that are named, and the layers in the order they are named in."""
    sources: dict[Path, StoredModel] = {}
    layers: list[SourceLayer] = []
    for text in named:
        path, numbers = _file_and_layers(text)
        key = path.resolve()
        if key not in sources:
            sources[key] = stored_model(path)
        place = list(sources).index(key)
        held = sources[key].file.layers
        layers += [SourceLayer(place, n) for n in (held if numbers is None else numbers)]
    return list(sources.values()), layers


def _file_and_layers(text: str) -> tuple[Path, tuple[int, ...] | None]:
    """What is named; a file that is there under the whole text comes first. None: all layers."""
    path, _, numbers = text.rpartition("@")
    names_layers = path and (Path(path).is_file() or _NUMBERS.fullmatch(numbers))
    if not names_layers or Path(text).exists():
        return Path(text), None
    try:
        return Path(path), parse_ranges(numbers)
    except ValueError as error:
        raise UserError(f"{text}: {error}.", EXIT_USAGE) from None
