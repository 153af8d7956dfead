"""What each block shows on the canvas, as values: two equal faces need no new picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from math import log
from typing import Any, NamedTuple

from app.plan.document import Block
from app.plan.kinds import links_into
from app.plan.problem import Problem, Severity
from app.ui.state.block_kinds import LayerFigures, kind_ui, layer_range, title_of
from app.ui.state.editor import PlanEditor

_LEAST_INFLUENCE = 1e-6


@dataclass(frozen=True, slots=True)
class Badge:
    """The worst severity of a block's problems and how many there are."""

    severity: Severity
    count: int


class BlockFace(NamedTuple):
    """A block's look. `figures` is what each section of its shape shows, in their order.

    `source` gives the block's colour, None for a neutral one. `passes` is the input that a muted
    block passes through, None for a block that is heard.
    """

    number: int | None
    title: str
    source: int | None
    figures: tuple[Any, ...]
    linked: tuple[bool, ...]
    feeds: bool
    unused: bool
    passes: int | None
    badge: Badge | None


class TerminalFace(NamedTuple):
    """One of the two fixed ends."""

    title: str
    linked: bool


Face = BlockFace | TerminalFace


class BlockFaces:
    """The faces of the plan's blocks; those of blocks for which nothing changed are kept."""

    def __init__(self, editor: PlanEditor) -> None:
        self._editor = editor
        self._cache: dict[str, tuple[tuple[object, ...], BlockFace]] = {}
        self._bytes_before: tuple[int, ...] = (0,)
        self._influence: tuple[float, ...] = ()

    def weigh(self, layer_bytes: Sequence[int]) -> None:
        """Take note of what each weight layer takes; none are known when there are none."""
        self._bytes_before = tuple(accumulate(layer_bytes, initial=0))

    def rate(self, influence: Sequence[float]) -> None:
        """Take note of the influence of each weight layer; none is known when there are none."""
        logs = [log(max(value, _LEAST_INFLUENCE)) for value in influence]
        low, high = min(logs, default=0.0), max(logs, default=0.0)
        self._influence = tuple((one - low) / ((high - low) or 1.0) for one in logs)

    def of_all(self) -> dict[str, BlockFace]:
        """The face of every block of the plan, by id."""
        editor = self._editor
        blocks, output = editor.plan.blocks, editor.plan.output
        live, starts, places = editor.live, editor.source_starts, editor.places
        badges = _badges(editor.problems)
        links = [links_into(block) for block in blocks.values()]
        feeding = {output, *chain.from_iterable(links)}
        cache, self._cache = self._cache, {}
        for (block_id, block), sources in zip(blocks.items(), links, strict=True):
            feeds, unused = block_id in feeding, block_id not in live and not block.muted
            badge, layers = badges.get(block_id), layer_range(block)
            figures = _NOTHING_KNOWN if layers is None else self._figures_of(layers)
            fed_by = [blocks.get(source or "") for source in sources]  # faders have their colours
            state = block, places.get(block_id), feeds, unused, badge, figures, starts, fed_by
            before = cache.get(block_id)
            if before is None or before[0] != state:
                before = state, _face(editor, block, feeds, unused, badge, layers, figures)
            self._cache[block_id] = before
        return {block_id: face for block_id, (_, face) in self._cache.items()}

    def _figures_of(self, layers: range) -> LayerFigures:
        before = self._bytes_before
        if layers.stop >= len(before):
            return _NOTHING_KNOWN
        n_bytes = before[layers.stop] - before[layers.start]
        return LayerFigures(n_bytes, self._influence[layers.start : layers.stop])


_NOTHING_KNOWN = LayerFigures()


def _face(
    editor: PlanEditor,
    block: Block,
    feeds: bool,
    unused: bool,
    badge: Badge | None,
    layers: range | None,
    layer_figures: LayerFigures,
) -> BlockFace:
    linked = tuple([source is not None for source in links_into(block)])
    return BlockFace(
        number=editor.number(block.id),
        title=title_of(block),
        source=None if layers is None else editor.source_of(layers.start),
        figures=kind_ui(block).figures(editor, block, layer_figures),
        linked=linked,
        feeds=feeds,
        unused=unused,
        passes=(linked.index(True) if True in linked else 0) if block.muted else None,
        badge=badge,
    )


def _badges(problems: Iterable[Problem]) -> Mapping[str, Badge]:
    """A badge for each block with problems; being unused is shown by the outline instead."""
    badges: dict[str, Badge] = {}
    for problem in problems:
        if problem.block_id is None or problem.code == "unused":
            continue
        before = badges.get(problem.block_id, Badge("note", 0))
        worst: Severity = "error" if "error" in (problem.severity, before.severity) else "note"
        badges[problem.block_id] = Badge(worst, before.count + 1)
    return badges
