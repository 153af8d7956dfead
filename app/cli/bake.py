"""`main.py bake`: the ordinary model file that a plan stands for."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from app.cli.errors import EXIT_USAGE, UserError
from app.cli.inputs import paths, sources_and_recipe, text_to_measure
from app.cli.output import print_json
from app.cli.progress import progress_line
from app.engine.baking.writing import baked
from app.engine.measuring.results import PlanDifference
from app.engine.messages import SCORING, Bake, Baked, ComparePlans, Progress
from app.memory.amounts import format_bytes
from app.plan.chain import NoChain, chain_of
from app.plan.recipe import Recipe


def bake(options: argparse.Namespace) -> int:
    """Writes the file; a static counterpart is held against the plan."""
    if options.type and not options.static:
        raise UserError(
            "--type needs --static: without it all weights stay as they are stored.", EXIT_USAGE
        )
    models, recipe = sources_and_recipe(options)
    try:
        chain = chain_of(recipe)
    except NoChain as error:
        raise UserError(str(error)) from error
    if not chain.is_exact and not options.static:
        raise UserError(
            f"Block {chain.merges[0]} merges outputs, which an ordinary model file cannot do. "
            "With --static the weights are averaged instead; that is an approximation."
        )
    target = str(Path(options.output).absolute())
    asked = Bake(paths(models), recipe, target, options.type, options.split_max_size)
    if chain.is_exact:
        _say(options, _copied(asked))
        return 0
    from app.cli.scoring import difference_record, print_difference, require_sound

    written, measured = _averaged(asked, text_to_measure(options.file))
    require_sound(models, measured, SCORING.n_ctx)
    _say(options, written, difference_record(measured))
    if not options.json:
        print_difference(measured)
    return 0


def _say(
    options: argparse.Namespace, written: Baked, difference: dict[str, object] | None = None
) -> None:
    if options.json:
        print_json(
            {
                "files": written.files,
                "bytes": written.n_bytes,
                "n_layers": written.n_layers,
                "n_averaged": written.n_averaged,
                "is_exact": written.is_exact,
                "peak_rss_bytes": written.peak_rss_bytes,
                "difference": difference,
            }
        )
        return
    for file in written.files:
        print(f"{file}  {format_bytes(Path(file).stat().st_size)}")
    print(_words(written, options.type))


def _copied(asked: Bake) -> Baked:
    """Written by this process: nothing has to be computed."""
    with progress_line() as line:

        def on_progress(progress: Progress) -> bool:
            line.on_event(progress)
            return True

        return baked(asked, None, on_progress)


def _averaged(asked: Bake, text: str) -> tuple[Baked, PlanDifference]:
    """Written by an engine, and held against the plan."""
    from app.cli.running import engine

    with engine() as run, progress_line() as line:
        written = run(asked, line.on_event)
        assert isinstance(written, Baked)
        static = Recipe.whole(written.n_layers)
        compared = ComparePlans(asked.model_paths, asked.recipe, static, text)
        measured = run(replace(compared, other_paths=written.files[:1]), line.on_event)
        assert isinstance(measured, PlanDifference)
        return written, measured


def _words(written: Baked, type_name: str | None) -> str:
    layers = "1 layer" if written.n_layers == 1 else f"{written.n_layers} layers"
    if written.is_exact:
        kept = f" Nothing was averaged, so --type {type_name} had no effect." if type_name else ""
        return f"{layers}, bit-identical to the plan. Any llama.cpp can run it.{kept}"
    return (
        f"{layers}, {written.n_averaged} of them averages: an approximation of the plan, which "
        "any llama.cpp can run. Compared with the plan:"
    )
