"""Which model files are meant by the names of models in a configuration."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.reader import read_source

_PART = re.compile(r"-\d{5}-of-\d{5}$")
_QUANTISATION = re.compile(r"[-._]?(i?q\d\w*|tq\d\w*|mxfp4\w*|bf16|fp?16|fp?32)$", re.IGNORECASE)


def files_by_name(names: Sequence[str], files: Sequence[ModelFile]) -> list[ModelFile | None]:
    """For each model the file called so, None where there is none; no file stands for two.

    A name such as `organisation/Model-7B@main` means the file `Model-7B.Q4_K_M.gguf`, and any
    whose metadata have that name. A file that is called just so comes before others.
    """
    left = list(files)
    found: list[ModelFile | None] = [None] * len(names)
    for is_meant in (_is_path, _is_stem, _is_word):
        for n, name in enumerate(names):
            file = next((f for f in left if found[n] is None and is_meant(name, f)), None)
            if file is not None:
                left.remove(file)
                found[n] = file
    return found


def files_among(
    names: Sequence[str], known: Sequence[ModelFile], paths: Sequence[Path]
) -> list[ModelFile | None]:
    """As `files_by_name`; where none of the known files is called so, a file among the paths is
    read. Those that cannot be read are passed over."""
    found = files_by_name(names, known)
    left = list(dict.fromkeys(paths))
    for n, name in enumerate(names):
        path = next((p for p in left if found[n] is None and _word(p.name) == _word(name)), None)
        if path is not None:
            left.remove(path)
            with contextlib.suppress(ModelFileError):
                found[n] = read_source(path)
    return found


def file_stem(name: str) -> str:
    """A file's name without its folder, the ending `.gguf` and the number of its part."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    stem = last[: -len(".gguf")] if last.lower().endswith(".gguf") else last
    return _PART.sub("", stem)


def source_names(files: Sequence[ModelFile]) -> list[str]:
    """What a plan calls its files: by their names, with the folder where two have the same."""
    names = [file.path.name for file in files]
    return [
        str(file.path) if names.count(name) > 1 else name
        for file, name in zip(files, names, strict=True)
    ]


def model_name(name: str) -> str:
    """A file's name without what tells how its weights are stored."""
    return _QUANTISATION.sub("", file_stem(name))


def distinct_names(files: Sequence[ModelFile]) -> list[str]:
    """What the models in the files are called, with as much of the files' names as it takes to
    tell them apart."""
    paths = [str(file.path) for file in files]
    for shortened in (model_name, file_stem):
        names = [shortened(path) for path in paths]
        if len(set(names)) == len(names):
            return names
    return paths


def _is_path(name: str, file: ModelFile) -> bool:
    return name == str(file.path)


def _is_stem(name: str, file: ModelFile) -> bool:
    return file_stem(name) == file_stem(file.path.name)


def _is_word(name: str, file: ModelFile) -> bool:
    word = _word(name)
    return word != "" and word in (_word(file.path.name), _word(file.name))


def _word(name: str) -> str:
    """What stays of a name that is written in different ways."""
    return re.sub(r"[\W_]+", "", model_name(name.partition("@")[0])).lower()
