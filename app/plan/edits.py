"""What a user can do to a plan: one pure function for each intent, from a plan to a plan."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from types import MappingProxyType

from app.plan import scales
from app.plan.document import (
    POSITION_LIMIT,
    TOKENS,
    Block,
    Plan,
    WeightBlock,
)
from app.plan.kinds import kind_of, links_into, with_links
from app.plan.ordering import descendants
from app.plan.problem import PlanError, Problem


def whole_model(n_layers: int, source: str | None = None) -> Plan:
    """A plan of one block over all layers of a model: what runs without any plan."""
    plan = Plan(sources=() if source is None else (source,))
    plan = add_block(plan, WeightBlock("b0", 0, n_layers, TOKENS))
    return connect_output(plan, "b0")


def new_id(plan: Plan) -> str:
    """An id that no block of the plan has."""
    return next(new_ids(plan))


def new_ids(plan: Plan) -> Iterator[str]:
    """Ids that no block of the plan has, as many as are asked for."""
    return unused_ids("b", plan.blocks)


def unused_ids(letter: str, ids: Iterable[str]) -> Iterator[str]:
    """Ids of a letter and a number, counted on from the highest number among `ids`."""
    suffixes = (i.removeprefix(letter) for i in ids if i.startswith(letter))
    numbers = [int(n) for n in suffixes if n.isascii() and n.isdigit() and len(n) < 10]
    return (f"{letter}{n}" for n in count(max(numbers, default=-1) + 1))


def add_block(plan: Plan, block: Block) -> Plan:
    """The plan with one block more. Raises PlanError for a used id or what no plan may hold."""
    if block.id in plan.blocks or block.id == TOKENS:
        raise _refusal("id-taken", f"There is already a block “{block.id}”.", "Use a new id.", None)
    for link in links_into(block):
        if link is not None and link != TOKENS and link not in plan.blocks:
            raise _refusal(
                "missing-input", f"There is no block “{link}” to link from.", "Add it first.", None
            )
    _require_valid(block)
    if block.position is not None:
        block = replace(block, position=_tidy(block.id, block.position))
    return plan.with_blocks(replace(block, title=_one_line(block.title)))


def remove(plan: Plan, ids: Collection[str], heal: bool = False) -> Plan:
    """The plan without these blocks; what they fed is unlinked.

    With `heal` the chain goes on as if they had not been there: whatever a removed block fed is
    fed by the first block or token input that led into it.
    """
    ids_out = set(ids) & set(plan.blocks)

    sources: dict[str, str | None] = {}

    def next_source(link: str | None) -> str | None:
        trail = []
        while link is not None and link in ids_out:
            if link in sources:
                link = sources[link]
                break
            sources[link] = None
            trail.append(link)
            sources_of = (k for k in links_into(plan.blocks[link]) if k is not None)
            link = next(sources_of, None) if heal else None
        sources.update(dict.fromkeys(trail, link))
        return link

    rest = {
        id_: with_links(block, [next_source(link) for link in links_into(block)])
        for id_, block in plan.blocks.items()
        if id_ not in ids_out
    }
    output = next_source(plan.output)
    output = None if output == TOKENS else output
    return replace(plan, blocks=MappingProxyType(rest), output=output)


def why_not_connect(plan: Plan, from_id: str, to_id: str) -> str | None:
    """Why no link may lead from one block (or TOKENS) to the other; None when it may."""
    if from_id != TOKENS and from_id not in plan.blocks:
        return f"There is no block “{from_id}”."
    if to_id == TOKENS:
        return "Nothing can feed the token input."
    if to_id not in plan.blocks:
        return f"There is no block “{to_id}”."
    if from_id == to_id:
        return "A block cannot feed itself."
    if from_id in descendants(plan, to_id):
        return "This link would close a loop: the block it comes from depends on the other one."
    return None


def connect(plan: Plan, from_id: str, to_id: str, port: int) -> Plan:
    """The plan with a link into input `port` (from 0), in place of what led there.

    Raises PlanError with the reason of `why_not_connect`.
    """
    reason = why_not_connect(plan, from_id, to_id)
    if reason is not None:
        raise _refusal("link-refused", reason, "Link other blocks.", to_id)
    return _linked(plan, from_id, to_id, port)


def disconnect(plan: Plan, to_id: str, port: int) -> Plan:
    """The plan without the link into input `port` of a block; a merge keeps the port's scale."""
    return _linked(plan, None, to_id, port)


