"""`main.py check`: what is wrong with a plan."""

from __future__ import annotations

import argparse

from app.cli.errors import EXIT_PROBLEMS
from app.cli.inputs import n_weight_layers, read_plan, sources, whole_model
from app.cli.output import print_json, problem_line, problem_record
from app.plan.problem import Problem, errors
from app.plan.recipe import Recipe


def check(options: argparse.Namespace) -> int:
    """Says what is wrong with a plan."""
    if options.plan is None:
        problems: tuple[Problem, ...] = ()
        recipe: Recipe | None = whole_model(sources(options.model))
    else:
        n_layers = n_weight_layers(sources(options.model)) if options.model else None
        problems, recipe = read_plan(options.plan, n_layers)
    wrong = errors(problems)
    if options.json:
        print_json(
            {
                "ok": not wrong,
                "problems": [problem_record(p) for p in wrong],
                "n_plan_layers": recipe.n_plan_layers if recipe else None,
                "weight_layers": list(recipe.weight_layers) if recipe else None,
                "notes": [problem_record(p) for p in problems if p not in wrong],
            }
        )
        return EXIT_PROBLEMS if wrong else 0
    for problem in problems:
        print(problem_line(options.plan, problem))
    if recipe and not wrong:
        n_weights = len(recipe.weight_layers)
        print(f"Valid: {recipe.n_plan_layers} plan layers on {n_weights} weight layers.")
    return EXIT_PROBLEMS if wrong else 0
