"""Texts to import, told apart by what they hold: mergekit's YAML, a list of layers, layerBlocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.model_files.exchange.imported import plan_of
from app.model_files.exchange.mergekit_reader import read_mergekit
from app.model_files.exchange.model_names import source_names
from app.model_files.exchange.path_list import is_path_list, read_path_list
from app.model_files.exchange.stack import model_names
from app.model_files.exchange.yaml_text import MAX_TEXT_BYTES
from app.model_files.model_file import ModelFile
from app.plan.files import plan_in, text_in
from app.plan.reader import ReadPlan

Kind = Literal["mergekit", "paths", "layerBlocks"]
FilesFor = Callable[[Sequence[str]], Sequence[ModelFile | None]]
"""The files of the models with these names, None for those that are not at hand."""

_NOR = (
    "It is not mergekit's YAML (merge_method with slices or models) or a list of layers such as "
    "0..14,12..39 either."
)
_MERGEKIT_KEY = re.compile(r"""^[ \t{"'-]*(merge_method|slices|models|modules)["']?\s*:""", re.M)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a text was taken for, and the plan read from it.

    `files` are those of the plan's sources as far as they are at hand, for kinds that name none.
    """

    kind: Kind
    read: ReadPlan
    files: Sequence[ModelFile | None] = ()


def kind_of(content: bytes) -> Kind:
    """What the content of a file is taken for; layerBlocks unless it is plainly something else."""
    text = "" if content.startswith(b"GGUF") else text_in(content[: MAX_TEXT_BYTES + 1])
    if len(content) <= MAX_TEXT_BYTES and is_path_list(text):
        return "paths"
    return "mergekit" if _MERGEKIT_KEY.search(text) else "layerBlocks"


def import_plan(content: bytes, open_files: Sequence[ModelFile], files_for: FilesFor) -> Imported:
    """The plan in the content of a file, of whatever kind, and all problems of it.

    `open_files` are the model files that a list of layers counts through; they may be none.
    """
    n_layers = sum(file.n_layers for file in open_files) or None
    kind = kind_of(content)
    if kind == "paths":
        names = tuple(source_names(open_files))
        return Imported(kind, read_path_list(text_in(content), names, n_layers), open_files)
    if kind == "mergekit":
        config = read_mergekit(text_in(content))
        files = files_for(model_names(config.slices))
        return Imported(kind, plan_of(config, files), files)
    read = plan_in(content, n_layers)
    if read.plan is None and not content.startswith(b"GGUF"):
        read = replace(read, problems=tuple(replace(p, fix=_NOR) for p in read.problems))
    return Imported(kind, read)