def why_not_output(plan: Plan, from_id: str) -> str | None:
    """Why the block may not feed the output; None when it may."""
    if from_id == TOKENS:
        return (
            "The token input cannot feed the output: there must be at least one block between them."
        )
    return None if from_id in plan.blocks else f"There is no block “{from_id}”."


def connect_output(plan: Plan, from_id: str | None) -> Plan:
    """The plan with another block feeding the output, or none. Raises PlanError."""
    reason = None if from_id is None else why_not_output(plan, from_id)
    if reason is not None:
        raise _refusal("link-refused", reason, "Link a block of the plan.", None)
    return replace(plan, output=from_id)


def why_not_insert(plan: Plan, id_: str, to_id: str, port: int) -> str | None:
    """Why the block may not be put into the link that leads into `port`; None when it may."""
    block = block_of(plan, to_id)
    require_port(to_id, port, len(links_into(block)))
    source = links_into(block)[port]
    return _why_not_between(plan, id_, source) or why_not_connect(plan, id_, to_id)


def insert_on_link(plan: Plan, id_: str, to_id: str, port: int) -> Plan:
    """The plan with the block in the link that leads into `port`, fed through its first free input.

    Raises PlanError with the reason of `why_not_insert`.
    """
    reason = why_not_insert(plan, id_, to_id, port)
    if reason is not None:
        raise _refusal("link-refused", reason, "Choose another link.", id_)
    source = links_into(plan.blocks[to_id])[port]
    return _linked(_fed(plan, id_, source), id_, to_id, port)


def why_not_insert_before_output(plan: Plan, id_: str) -> str | None:
    """Why the block may not be put into the link to the output; None when it may."""
    return _why_not_between(plan, id_, plan.output) or why_not_output(plan, id_)


def insert_before_output(plan: Plan, id_: str) -> Plan:
    """The plan with the block in the link to the output. Raises PlanError."""
    reason = why_not_insert_before_output(plan, id_)
    if reason is not None:
        raise _refusal("link-refused", reason, "Choose another link.", id_)
    return replace(_fed(plan, id_, plan.output), output=id_)


def set_scale(plan: Plan, id_: str, index: int, scale: float) -> Plan:
    """The plan with another scale in a block; that of a merge's input has the input's number.

    Where a merge keeps its sum at 1, the other scales share the change in proportion to their
    size, or equally when all of them are 0. Raises PlanError unless the scale is finite, and where
    it is so large that no sum with it comes out as 1.
    """
    block = block_of(plan, id_)
    kind = kind_of(block)
    n_scales = len(kind.scales(block))
    if n_scales == 0:
        raise _refusal(
            "not-a-merge-block",
            f"A {kind.title.lower()} has no scales.",
            "Choose a merge block.",
            id_,
        )
    require_port(id_, index, n_scales)
    _require_finite(id_, scale)
    return plan.with_blocks(kind.with_scale(block, index, scale))


def set_weights(plan: Plan, id_: str, weight_start: int, n_layers: int) -> Plan:
    """The plan with another range of weight layers in a block.

    Raises PlanError if the range is empty, and for a block without layers.
    """
    layers_of(plan, id_)
    block, layers = plan.blocks[id_], range(weight_start, weight_start + n_layers)
    (block_there,) = kind_of(block).on_layers(block, (layers,), iter(()))
    return put_block(plan, block_there)


def put_block(plan: Plan, block: Block) -> Plan:
    """The plan with a block in the place of the one of its id. Raises PlanError for one that no
    plan may hold."""
    block_of(plan, block.id)
    _require_valid(block)
    return plan.with_blocks(block)


def add_input(plan: Plan, id_: str, from_id: str | None = None, scale: float = 0.0) -> Plan:
    """The plan with one more input at a block's end, linked if `from_id` is given.

    At scale 0 a merge's result stays what it was. Raises PlanError where the block can have no
    further input.
    """
    _require_finite(id_, scale)
    block = block_of(plan, id_)
    plan = plan.with_blocks(kind_of(block).with_port(block, scale))
    return plan if from_id is None else connect(plan, from_id, id_, len(links_into(block)))


