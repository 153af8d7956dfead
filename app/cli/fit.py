"""`main.py fit`: the plan of least loss within a memory budget."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence

from app.cli.errors import UserError
from app.cli.inputs import context_settings, sources_and_recipe, text_to_measure
from app.cli.output import print_json
from app.cli.progress import ProgressLine, progress_line
from app.cli.running import Runner, engine
from app.fit.fit import FitResult, FitTask, fit
from app.fit.scores import FitProgress
from app.memory.amounts import format_bytes
from app.plan.files import save


def fit_into_memory(options: argparse.Namespace) -> int:
    """Finds the layers to leave out, and writes the plan without them."""
    models, recipe = sources_and_recipe(options)
    task = FitTask(
        models,
        recipe,
        options.budget,
        text_to_measure(options.file),
        options.method,
        context_settings(options, models),
        options.allow_kv_type,
        options.min_ctx,
    )
    with engine() as run, engine() as estimator, progress_line() as line:
        result = asyncio.run(_search(task, run, estimator, line))
    if options.output is not None:
        try:
            save(options.output, result.recipe.text)
        except OSError as error:
            raise UserError(f"{options.output}: {error.strerror}.") from error
    if options.json:
        print_json(_record(result))
    else:
        _print_table(result, options.budget)
    if options.output is None and not options.json:
        print(f"\n{result.recipe.text}", end="")
    return 130 if result.was_stopped else 0


async def _search(task: FitTask, run: Runner, estimator: Runner, line: ProgressLine) -> FitResult:
    """Ctrl-C ends the search with the best plan so far, where there is one."""

    def tell(progress: FitProgress) -> None:
        tried = f" (plan {progress.n_tried + 1})" if progress.n_tried else ""
        line.show(
            progress.phase + tried, progress.fraction, progress.tokens_per_s, progress.seconds_left
        )

    with contextlib.suppress(NotImplementedError):  # on Windows Ctrl-C ends the command
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, run.cancel)
    return await fit(task, run.awaited, estimator.awaited, tell)


def _print_table(result: FitResult, budget_bytes: int) -> None:
    print(f"{'Memory':>10}  {'Perplexity':>10}  Layers left out")
    for point in result.points:
        mark = " <- this plan" if point == result.found else ""
        print(
            f"{format_bytes(point.memory_bytes):>10}  {point.perplexity:10.2f}  "
            f"{_listed(point.left_out)}{mark}"
        )
    found, settings = result.found, result.settings
    print(
        f"Fits into {format_bytes(budget_bytes)} with {format_bytes(found.memory_bytes)}: "
        f"{settings.n_ctx} tokens of context, KV cache in {settings.kv_type}."
    )
    print(f"{result.n_tried} plans tried, {result.tried_per_minute:.1f} a minute.")


def _listed(layers: Sequence[int]) -> str:
    return ", ".join(map(str, layers)) or "none"


def _record(result: FitResult) -> dict[str, object]:
    return {
        "left_out": list(result.found.left_out),
        "memory_bytes": result.found.memory_bytes,
        "perplexity": result.found.perplexity,
        "n_ctx": result.settings.n_ctx,
        "kv_type": result.settings.kv_type,
        "plan": result.recipe.text,
        "points": [
            {
                "left_out": list(point.left_out),
                "memory_bytes": point.memory_bytes,
                "perplexity": point.perplexity,
            }
            for point in result.points
        ],
        "n_tried": result.n_tried,
        "tried_per_minute": result.tried_per_minute,
        "was_stopped": result.was_stopped,
    }
