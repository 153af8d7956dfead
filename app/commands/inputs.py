"""What the commands are given: model files, plans and texts, read or refused in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.commands.errors import EXIT_USAGE, UserError
from app.commands.output import problem_line
from app.engine.messages import ContextSettings
from app.model_files.model_file import ModelFile
from app.plan.files import load
from app.plan.lowering import lower
from app.plan.problem import PlanError, Problem, errors
from app.plan.recipe import Recipe


def sources(named: Sequence[str]) -> tuple[ModelFile, ...]:
    """The model files named, else the bundled one."""
    from app.engine.bundled import bundled_model
    from app.model_files.sources import read_sources

    return read_sources([Path(path) for path in named] or [bundled_model()])


def n_weight_layers(models: Sequence[ModelFile]) -> int:
    """How many weight layers a plan over these sources can borrow from."""
    return sum(model.n_layers for model in models)


def paths(models: Sequence[ModelFile]) -> tuple[str, ...]:
    """The sources as the engine is told of them."""
    return tuple(str(model.path) for model in models)


def whole_model(models: Sequence[ModelFile]) -> Recipe:
    """What runs where no plan is given. Raises UserError for several sources."""
    if len(models) > 1:
        raise UserError(
            "Several model files need a PLAN that says which of their layers run and in which "
            "order.",
            EXIT_USAGE,
        )
    return Recipe.whole(models[0].n_layers)


def read_plan(path: str, n_weight_layers: int | None) -> tuple[tuple[Problem, ...], Recipe | None]:
    """All problems of the plan in a file, and the recipe where it has no errors."""
    try:
        read = load(path, n_weight_layers)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.", EXIT_USAGE) from error
    if read.plan is None or errors(read.problems):
        return read.problems, None
    try:
        return read.problems, lower(read.plan).recipe
    except PlanError as error:
        return (*read.problems, *error.problems), None


def sources_and_recipe(
    options: argparse.Namespace,
) -> tuple[tuple[ModelFile, ...], Recipe]:
    """What to run. Raises UserError with the first problems of a plan that can't."""
    models = sources(options.model)
    if options.plan is None:
        return models, whole_model(models)
    return models, read_recipe(options.plan, models)


def read_recipe(path: str, models: Sequence[ModelFile]) -> Recipe:
    """The recipe of the plan in a file. Raises UserError with the first problems of one that can't
    run."""
    problems, recipe = read_plan(path, n_weight_layers(models))
    if recipe is None:
        wrong = errors(problems)
        more = f"\n… and {len(wrong) - 1} more: main.py check {path}" if wrong[1:] else ""
        raise UserError(problem_line(path, wrong[0]) + more)
    return recipe


def text_to_measure(path: str | None) -> str:
    """The text in a file, else the bundled one. Raises TextError."""
    from app.fit.texts import calibration_text, read_text

    return calibration_text() if path is None else read_text(Path(path))


def context_settings(options: argparse.Namespace, models: Sequence[ModelFile]) -> ContextSettings:
    """How the context is made. Raises UserError for a KV cache that the sources do not allow."""
    from app.memory.kv_types import why_not_kv_type

    reason = why_not_kv_type(models, options.kv_type, options.flash_attn)
    if reason is not None:
        raise UserError(reason, EXIT_USAGE)
    n_ctx = options.ctx or min(options.default_ctx, models[0].n_ctx_train or options.default_ctx)
    return ContextSettings(
        n_ctx,
        options.threads,
        options.kv_type,
        options.flash_attn,
        options.batch,
        options.use_mmap,
    )
