"""What each block shows on the canvas, as values: two equal faces need no new picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.plan.document import Block, WeightBlock, links_into
from app.plan.ordering import live_blocks
from app.plan.problem import Problem, Severity
from app.ui.editor import PlanEditor


@dataclass(frozen=True, slots=True)
class Badge:
    """The worst severity of a block's problems and how many there are."""

    severity: Severity
    count: int


@dataclass(frozen=True, slots=True)
class WeightFace:
    """A WeightBlock's look. `sources` names the source of each cell, in order."""

    number: int | None
    title: str
    weight_start: int
    n_layers: int
    plan_start: int | None
    sources: tuple[int, ...]
    linked: tuple[bool, ...]
    feeds: bool
    unused: bool
    badge: Badge | None


@dataclass(frozen=True, slots=True)
class MergeFace:
    """A MergeBlock's look. `sources` gives each fader's colour, None for a neutral one."""

    number: int | None
    title: str
    scales: tuple[float, ...]
    sources: tuple[int | None, ...]
    linked: tuple[bool, ...]
    feeds: bool
    unused: bool
    badge: Badge | None


@dataclass(frozen=True, slots=True)
class TerminalFace:
    """One of the two fixed ends."""

    title: str
    linked: bool


Face = WeightFace | MergeFace | TerminalFace


def faces(editor: PlanEditor) -> dict[str, WeightFace | MergeFace]:
    """The face of every block of the plan, by id."""
    plan = editor.plan
    live = live_blocks(plan)
    feeding = {source for block in plan.blocks.values() for source in links_into(block)}
    feeding.add(plan.output)
    badges = _badges(editor.problems)
    return {
        block_id: _face(
            editor, block, block_id in feeding, block_id not in live, badges.get(block_id)
        )
        for block_id, block in plan.blocks.items()
    }


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


def _face(
    editor: PlanEditor, block: Block, feeds: bool, unused: bool, badge: Badge | None
) -> WeightFace | MergeFace:
    linked = tuple(source is not None for source in links_into(block))
    if isinstance(block, WeightBlock):
        layers = range(block.weight_start, block.weight_end)
        plan_layers = editor.plan_layers(block.id)
        return WeightFace(
            number=editor.number(block.id),
            title=title_of(block),
            weight_start=block.weight_start,
            n_layers=block.n_layers,
            plan_start=None if plan_layers is None else plan_layers[0],
            sources=tuple(editor.source_of(layer) for layer in layers),
            linked=linked,
            feeds=feeds,
            unused=unused,
            badge=badge,
        )
    return MergeFace(
        number=editor.number(block.id),
        title=title_of(block),
        scales=tuple(i.scale for i in block.inputs),
        sources=tuple(_last_source(editor, i.block) for i in block.inputs),
        linked=linked,
        feeds=feeds,
        unused=unused,
        badge=badge,
    )


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
