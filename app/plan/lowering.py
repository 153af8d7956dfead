"""From a plan of linked blocks to the numbered recipe that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.plan.checks import errors_of
from app.plan.document import TOKENS, Plan, WeightBlock
from app.plan.muting import heard
from app.plan.ordering import file_order, order
from app.plan.problem import PlanError
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight

__all__ = ["Lowered", "lower", "lower_blocks", "order"]


@dataclass(frozen=True)
class Lowered:
    """A recipe and which block of the plan each of its numbers stands for."""

    recipe: Recipe
    block_ids: tuple[str, ...]

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The number of each block; blocks that the file cannot say have none."""
        return {id_: n for n, id_ in enumerate(self.block_ids)}

    def plan_layers(self, id_: str) -> tuple[int, int]:
        """The plan layers `[start, end)` of a block, empty for a merge; KeyError without number."""
        block = self.recipe.blocks[self.number[id_]]
        return (block.start, block.end) if isinstance(block, RecipeWeight) else (0, 0)


def lower(plan: Plan) -> Lowered:
    """The plan as it runs. Raises PlanError with all errors when it is not valid.

    Blocks that lack an input or come after the output are left out; unused blocks that the file
    can say keep their numbers, though the backend does not compute them.
    """
    plan = heard(plan)
    block_ids = file_order(plan)
    wrong = errors_of(plan, {id_: n for n, id_ in enumerate(block_ids)})
    if wrong:
        raise PlanError(wrong)
    return lower_blocks(plan, block_ids)


def lower_blocks(plan: Plan, block_ids: tuple[str, ...]) -> Lowered:
    """The numbered blocks of a plan in file order, without a check of the rules."""
    number = {TOKENS: -1}
    blocks: list[RecipeBlock] = []
    n_layers = 0
    for id_ in block_ids:
        block = plan.blocks[id_]
        if isinstance(block, WeightBlock):
            end = n_layers + block.n_layers
            source = number[block.input or ""]
            blocks.append(RecipeWeight(n_layers, end, block.weight_start, source))
            n_layers = end
        else:
            pairs = tuple((number[i.block or ""], i.scale) for i in block.inputs)
            blocks.append(RecipeMerge(pairs))
        number[id_] = len(number) - 1
    return Lowered(Recipe(tuple(blocks)), block_ids)
