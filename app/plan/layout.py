"""Places for the blocks on the canvas: columns from left to right, few crossings, no overlap."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from app.plan.clearing import Box, way_clear
from app.plan.document import TOKENS, Plan
from app.plan.edits import remove
from app.plan.kinds import links_into

if TYPE_CHECKING:
    import networkx as nx

Node = str | tuple[str, str, int]
"""A block's id, or a waypoint (from, to, column) of a link that passes over columns."""

COLUMN_GAP = 96.0
ROW_GAP = 40.0
DEFAULT_SIZE = (200.0, 96.0)
_WAYPOINT_HEIGHT = 16.0
_LOOSE_ROW_WIDTH = 1200.0
_N_SWEEPS = 8


Places = dict[str, tuple[float, float]]
"""Top left corners by block id, in scene units."""


def arrange(
    plan: Plan, sizes: Mapping[str, tuple[float, float]], only: Collection[str] | None = None
) -> Places:
    """The top left corner of every block, in scene units; the same plan gives the same places.

    With `only`, places for these blocks, by the links among them: from the top left corner of
    where they stand now, or as near to it as there is room beside the other blocks.

    The first column starts at x = 0, right of the token input, which is thought of at y = 0.
    Blocks without any link stand below the others. `sizes` are (width, height) by id. Raises
    networkx.NetworkXUnfeasible for a circle of links.
    """
    if only is not None:
        return _with_room(plan, arrange(_part(plan, only), sizes), sizes)
    size = {id_: sizes.get(id_, DEFAULT_SIZE) for id_ in plan.blocks}
    linked_ids = {id_ for b in plan.blocks.values() for id_ in links_into(b) if id_ is not None}
    linked_ids |= {id_ for id_, b in plan.blocks.items() if any(links_into(b))}
    linked_ids |= {id_ for id_ in (plan.output,) if id_ is not None}
    places = {}
    x = 0.0
    if linked_ids:
        columns, graph = _columns(plan, linked_ids)
        _reduce_crossings(columns, graph)
        middle = _place_rows(columns, graph, size)
        for column in columns[1:]:
            blocks = [node for node in column if isinstance(node, str)]
            width = max(size[id_][0] for id_ in blocks)
            for id_ in blocks:
                left = x + (width - size[id_][0]) / 2
                places[id_] = (left, middle[id_] - size[id_][1] / 2)
            x += width + COLUMN_GAP
    below = max((y + size[i][1] + ROW_GAP for i, (_, y) in places.items()), default=0.0)
    loose = [id_ for id_ in plan.blocks if id_ not in linked_ids]
    places |= _in_rows(loose, size, below, max(x, _LOOSE_ROW_WIDTH))
    return {id_: places[id_] for id_ in plan.blocks}


def _part(plan: Plan, ids: Collection[str]) -> Plan:
    """These blocks of the plan with the links among them."""
    others = [id_ for id_ in plan.blocks if id_ not in ids]
    return remove(plan, others)


def _with_room(plan: Plan, places: Places, sizes: Mapping[str, tuple[float, float]]) -> Places:
    """The places moved as a whole to where these blocks stood, clear of the others."""
    old_places = {
        i: block.position for i, block in plan.blocks.items() if block.position is not None
    }
    before = [old_places[id_] for id_ in places if id_ in old_places]
    if not before:
        return places
    dx = min(x for x, _ in before) - min(x for x, _ in places.values())
    dy = min(y for _, y in before) - min(y for _, y in places.values())
    shifted = {id_: (x + dx, y + dy) for id_, (x, y) in places.items()}
    others = {id_: at for id_, at in old_places.items() if id_ not in places}
    dx, dy = way_clear(boxes(shifted, sizes), boxes(others, sizes), ROW_GAP / 2)
    return {id_: (x + dx, y + dy) for id_, (x, y) in shifted.items()}


def boxes(places: Places, sizes: Mapping[str, tuple[float, float]]) -> list[Box]:
    """What blocks of these sizes cover at these places."""
    size = {id_: sizes.get(id_, DEFAULT_SIZE) for id_ in places}
    return [(x, y, x + size[i][0], y + size[i][1]) for i, (x, y) in places.items()]


def _in_rows(
    ids: Sequence[str], size: Mapping[str, tuple[float, float]], top: float, right: float
) -> dict[str, tuple[float, float]]:
    """Places for blocks side by side from x = 0, in as many rows as it takes."""
    places = {}
    x, next_top = 0.0, top
    for id_ in ids:
        width, height = size[id_]
        if x > 0 and x + width > right:
            x, top = 0.0, next_top
        places[id_] = (x, top)
        x += width + ROW_GAP
        next_top = max(next_top, top + height + ROW_GAP)
    return places


