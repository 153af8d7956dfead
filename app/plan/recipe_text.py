"""A recipe read back from its text, as replies keep it."""

from __future__ import annotations

from app.plan.lowering import lower
from app.plan.problem import PlanError, errors
from app.plan.reader import read_plan
from app.plan.recipe import Recipe


def recipe_in(text: str) -> Recipe:
    """The recipe whose `text` this is. Raises PlanError for what is no valid plan."""
    read = read_plan(text)
    wrong = errors(read.problems)
    if wrong or read.plan is None:
        raise PlanError(wrong)
    return lower(read.plan).recipe
