"""`main.py bake`: the ordinary model file that a plan stands for."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from app.commands.errors import EXIT_USAGE, UserError
from app.commands.inputs import paths, sources_and_recipe, text_to_measure
from app.commands.output import print_json
from app.commands.progress import progress_line
from app.commands.running import engine
from app.commands.scoring import difference_record, print_difference, require_sound
from app.engine.measured import PlanDifference
from app.engine.messages import (
    SCORING,
    Bake,
    Baked,
    ComparePlans,
)
from app.memory.amounts import format_bytes
from app.plan.chain import NoChain, chain_of
from app.plan.recipe import Recipe


def bake(options: argparse.Namespace) -> int:
    """Writes the file; a static counterpart is held against the plan."""
    if options.type and not options.static:
        raise UserError(
            "--type is for --static: without it all weights stay as they are stored.", EXIT_USAGE
        )
    models, recipe = sources_and_recipe(options)
    try:
        chain = chain_of(recipe)
    except NoChain as error:
        raise UserError(str(error)) from error
    if not chain.is_exact and not options.static:
        raise UserError(
            f"Block {chain.merges[0]} adds up outputs, which no ordinary model file can do. With "
            "--static the weights are averaged instead, an approximation."
        )
    target = str(Path(options.output).absolute())
    asked = Bake(paths(models), recipe, target, options.type, options.split_max_size)
    text = text_to_measure(options.file)
    measured: PlanDifference | None = None
    with engine() as run, progress_line() as line:
        baked = run(asked, line.on_event)
        assert isinstance(baked, Baked)
        if not baked.is_exact:
            static = Recipe.whole(baked.n_layers)
            compared = ComparePlans(asked.model_paths, recipe, static, text)
            result = run(replace(compared, other_paths=baked.files[:1]), line.on_event)
            assert isinstance(result, PlanDifference)
            measured = result
    if measured is not None:
        require_sound(models, measured, SCORING.n_ctx)
    if options.json:
        told = asdict(baked)
        told["engine_peak_rss_bytes"] = told.pop("peak_rss_bytes")
        told["difference"] = difference_record(measured) if measured is not None else None
        print_json(told)
        return 0
    for file in baked.files:
        print(f"{file}  {format_bytes(Path(file).stat().st_size)}")
    print(_words(baked))
    if measured is not None:
        print_difference(measured)
    return 0


def _words(baked: Baked) -> str:
    if baked.is_exact:
        return (
            f"{baked.n_layers} layers, bit for bit what the plan computes. Any llama.cpp runs it."
        )
    return (
        f"{baked.n_layers} layers, {baked.n_averaged} of them averages: an approximation of the "
        "plan, which any llama.cpp runs. Held against the plan:"
    )
