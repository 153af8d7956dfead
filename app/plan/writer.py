"""A plan as layerBlocks text: the document with the editor's data, or strict for any reader."""

from __future__ import annotations

from collections.abc import Sequence

from app.plan.document import TOKENS, Plan
from app.plan.extra_data import (
    annotation_comment,
    block_comment,
    draft_comment,
    header_comment,
)
from app.plan.kinds import kind_of, links_into
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.ordering import file_order, order
from app.plan.recipe import Recipe, RecipeBlock, RecipeMerge, RecipeWeight, total_line


def write_document(plan: Plan) -> str:
    """The whole plan, also an unfinished one; reading the text gives it back.

    Blocks are numbered anew in file order. What a strict file cannot say follows in comments,
    and so do muted blocks: the lines say what is heard.
    """
    active = without_muted(plan)
    in_file = file_order(active)
    id_set = {*in_file}
    everything = (*in_file, *(id_ for id_ in order(plan) if id_ not in id_set))
    number: dict[str | None, int] = {id_: n for n, id_ in enumerate(everything)}
    number[TOKENS] = -1
    lines = [header_comment(plan)] if plan.sources or not plan.blocks else []
    lines += plan.comments
    statements, n_layers = statements_of(active, in_file)
    for id_, statement in zip(in_file, statements, strict=True):
        links = links_into(plan.blocks[id_])
        differs = links != links_into(active.blocks[id_])
        extra = block_comment(plan.blocks[id_], [number.get(k) for k in links] if differs else None)
        lines.append(f"{statement}  {extra}" if extra else statement)
    if in_file:
        lines.append(total_line(n_layers))
    for id_ in everything[len(in_file) :]:
        lines.append(draft_comment(plan.blocks[id_], number, id_ == plan.output))
    lines += [annotation_comment(annotation) for annotation in plan.annotations.values()]
    return "\n".join(lines) + "\n"


def statements_of(plan: Plan, in_file: Sequence[str]) -> tuple[list[str], int]:
    """The statement of each of the blocks, which stand in file order, and their plan layers."""
    number: dict[str | None, int] = {id_: n for n, id_ in enumerate(in_file)}
    number[TOKENS] = -1
    statements = []
    n_layers = 0
    for id_ in in_file:
        block = plan.blocks[id_]
        kind = kind_of(block)
        inputs = [number[link] for link in kind.links(block)]
        statements.append(kind.statement(block, n_layers, inputs))
        n_layers += len(kind.layers(block))
    return statements, n_layers


def write_strict(plan: Plan) -> str:
    """What runs, in the note's own words: no comments, exactly two inputs a merge.

    Drafts are left out. Raises PlanError when the plan is not valid.
    """
    return _in_twos(lower(plan).recipe).text


def _in_twos(recipe: Recipe) -> Recipe:
    """The recipe with each longer merge as a chain of merges of two.

    The backend adds a merge's terms from left to right, so a sum carried on with scale 1 keeps
    every bit of the result.
    """
    blocks: list[RecipeBlock] = []
    number = {-1: -1}
    for old, block in enumerate(recipe.blocks):
        if isinstance(block, RecipeWeight):
            source = number[block.input]
            blocks.append(RecipeWeight(block.start, block.end, block.weight_start, source))
        else:
            first, *others = [(number[source], scale) for source, scale in block.inputs]
            for other in others:
                blocks.append(RecipeMerge((first, other)))
                first = (len(blocks) - 1, 1.0)
        number[old] = len(blocks) - 1
    return Recipe(tuple(blocks))