def _columns(plan: Plan, linked_ids: set[str]) -> tuple[list[list[Node]], nx.DiGraph[Node]]:
    """The nodes of each column, the token input alone in the first, and the links between them."""
    import networkx as nx  # slow to import, and the first paint needs no layout

    links: nx.DiGraph[str] = nx.DiGraph()
    links.add_node(TOKENS)
    for id_, block in plan.blocks.items():
        if id_ in linked_ids:
            sources = [k for k in links_into(block) if k is not None]
            links.add_edges_from((source, id_) for source in sources or [TOKENS])
    columns: list[list[Node]] = [list(c) for c in nx.topological_generations(links)]
    insertion: dict[Node, int] = {id_: n for n, id_ in enumerate((TOKENS, *plan.blocks))}
    for column in columns:
        column.sort(key=lambda node: insertion[node])
    at = {node: n for n, column in enumerate(columns) for node in column}

    graph: nx.DiGraph[Node] = nx.DiGraph()
    waypoints_left = 200 + 4 * len(linked_ids)
    edges = sorted(
        links.edges, key=lambda e: (at[e[1]] - at[e[0]], insertion[e[0]], insertion[e[1]])
    )
    for source, target in edges:
        between: list[Node] = [(source, target, n) for n in range(at[source] + 1, at[target])]
        if len(between) > waypoints_left:
            between = []
        waypoints_left -= len(between)
        for n, node in enumerate(between, at[source] + 1):
            columns[n].append(node)
        nx.add_path(graph, [source, *between, target])
    return columns, graph


def _reduce_crossings(columns: list[list[Node]], graph: nx.DiGraph[Node]) -> None:
    """Sort each column by where its neighbours stand, there and back; the best order stays."""
    rank = {node: float(n) for column in columns for n, node in enumerate(column)}
    best, fewest = [list(column) for column in columns], _crossings(columns, graph, rank)
    for sweep in range(_N_SWEEPS):
        if fewest == 0:
            break
        neighbours = graph.pred if sweep % 2 == 0 else graph.succ
        for column in columns if sweep % 2 == 0 else reversed(columns):
            targets = {n: _mean((rank[k] for k in neighbours[n]), rank[n]) for n in column}
            column.sort(key=targets.__getitem__)
            rank.update((node, float(n)) for n, node in enumerate(column))
        crossings = _crossings(columns, graph, rank)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    columns[:] = best


def _crossings(
    columns: Sequence[Sequence[Node]], graph: nx.DiGraph[Node], rank: Mapping[Node, float]
) -> int:
    """How many pairs of links cross between neighbouring columns."""
    n_crossings = 0
    for column, following in pairwise(columns):
        inside = set(following)
        ranks: list[float] = []
        for node in column:
            ends = sorted(rank[k] for k in graph.succ[node] if k in inside)
            n_crossings += sum(len(ranks) - bisect_right(ranks, end) for end in ends)
            for end in ends:
                insort(ranks, end)
    return n_crossings


def _place_rows(
    columns: Sequence[Sequence[Node]],
    graph: nx.DiGraph[Node],
    size: Mapping[str, tuple[float, float]],
) -> dict[Node, float]:
    """The y of each node's middle: near its neighbours', in the column's order, apart."""

    def height(node: Node) -> float:
        return size[node][1] if isinstance(node, str) else _WAYPOINT_HEIGHT

    distances = [
        [(height(a) + height(b)) / 2 + ROW_GAP for a, b in pairwise(column)] for column in columns
    ]
    middle: dict[Node, float] = {TOKENS: 0.0}
    for column, apart in zip(columns[1:], distances[1:], strict=True):
        middle.update(zip(column, _spread([0.0] * len(column), apart), strict=True))

    def settle(neighbours: Callable[[Node], Iterable[Node]], backwards: bool) -> None:
        steps = list(zip(columns[1:], distances[1:], strict=True))
        for column, apart in reversed(steps) if backwards else steps:
            targets = [_mean((middle[k] for k in neighbours(n)), middle[n]) for n in column]
            middle.update(zip(column, _spread(targets, apart), strict=True))

    for sweep in range(_N_SWEEPS):
        settle(graph.predecessors, backwards=False)
        if sweep < _N_SWEEPS - 1:
            settle(graph.successors, backwards=True)
    return middle


def _spread(targets: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The values nearest to those wanted (least squares) that keep these distances, in order.

    Isotonic regression by pooling: neighbours that want to be too close form a group, which then
    moves as one.
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    groups: list[tuple[float, int]] = []
    for want, offset in zip(targets, offsets, strict=True):
        total, n = want - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / n:
            more, n_more = groups.pop()
            total, n = total + more, n + n_more
        groups.append((total, n))
    level = [total / n for total, n in groups for _ in range(n)]
    return [at + offset for at, offset in zip(level, offsets, strict=True)]


def _mean(values: Iterable[float], otherwise: float) -> float:
    result = list(values)
    return sum(result) / len(result) if result else otherwise
