"""The rules of a valid plan: everything that is wrong with one, said in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from app.plan.document import TOKENS, Block, MergeBlock, Plan, WeightBlock, links_into
from app.plan.muting import heard
from app.plan.ordering import blocks_on_cycles, file_order, live_blocks
from app.plan.problem import Problem, errors

MAX_PLAN_LAYERS = 512
"""The most plan layers that the backend runs."""


def check_plan(plan: Plan, n_weight_layers: int | None = None) -> tuple[Problem, ...]:
    """All problems of a plan as the editor holds it; it can run when none is an error.

    With `n_weight_layers`, the weight layers of all its sources together, the layers borrowed
    are checked against them. A block that the output does not need gets notes at most.
    """
    plan = heard(plan)
    number = {id_: n for n, id_ in enumerate(file_order(plan))}
    return check_numbered(plan, number, live_blocks(plan), n_weight_layers)


def check_numbered(
    plan: Plan,
    number: Mapping[str, int],
    live: frozenset[str],
    n_weight_layers: int | None = None,
) -> tuple[Problem, ...]:
    """As `check_plan`, where the block numbers and the live blocks are known already."""
    check = _Check(plan, number, live, n_weight_layers)
    return (*check.broken_rules(), *check.oddities())


def errors_of(plan: Plan, number: Mapping[str, int]) -> tuple[Problem, ...]:
    """What keeps a plan with these block numbers from running."""
    return errors(_Check(plan, number, live_blocks(plan), None).broken_rules())


def block_name(plan: Plan, id_: str, number: Mapping[str, int]) -> str:
    """The block in a sentence: “Block 3 (“Trunk”)”, or what it is where it has no number."""
    block = plan.blocks[id_]
    title = f" (“{block.title}”)" if block.title else ""
    if id_ in number:
        return f"Block {number[id_]}{title}"
    if isinstance(block, MergeBlock):
        return f"The merge block{title}" if title else "A merge block"
    if title:
        return f"The weight block{title}"
    return f"The weight block on weight layers {layer_range(block)}"


def layer_range(block: WeightBlock) -> str:
    """The weight layers borrowed, in words: “22-29”, or “22” for a single one."""
    last = block.weight_end - 1
    return f"{block.weight_start}-{last}" if last > block.weight_start else f"{block.weight_start}"


class _Check:
    def __init__(
        self,
        plan: Plan,
        number: Mapping[str, int],
        live: frozenset[str],
        n_weight_layers: int | None,
    ) -> None:
        self.plan = plan
        self.number = number
        self.n_weight_layers = n_weight_layers
        self.live = live
        self.has_output = plan.output in plan.blocks

    def broken_rules(self) -> Iterator[Problem]:
        """The errors; notes in their place for blocks that the output does not need."""
        yield from self._whole()
        is_whole = len(self.number) == len(self.plan.blocks)
        for id_ in () if is_whole else blocks_on_cycles(self.plan):
            yield self._at(
                id_,
                "cycle",
                f"{self._name(id_)} depends on its own output.",
                "Remove one of the links that close the loop.",
            )
        for id_, block in self.plan.blocks.items():
            if id_ in self.live or not self.has_output:
                yield from self._links(id_, block)
            if isinstance(block, WeightBlock):
                yield from self._weights(id_, block)
            elif not all(math.isfinite(i.scale) for i in block.inputs):
                yield self._at(
                    id_,
                    "scale-not-finite",
                    f"{self._name(id_)} has a scale that is not a finite number.",
                    "Use a number such as 0.5.",
                )

    def oddities(self) -> Iterator[Problem]:
        """The notes on what is legal and yet perhaps not meant."""
        for id_, block in self.plan.blocks.items():
            if isinstance(block, MergeBlock):
                yield from self._scales(id_, block)
            if self.has_output and id_ not in self.live:
                yield self._unused(id_, block)

    def _whole(self) -> Iterator[Problem]:
        plan = self.plan
        on_the_way = self.live if plan.output in self.number else plan.blocks
        if not any(isinstance(plan.blocks[id_], WeightBlock) for id_ in on_the_way):
            yield Problem(
                "no-weight-block",
                "There is no weight block between the token input and the output, so no layer "
                "would run.",
                "Add a weight block and link it between the token input and the output.",
            )
        if not plan.blocks:
            return
        if not self.has_output:
            yield Problem(
                "no-output",
                "No block feeds the output.",
                "Link the last block to the output.",
            )
        elif not any(TOKENS in links_into(plan.blocks[id_]) for id_ in self.live):
            yield Problem(
                "unreachable",
                "No chain of links leads from the token input to the output.",
                "Link the first block of the chain to the token input (-1 in the file).",
                block=self.number.get(plan.output or ""),
                block_id=plan.output,
            )
        counted = self.live | set(self.number)
        n_layers = sum(
            b.n_layers
            for i, b in plan.blocks.items()
            if i in counted and isinstance(b, WeightBlock)
        )
        if n_layers > MAX_PLAN_LAYERS:
            yield Problem(
                "too-many-layers",
                f"The plan has {n_layers} layers, but the backend runs {MAX_PLAN_LAYERS} at most.",
                f"Remove {n_layers - MAX_PLAN_LAYERS} or more layers from its weight blocks.",
            )

    def _links(self, id_: str, block: Block) -> Iterator[Problem]:
        for port, link in enumerate(links_into(block)):
            if link in self.plan.blocks or link == TOKENS:
                continue
            which = "Its input" if isinstance(block, WeightBlock) else f"Its input {port + 1}"
            yield self._at(
                id_,
                "missing-input",
                f"{self._name(id_)} has an input that is not linked.",
                f"{which} needs a link from another block or from the token input"
                + ("." if isinstance(block, WeightBlock) else ", or must be removed."),
            )
        if isinstance(block, MergeBlock) and len(block.inputs) < 2:
            yield self._at(
                id_,
                "too-few-inputs",
                f"{self._name(id_)} merges fewer than two inputs.",
                "Add an input, or link around the block and delete it.",
            )

    def _weights(self, id_: str, block: WeightBlock) -> Iterator[Problem]:
        n = self.n_weight_layers
        if block.n_layers < 1 or block.weight_start < 0:
            yield self._at(
                id_,
                "weight-range",
                f"{self._name(id_)} has no layers, or starts below weight layer 0.",
                "Give it at least one layer, starting at weight layer 0 or above.",
            )
        elif n is not None and block.weight_end > n:
            owner = "model has" if len(self.plan.sources) < 2 else "plan's sources have"
            yield self._at(
                id_,
                "weight-range",
                f"{self._name(id_)} borrows weight layers {layer_range(block)}, but the {owner} "
                f"only {n} of them, 0 to {n - 1}.",
                f"Choose weight layers below {n}, or open a model that has more layers.",
            )

    def _scales(self, id_: str, block: MergeBlock) -> Iterator[Problem]:
        total = sum(i.scale for i in block.inputs)
        if math.isfinite(total) and abs(total - 1.0) > 1e-6:
            yield self._at(
                id_,
                "scales-sum",
                f"The scales of {_lower_first(self._name(id_))} add up to {total:.6g}, not 1.",
                "That is allowed. Scales that add up to 1 keep the signal at its usual strength.",
                note=True,
            )

    def _unused(self, id_: str, block: Block) -> Problem:
        unlinked = any(k != TOKENS and k not in self.plan.blocks for k in links_into(block))
        also = " and has an input that is not linked" if unlinked else ""
        return self._at(
            id_,
            "unused",
            f"{self._name(id_)} does not reach the output{also}, so it is not computed.",
            "Link it towards the output, or delete it.",
            note=True,
        )

    def _name(self, id_: str) -> str:
        return block_name(self.plan, id_, self.number)

    def _at(self, id_: str, code: str, message: str, fix: str, note: bool = False) -> Problem:
        needed = id_ in self.live or id_ in self.number or not self.has_output
        return Problem(
            code,
            message,
            fix,
            severity="error" if needed and not note else "note",
            block=self.number.get(id_),
            block_id=id_,
        )


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]
