"""What each block shows on the canvas, as values: two equal faces need no new picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from math import log
from typing import NamedTuple

from app.plan.document import Block, MergeBlock, WeightBlock
from app.plan.kinds import links_into
from app.plan.problem import Problem, Severity
from app.ui.state.editor import PlanEditor

_LEAST_INFLUENCE = 1e-6


@dataclass(frozen=True, slots=True)
class Badge:
    """The worst severity of a block's problems and how many there are."""

    severity: Severity
    count: int


class WeightFace(NamedTuple):
    """A WeightBlock's look. `runs` are its cells in order, as (source, how many of it).

    `influence` is that of each cell's layer on a logarithmic scale from the model's least (0) to
    its largest (1), empty while it was not measured.
    `n_bytes` is what weights and KV cache of its layers take, None while that is not known.
    `passes` is the input that a muted block passes through, None for a block that is heard.
    """

    number: int | None
    title: str
    weight_start: int
    n_layers: int
    plan_start: int | None
    runs: tuple[tuple[int, int], ...]
    n_bytes: int | None
    influence: tuple[float, ...]
    linked: tuple[bool, ...]
    feeds: bool
    unused: bool
    passes: int | None
    badge: Badge | None


class MergeFace(NamedTuple):
    """A MergeBlock's look. `sources` gives each fader's colour, None for a neutral one."""

    number: int | None
    title: str
    scales: tuple[float, ...]
    sources: tuple[int | None, ...]
    sums_to_one: bool
    linked: tuple[bool, ...]
    feeds: bool
    unused: bool
    passes: int | None
    badge: Badge | None


class TerminalFace(NamedTuple):
    """One of the two fixed ends."""

    title: str
    linked: bool


Face = WeightFace | MergeFace | TerminalFace


class Faces:
    """The faces of the plan's blocks; those of blocks for which nothing changed are kept."""

    def __init__(self, editor: PlanEditor) -> None:
        self._editor = editor
        self._known: dict[str, tuple[tuple[object, ...], WeightFace | MergeFace]] = {}
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

    def of_all(self) -> dict[str, WeightFace | MergeFace]:
        """The face of every block of the plan, by id."""
        editor = self._editor
        blocks, output = editor.plan.blocks, editor.plan.output
        live, starts, places = editor.live, editor.source_starts, editor.places
        badges = _badges(editor.problems)
        links = [links_into(block) for block in blocks.values()]
        feeding = {output, *chain.from_iterable(links)}
        known, self._known = self._known, {}
        bytes_before, n_weighed = self._bytes_before, len(self._bytes_before)
        for (block_id, block), sources in zip(blocks.items(), links, strict=True):
            feeds, unused = block_id in feeding, block_id not in live and not block.muted
            badge = badges.get(block_id)
            n_bytes: int | None = None
            influence: tuple[float, ...] = ()
            fed_by: list[Block | None] = []
            if isinstance(block, MergeBlock):
                fed_by = [blocks.get(source or "") for source in sources]
            elif isinstance(block, WeightBlock) and block.weight_end < n_weighed:
                n_bytes = bytes_before[block.weight_end] - bytes_before[block.weight_start]
                influence = self._influence[block.weight_start : block.weight_end]
            place, figures = places.get(block_id), (n_bytes, influence)
            state = block, place, feeds, unused, badge, figures, starts, fed_by
            before = known.get(block_id)
            if before is None or before[0] != state:
                before = state, _face(editor, block, feeds, unused, badge, *figures)
            self._known[block_id] = before
        return {block_id: face for block_id, (_, face) in self._known.items()}


def title_of(block: Block) -> str:
    """The block's title, or what it is called while it has none."""
    if block.title:
        return block.title
    if isinstance(block, WeightBlock):
        return f"Layers {range_text(block.weight_start, block.weight_end)}"
    return "Merge"


def range_text(start: int, end: int) -> str:
    """The numbers from `start` to before `end` as people write them, with a dash."""
    return str(start) if end - start <= 1 else f"{start}–{end - 1}"


def scale_text(scale: float) -> str:
    """A scale with two decimals, or three where two would hide something."""
    two = f"{scale:.2f}"
    text = two if abs(float(two) - scale) < 0.0005 else f"{scale:.3f}"
    return text.replace("-", "−")


def count_of_layers(n_layers: int) -> str:
    """Such as "8 layers" or "1 layer"."""
    return f"{n_layers} layer{'' if n_layers == 1 else 's'}"


def _face(
    editor: PlanEditor,
    block: Block,
    feeds: bool,
    unused: bool,
    badge: Badge | None,
    n_bytes: int | None,
    influence: tuple[float, ...],
) -> WeightFace | MergeFace:
    linked = tuple(source is not None for source in links_into(block))
    passes = (linked.index(True) if True in linked else 0) if block.muted else None
    if isinstance(block, WeightBlock):
        plan_layers = editor.plan_layers(block.id)
        return WeightFace(
            number=editor.number(block.id),
            title=title_of(block),
            weight_start=block.weight_start,
            n_layers=block.n_layers,
            plan_start=None if plan_layers is None else plan_layers[0],
            runs=_runs(editor, block),
            n_bytes=n_bytes,
            influence=influence,
            linked=linked,
            feeds=feeds,
            unused=unused,
            passes=passes,
            badge=badge,
        )
    assert isinstance(block, MergeBlock)
    return MergeFace(
        number=editor.number(block.id),
        title=title_of(block),
        scales=tuple(i.scale for i in block.inputs),
        sources=tuple(_last_source(editor, i.block) for i in block.inputs),
        sums_to_one=block.sums_to_one,
        linked=linked,
        feeds=feeds,
        unused=unused,
        passes=passes,
        badge=badge,
    )


def _runs(editor: PlanEditor, block: WeightBlock) -> tuple[tuple[int, int], ...]:
    """The sources of the block's cells, and how many cells each has."""
    first, last = editor.source_of(block.weight_start), editor.source_of(block.weight_end - 1)
    starts = editor.source_starts[first + 1 : last + 1]
    edges = (block.weight_start, *starts, block.weight_end)
    return tuple((first + n, end - start) for n, (start, end) in enumerate(pairwise(edges)))


def _last_source(editor: PlanEditor, block_id: str | None) -> int | None:
    block = editor.plan.blocks.get(block_id) if block_id is not None else None
    return editor.source_of(block.weight_end - 1) if isinstance(block, WeightBlock) else None


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
