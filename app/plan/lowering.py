"""From a plan of linked blocks to the numbered recipe that runs."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from app.plan.checks import errors_of
from app.plan.document import TOKENS, Plan
from app.plan.kinds import kind_of
from app.plan.muting import without_muted
from app.plan.ordering import file_order
from app.plan.problem import PlanError
from app.plan.recipe import Recipe, RecipeBlock


@dataclass(frozen=True, slots=True)
class Lowered:
    """A recipe and the blocks of the plan that it runs, in file order.

    Each of them runs as one recipe block, or as several that follow each other.
    """

    recipe: Recipe
    block_ids: tuple[str, ...]


def lower(plan: Plan) -> Lowered:
    """The plan as it runs. Raises PlanError with all errors when it is not valid.

    Blocks that lack an input or come after the output are left out; unused blocks that the file
    can say keep their numbers, though the backend does not compute them.
    """
    plan = without_muted(plan)
    block_ids = file_order(plan)
    wrong = errors_of(plan, {id_: n for n, id_ in enumerate(block_ids)})
    if wrong:
        raise PlanError(wrong)
    return lower_blocks(plan, block_ids)


def lower_blocks(plan: Plan, block_ids: tuple[str, ...]) -> Lowered:
    """The numbered blocks of a plan in file order, without a check of the rules."""
    output: dict[str | None, int] = {TOKENS: -1}
    blocks: list[RecipeBlock] = []
    n_layers = 0
    for id_ in block_ids:
        block = plan.blocks[id_]
        kind = kind_of(block)
        inputs = [output[link] for link in kind.links(block)]
        blocks += kind.lower(block, n_layers, inputs, len(blocks))
        n_layers += len(kind.layers(block))
        output[id_] = len(blocks) - 1
    if len(blocks) == len(block_ids):
        return Lowered(Recipe(tuple(blocks)), block_ids)
    ends = [output[id_] for id_ in block_ids]
    file_numbers = tuple([bisect_left(ends, n) for n in range(len(blocks))])
    return Lowered(Recipe(tuple(blocks), file_numbers), block_ids)
