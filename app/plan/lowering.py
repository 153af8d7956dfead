"""From a plan of linked blocks to the numbered recipe that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.plan.checks import errors_of
from app.plan.document import TOKENS, Plan
from app.plan.kinds import kind_of
from app.plan.muting import heard
from app.plan.ordering import file_order
from app.plan.problem import PlanError
from app.plan.recipe import Recipe, RecipeBlock, RecipeWeight


@dataclass(frozen=True)
class Lowered:
    """A recipe and the blocks of the plan that it runs, in file order.

    A block runs as one recipe block or as several that follow each other; `outputs` has the number
    of the last one, which gives its output.
    """

    recipe: Recipe
    block_ids: tuple[str, ...]
    outputs: tuple[int, ...]

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The file's number of each block; blocks that the file cannot say have none."""
        return {id_: n for n, id_ in enumerate(self.block_ids)}

    def recipe_blocks(self, id_: str) -> range:
        """The numbers of the recipe blocks that a block runs as; KeyError without number."""
        n = self.number[id_]
        return range(self.outputs[n - 1] + 1 if n else 0, self.outputs[n] + 1)

    def plan_layers(self, id_: str) -> tuple[int, int]:
        """The plan layers `[start, end)` of a block, empty for a merge; KeyError without number."""
        blocks = [self.recipe.blocks[n] for n in self.recipe_blocks(id_)]
        layers = [(b.start, b.end) for b in blocks if isinstance(b, RecipeWeight)]
        return (layers[0][0], layers[-1][1]) if layers else (0, 0)


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
    output: dict[str | None, int] = {TOKENS: -1}
    blocks: list[RecipeBlock] = []
    file_numbers: list[int] = []
    n_layers = 0
    for n, id_ in enumerate(block_ids):
        block = plan.blocks[id_]
        kind = kind_of(block)
        inputs = [output[link] for link in kind.links(block)]
        blocks += kind.lower(block, n_layers, inputs, len(blocks))
        n_layers += len(kind.layers(block))
        output[id_] = len(blocks) - 1
        file_numbers += [n] * (len(blocks) - len(file_numbers))
    is_one_to_one = len(blocks) == len(block_ids)
    recipe = Recipe(tuple(blocks), () if is_one_to_one else tuple(file_numbers))
    return Lowered(recipe, block_ids, tuple([output[id_] for id_ in block_ids]))