def remove_input(plan: Plan, id_: str, port: int) -> Plan:
    """The plan without input `port` of a block. Raises PlanError where it needs all it has.

    A merge that keeps its sum at 1 still does: the other scales grow or shrink in proportion.
    """
    block = block_of(plan, id_)
    require_port(id_, port, len(links_into(block)))
    return plan.with_blocks(kind_of(block).without_port(block, port))


def swap_inputs(plan: Plan, id_: str, port: int, other: int) -> Plan:
    """The plan with the links into two inputs of a block exchanged; the scales stay."""
    block = block_of(plan, id_)
    links = list(links_into(block))
    for n in (port, other):
        require_port(id_, n, len(links))
    links[port], links[other] = links[other], links[port]
    return plan.with_blocks(with_links(block, links))


def move(plan: Plan, positions: Mapping[str, tuple[float, float]]) -> Plan:
    """The plan with blocks at other places, in scene units rounded to hundredths."""
    blocks = [replace(block_of(plan, i), position=_tidy(i, at)) for i, at in positions.items()]
    return plan.with_blocks(*blocks)


def rename(plan: Plan, id_: str, title: str) -> Plan:
    """The plan with another title on a block, made one line."""
    return plan.with_blocks(replace(block_of(plan, id_), title=_one_line(title)))


def layers_of(plan: Plan, id_: str) -> Sequence[int]:
    """The weight layers that a block runs. Raises PlanError for one that runs none."""
    block = block_of(plan, id_)
    kind = kind_of(block)
    layers: Sequence[int] = kind.layers(block)
    if not layers:
        message = f"A {kind.title.lower()} has no layers."
        raise _refusal("not-a-weight-block", message, "Choose a weight block.", id_)
    return layers


def require_port(id_: str, port: int, n_ports: int) -> None:
    """Nothing where the block has an input `port`, counted from 0; else raises PlanError."""
    if not 0 <= port < n_ports:
        raise _refusal(
            "no-such-input",
            f"The block has no input {port + 1}; it has {n_ports}.",
            "Choose another input.",
            id_,
        )


def _require_finite(id_: str, scale: float) -> None:
    if not math.isfinite(scale):
        raise PlanError([replace(scales.not_finite(), block_id=id_)])


def _require_valid(block: Block) -> None:
    refusal = kind_of(block).refusal(block)
    if refusal is not None:
        raise PlanError([replace(refusal, block_id=block.id)])


def _why_not_between(plan: Plan, id_: str, source: str | None) -> str | None:
    """Why the block may not be fed by a link's source in the place of what the link leads to."""
    if id_ not in plan.blocks:
        return f"There is no block “{id_}”."
    if source is None:
        return "There is no link here to insert the block into."
    if None not in links_into(plan.blocks[id_]):
        return "The block has no free input for this link."
    return why_not_connect(plan, source, id_)


def _fed(plan: Plan, id_: str, source: str | None) -> Plan:
    """The plan with the block's first free input fed by this source."""
    return _linked(plan, source, id_, links_into(plan.blocks[id_]).index(None))


def _linked(plan: Plan, from_id: str | None, to_id: str, port: int) -> Plan:
    block = block_of(plan, to_id)
    links = list(links_into(block))
    require_port(to_id, port, len(links))
    links[port] = from_id
    return plan.with_blocks(with_links(block, links))


def block_of(plan: Plan, id_: str) -> Block:
    """The block of this id. Raises PlanError where there is none."""
    if id_ not in plan.blocks:
        raise _refusal(
            "no-such-block", f"There is no block “{id_}”.", "Choose a block of the plan.", None
        )
    return plan.blocks[id_]


def _tidy(id_: str, position: tuple[float, float]) -> tuple[float, float]:
    if not all(abs(c) <= POSITION_LIMIT for c in position):
        raise _refusal(
            "position", "This place is outside the canvas.", "Choose another place.", id_
        )
    x, y = position
    return round(float(x), 2), round(float(y), 2)


def _one_line(title: str) -> str:
    return " ".join(title.split())


def _refusal(code: str, message: str, fix: str, id_: str | None) -> PlanError:
    return PlanError([Problem(code, message, fix, block_id=id_)])
