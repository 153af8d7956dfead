"""The rules of a valid plan: everything that is wrong with one, said in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.plan.document import TOKENS, Block, Plan
from app.plan.kinds import kind_of, links_into, n_layers_of
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles, file_order, live_blocks
from app.plan.problem import Problem, errors

MAX_PLAN_LAYERS = 512
"""The most plan layers that the backend runs."""


def check_plan(plan: Plan, n_weight_layers: int | None = None) -> tuple[Problem, ...]:
    """All problems of a plan as the editor holds it; it can run when none is an error.

    With `n_weight_layers`, the weight layers of all its sources together, the layers borrowed
    are checked against them. A block that the output does not need gets notes at most.
    """
    plan = without_muted(plan)
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
    return f"The {kind_of(block).title.lower()}{title}" if title else kind_of(block).unnamed(block)


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
        self._names: dict[str, str] = {}

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
            kind, name = kind_of(block), self._name(id_)
            if id_ in self.live or not self.has_output:
                for port, link in enumerate(kind.links(block)):
                    if link not in self.plan.blocks and link != TOKENS:
                        yield self._unlinked(id_, port)
            for problem in kind.broken_rules(block, name, self.plan, self.n_weight_layers):
                yield self._of(id_, problem)

    def oddities(self) -> Iterator[Problem]:
        """The notes on what is legal and yet perhaps not meant."""
        for id_, block in self.plan.blocks.items():
            for problem in kind_of(block).oddities(block, self._name(id_)):
                yield self._of(id_, problem, note=True)
            if self.has_output and id_ not in self.live:
                yield self._unused(id_, block)

    def _whole(self) -> Iterator[Problem]:
        plan = self.plan
        on_the_way = self.live if plan.output in self.number else plan.blocks
        if not any(kind_of(plan.blocks[id_]).layers(plan.blocks[id_]) for id_ in on_the_way):
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
        judged_ids = self.live | set(self.number)
        n_layers = sum(n_layers_of(b) for i, b in plan.blocks.items() if i in judged_ids)
        if n_layers > MAX_PLAN_LAYERS:
            yield Problem(
                "too-many-layers",
                f"The plan has {n_layers} layers, but the backend runs {MAX_PLAN_LAYERS} at most.",
                f"Remove {n_layers - MAX_PLAN_LAYERS} or more layers from its weight blocks.",
            )

    def _unlinked(self, id_: str, port: int) -> Problem:
        block = self.plan.blocks[id_]
        kind = kind_of(block)
        return self._at(
            id_,
            "missing-input",
            f"{self._name(id_)} has an input that is not linked.",
            f"Its {kind.port_name(block, port)} needs a link from another block or from the token "
            "input" + (", or must be removed." if kind.adds_ports else "."),
        )

    def _unused(self, id_: str, block: Block) -> Problem:
        is_unlinked = any(k != TOKENS and k not in self.plan.blocks for k in links_into(block))
        also = " and has an input that is not linked" if is_unlinked else ""
        return self._at(
            id_,
            "unused",
            f"{self._name(id_)} does not reach the output{also}, so it is not computed.",
            "Link it towards the output, or delete it.",
            note=True,
        )

    def _name(self, id_: str) -> str:
        if id_ not in self._names:
            self._names[id_] = block_name(self.plan, id_, self.number)
        return self._names[id_]

    def _at(self, id_: str, code: str, message: str, fix: str, note: bool = False) -> Problem:
        return self._of(id_, Problem(code, message, fix), note)

    def _of(self, id_: str, problem: Problem, note: bool = False) -> Problem:
        """The problem with the block that it is about."""
        is_needed = id_ in self.live or id_ in self.number or not self.has_output
        return replace(
            problem,
            severity="error" if is_needed and not note else "note",
            block=self.number.get(id_),
            block_id=id_,
        )
