"""One-click fixes as the interface offers them: by their words, for the plan of the moment."""

from __future__ import annotations

from collections.abc import Iterable

from app.plan.fixes import fixes_for
from app.plan.problem import Problem
from app.ui.state.editor import PlanEditor


def fix_labels(editor: PlanEditor, problem: Problem) -> tuple[str, ...]:
    """What can be done about a problem with one click."""
    fixes = fixes_for(problem, editor.plan, editor.n_weight_layers)
    return tuple(fix.label for fix in fixes)


def fix(editor: PlanEditor, problem: Problem, label: str) -> None:
    """Do what `label` says about a problem, if that can still be done."""
    for known in fixes_for(problem, editor.plan, editor.n_weight_layers):
        if known.label == label:
            editor.apply(label, known.after)
            return


def fix_all(editor: PlanEditor, problems: Iterable[Problem]) -> None:
    """Fix, in one step, each of these problems for which there is one way only."""
    plan = editor.plan
    for problem in problems:
        if problem.block_id is None or problem.block_id in plan.blocks:
            ways = fixes_for(problem, plan, editor.n_weight_layers)
            plan = ways[0].after if len(ways) == 1 else plan
    editor.apply("Fix all", plan)
