"""`main.py perplexity`, `difference`, `influence`: what plans and layers do to a text."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from app.cli.inputs import (
    context_settings,
    paths,
    read_recipe,
    sources,
    sources_and_recipe,
    text_to_measure,
)
from app.cli.output import print_json
from app.cli.progress import progress_line
from app.cli.running import engine
from app.engine.measuring.results import Influence, Perplexity, PlanDifference
from app.engine.messages import SCORING, ComparePlans, EvaluatePerplexity
from app.fit.measuring import influence_of, require_unchanged
from app.model_files.model_file import ModelFile


def perplexity(options: argparse.Namespace) -> int:
    """Measures how well a plan predicts a text."""
    models, recipe = sources_and_recipe(options)
    text = text_to_measure(options.file)
    settings = context_settings(options, models)
    with engine() as run, progress_line() as line:
        result = run(EvaluatePerplexity(paths(models), recipe, text, settings), line.on_event)
    assert isinstance(result, Perplexity)
    require_sound(models, result, settings.n_ctx)
    if options.json:
        print_json(
            {"nll": result.nll, "perplexity": result.perplexity, "n_tokens": result.n_tokens}
        )
    else:
        print(
            f"Perplexity {result.perplexity:.4f} (nll {result.nll:.6f}, {result.n_tokens} tokens)"
        )
    return 0


def difference(options: argparse.Namespace) -> int:
    """Measures how differently two plans predict a text."""
    models = sources(options.model, options.plan, options.other)
    recipe, other = (read_recipe(plan, models) for plan in (options.plan, options.other))
    text = text_to_measure(options.file)
    settings = context_settings(options, models)
    with engine() as run, progress_line() as line:
        result = run(ComparePlans(paths(models), recipe, other, text, settings), line.on_event)
    assert isinstance(result, PlanDifference)
    require_sound(models, result, settings.n_ctx)
    if options.json:
        print_json(difference_record(result))
    else:
        print_difference(result)
    return 0


def difference_record(result: PlanDifference) -> dict[str, object]:
    """A difference in JSON."""
    return {
        "kl": result.kl,
        "top1_agreement": result.top1_agreement,
        "perplexity": result.perplexity,
        "other_perplexity": result.other_perplexity,
        "n_tokens": result.n_tokens,
    }


def print_difference(result: PlanDifference) -> None:
    """Prints a difference in three lines."""
    print(f"Mean KL divergence {result.kl:.6f} nats ({result.n_tokens} tokens)")
    print(f"Same top token        {result.top1_agreement:.2%}".replace("%", " %"))
    print(f"Perplexity {result.perplexity:.4f} and {result.other_perplexity:.4f}")


def influence(options: argparse.Namespace) -> int:
    """Measures how much each weight layer changes what passes through it."""
    models = sources(options.model)
    text = text_to_measure(options.file)
    with engine() as run, progress_line() as line:
        measured = asyncio.run(influence_of(models, text, run.awaited, line.on_event))
    require_sound(models, measured, SCORING.n_ctx)
    if options.json:
        print_json({"influence": list(measured.values), "n_tokens": measured.n_tokens})
        return 0
    longest = max(measured.values)
    for layer, value in enumerate(measured.values):
        bar = "█" * round(40 * value / longest) if longest else ""
        print(f"{layer:4} {value:8.4f} {bar}".rstrip())
    return 0


def require_sound(
    models: Sequence[ModelFile], result: Perplexity | PlanDifference | Influence, n_ctx: int
) -> None:
    """Says what the figures are worth where the text is short. Raises FileChanged where they are
    worth nothing."""
    require_unchanged(models)
    if result.is_short:
        print(
            f"main.py: note: the text is shorter than the context of {n_ctx} tokens, so it was "
            "read in one piece; a longer text gives a better measurement.",
            file=sys.stderr,
        )
