"""What baking a plan will give, said before anything is written. Nothing of Qt is here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.memory.amounts import format_bytes
from app.model_files.baking import bake
from app.model_files.errors import ModelFileError
from app.model_files.model_file import ModelFile
from app.model_files.writing.stored import stored_model
from app.plan.chain import Chain, NoChain
from app.plan.recipe import Recipe

_CANNOT = "This plan can't be baked"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`kind` names what the file will be, `reason` says why, or why there is none; `size` how
    large."""

    kind: str
    reason: str
    size: str = ""
    can_be_baked: bool = False
    is_exact: bool = False


def outlook(
    files: Sequence[ModelFile], recipe: Recipe, type_name: str | None, folder: Path
) -> Outlook:
    """What a file in this folder would be; reads the sources' headers and samples of them."""
    if not files:
        return Outlook(_CANNOT, "Some of its model files are missing.")
    try:
        baking = bake([stored_model(file.path) for file in files], recipe, type_name)
    except (NoChain, ModelFileError) as error:
        return cannot(error)
    size = f"{_layers(len(baking.chain.layers))}, {format_bytes(baking.n_bytes)}"
    try:
        free_bytes = shutil.disk_usage(folder).free
    except OSError:
        size += f". There is no folder “{folder}”."
    else:
        size += f"; {format_bytes(free_bytes)} are free on the disk"
        size += "." if free_bytes > baking.n_bytes else ", which is not enough."
    exact = baking.chain.is_exact
    kind = "Exact" if exact else "An approximation"
    return Outlook(kind, _reason(baking.chain), size, True, exact)


def cannot(error: Exception) -> Outlook:
    """That there can be no file, with the error's sentence."""
    return Outlook(_CANNOT, str(error))


def _reason(chain: Chain) -> str:
    if chain.is_exact:
        return "The plan merges nothing, so the file is bit-identical to it."
    one, n = len(chain.merges) == 1, chain.n_averaged
    merges = ", ".join(map(str, chain.merges))
    averaged = (
        f"the weights of {_layers(n)} are averaged instead, at the current scales."
        if n
        else "at the current scales only one branch is left, and its layers are copied."
    )
    return (
        f"An ordinary file cannot merge outputs as block{'' if one else 's'} {merges} "
        f"{'does' if one else 'do'}, so {averaged}"
    )


def _layers(n: int) -> str:
    return f"{n} layer" if n == 1 else f"{n} layers"
