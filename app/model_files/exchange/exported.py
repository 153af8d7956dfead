"""Plans that merge nothing, written as a list of layers or as a passthrough configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from app.model_files.exchange.model_names import distinct_names, model_name
from app.model_files.exchange.path_list import path_text
from app.model_files.model_file import ModelFile, weight_layers_of
from app.plan.chain import NoChain, chain_of
from app.plan.document import Plan
from app.plan.layer_ranges import runs
from app.plan.lowering import lower
from app.plan.problem import PlanError, Problem

_HEAD = """\
# A plan of Llama Blocks. Replace each name by the folder or repository of that model, as it was
# before the conversion to GGUF.
"""
_OTHER_HEAD = """\
# mergekit takes output norm and head from the last slice's model, the plan from its first source.
"""

Run = tuple[str, int, int]
"""A model, and the first layer and one past the last of those that follow each other in it."""


def write_paths(plan: Plan) -> str:
    """The weight layers that run, as a list.

    Raises PlanError where the plan is not valid or more than one chain.
    """
    return path_text(_chain(plan, "a list of layers"))


def write_mergekit(plan: Plan, files: Sequence[ModelFile]) -> str:
    """The plan as `merge_method: passthrough`; models are called as their files are.

    Without `files`, all weight layers are taken for those of the plan's only source. Raises
    PlanError where the plan is not valid, more than one chain, or borrows what no file holds.
    """
    slices = _slices(plan, files, _chain(plan, "a passthrough configuration"))
    text = _HEAD + (_OTHER_HEAD if slices[-1][0] != slices[0][0] else "")
    text += "merge_method: passthrough\nslices:\n"
    for model, start, end in slices:
        name = json.dumps(model, ensure_ascii=not model.isprintable())
        text += f"- sources:\n  - model: {name}\n    layer_range: [{start}, {end}]\n"
    return text


def _chain(plan: Plan, what: str) -> list[int]:
    """The weight layers in the order in which they run."""
    lowered = lower(plan)
    try:
        chain = chain_of(lowered.recipe)
        number = next(iter(chain.merges), None)
    except NoChain as error:
        number = error.block
    if number is not None:
        title = plan.blocks[lowered.block_ids[number]].title
        name = f"Block {number}" + (f" (“{title}”)" if title else "")
        problem = Problem(
            "merges",
            f"{name} merges outputs, which {what} cannot express.",
            "Mute it to export one of its branches, or export the plan as layerBlocks.txt.",
            block=number,
            block_id=lowered.block_ids[number],
        )
        raise PlanError([problem])
    return [layer for shares in chain.layers for layer in shares]


def _slices(plan: Plan, files: Sequence[ModelFile], layers: Sequence[int]) -> list[Run]:
    held = weight_layers_of(files)
    if not files and len(plan.sources) != 1:
        raise _refusal(
            "The models' names and layer numbers come from the plan's model files, and there "
            "are none.",
            "Give each with --model, in order; in the window, open them as sources.",
        )
    if files and max(layers) >= len(held):
        raise _refusal(
            f"The plan borrows weight layer {max(layers)}, but its sources have only 0 to "
            f"{len(held) - 1}.",
            "Give all the model files that it was made for, in order.",
        )
    names = distinct_names(files) or [model_name(plan.sources[0])]
    if files:
        places = [held[layer] for layer in layers]
        named = [(names[at.source], files[at.source].layers[at.index]) for at in places]
    else:
        named = [(names[0], layer) for layer in layers]
    return [
        (name, run.start, run.stop)
        for name, group in groupby(named, key=lambda pair: pair[0])
        for run in runs(number for _, number in group)
    ]


def _refusal(message: str, fix: str) -> PlanError:
    return PlanError([Problem("sources", message, fix)])
