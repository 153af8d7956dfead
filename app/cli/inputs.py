"""What the commands are given: model files, plans and texts, read or refused in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.cli.errors import EXIT_USAGE, UserError
from app.cli.output import problem_line
from app.memory.context_settings import SETTINGS, ContextSettings
from app.model_files.model_file import ModelFile
from app.plan.document import Plan
from app.plan.edits import set_scale
from app.plan.files import load
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.ordering import file_order
from app.plan.problem import PlanError, Problem, errors
from app.plan.reader import ReadPlan
from app.plan.recipe import Recipe, Scales


def sources(named: Sequence[str], *plans: str | None) -> tuple[ModelFile, ...]:
    """The model files named, else those that the plans name, else the bundled one.

    Raises UserError where the plans name different files, or one that is not to be found.
    """
    from app.engine.bundled import bundled_model
    from app.model_files.sources import read_sources

    found = [Path(path) for path in named]
    for plan in () if named else plans:
        of_plan = [] if plan is None else _sources_in(plan)
        if found and of_plan and of_plan != found:
            raise UserError(
                "The plans were made for different model files. Choose the ones to use with "
                "--model.",
                EXIT_USAGE,
            )
        found = found or of_plan
    return read_sources(found or [bundled_model()])


def _sources_in(path: str) -> list[Path]:
    """The model files that the plan in a file names, found."""
    from app.engine.bundled import bundled_files
    from app.model_files.finding import find_source

    plan = load_plan(path).plan or Plan()
    found = []
    for name in plan.sources:
        folder = Path(path).resolve().parent
        file = find_source(name, plan.marks.get(name), folder, bundled_files())
        if file is None:
            raise UserError(
                f"{path}: “{name}”, one of the plan's model files, was not found. Put it beside "
                "the plan, or give all its model files with --model.",
                EXIT_USAGE,
            )
        found.append(file)
    return found


def n_weight_layers(models: Sequence[ModelFile]) -> int:
    """How many weight layers a plan over these sources can borrow from."""
    return sum(model.n_layers for model in models)


def paths(models: Sequence[ModelFile]) -> tuple[str, ...]:
    """The sources as the engine, which works in a folder of its own, is told of them."""
    return tuple(str(model.path.absolute()) for model in models)


def whole_model(models: Sequence[ModelFile]) -> Recipe:
    """What runs where no plan is given. Raises UserError for several sources."""
    if len(models) > 1:
        raise UserError(
            "Several model files need a PLAN that says which of their layers run, and in which "
            "order.",
            EXIT_USAGE,
        )
    return Recipe.whole(models[0].n_layers)


def read_plan(
    path: str, n_weight_layers: int | None, scales: Scales = ()
) -> tuple[tuple[Problem, ...], Recipe | None]:
    """All problems of the plan in a file, and the recipe where it has no errors.

    Raises UserError where one of the scales to set cannot be set.
    """
    read = load_plan(path, n_weight_layers)
    if read.plan is None or errors(read.problems):
        return read.problems, None
    plan = _with_scales(read.plan, scales)
    try:
        return read.problems, lower(plan).recipe
    except PlanError as error:
        return (*read.problems, *error.problems), None


def _with_scales(plan: Plan, scales: Scales) -> Plan:
    block_ids = file_order(without_muted(plan))
    for block, index, scale in scales:
        if not 0 <= block < len(block_ids):
            last = len(block_ids) - 1
            raise UserError(f"--scale: There is no block {block}, only 0 to {last}.", EXIT_USAGE)
        try:
            plan = set_scale(plan, block_ids[block], index, scale)
        except PlanError as error:
            raise UserError(f"--scale: {error}", EXIT_USAGE) from error
    return plan


def load_plan(path: str, n_weight_layers: int | None = None) -> ReadPlan:
    """The plan in a file and its problems. Raises UserError where it cannot be read."""
    try:
        return load(path, n_weight_layers)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.", EXIT_USAGE) from error


def sources_and_recipe(
    options: argparse.Namespace, scales: Scales = ()
) -> tuple[tuple[ModelFile, ...], Recipe]:
    """What to run, with these scales set. Raises UserError with the first problems of a plan that
    can't."""
    models = sources(options.model, options.plan)
    if options.plan is None:
        if scales:
            raise UserError("--scale: Without a plan there are no scales to set.", EXIT_USAGE)
        return models, whole_model(models)
    return models, read_recipe(options.plan, models, scales)


def read_recipe(path: str, models: Sequence[ModelFile], scales: Scales = ()) -> Recipe:
    """The recipe of the plan in a file. Raises UserError with the first problems of one that can't
    run."""
    problems, recipe = read_plan(path, n_weight_layers(models), scales)
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

    reason = why_not_kv_type(models, options.kv_type, options.flash_attention)
    if reason is not None:
        raise UserError(reason, EXIT_USAGE)
    values = {name: getattr(options, name) for name in SETTINGS}
    if values["n_ctx"] is None:
        values["n_ctx"] = min(options.default_ctx, models[0].n_ctx_train or options.default_ctx)
    return ContextSettings(**values)
