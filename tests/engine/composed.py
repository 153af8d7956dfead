"""Writes model files out of other files' layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.model_files.writing.compose import SourceLayer, compose, layer_pack
from app.model_files.writing.stored import stored_model
from app.model_files.writing.write import write


def write_composed(layers: Sequence[tuple[Path, int]], out: Path) -> Path:
    """An ordinary model file of these (file, layer) pairs, the rest from the first pair's file."""
    paths = list(dict.fromkeys(path for path, _ in layers))
    sources = [stored_model(path) for path in paths]
    numbered = [SourceLayer(paths.index(path), number) for path, number in layers]
    return write(compose(sources, numbered), out)[0]


def write_baked(source: Path, layers: Sequence[int], out: Path) -> Path:
    """The ordinary model file whose layer i is the source's `layers[i]`."""
    return write_composed([(source, layer) for layer in layers], out)


def write_pack(source: Path, layers: Sequence[int], out: Path) -> Path:
    """A file that holds these layers only, under their own numbers."""
    return write(layer_pack(stored_model(source), layers), out)[0]
