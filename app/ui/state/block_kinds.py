"""What the interface knows of each kind of block: one registration, asked by everything else.

The kinds of the program are registered by `app.ui.kinds`. A look-up costs one dictionary access, so
that it may be made once for each block, but it does not belong into what paints single cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.plan.document import Block, Plan
from app.plan.kinds import Kind, kind_of
from app.ui.state.editor import PlanEditor


class LayerFigures(NamedTuple):
    """What is known of a block's weight layers.

    `n_bytes` is what weights and KV cache take, None while that is not known. `influence` is that
    of each layer from the model's least (0) to its largest (1), empty while it was not measured.
    """

    n_bytes: int | None = None
    influence: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """Where a link hangs loose: it comes from the block `source`, or leads into (block, port).

    With neither there is no link, and a block is added by itself.
    """

    source: str | None = None
    target: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A block that may be added, not yet linked to the loose end and without a place."""

    title: str
    sentence: str
    block: Block


@dataclass(frozen=True, slots=True)
class VariableInputs:
    """The inputs of a kind to which some can be added, each with the scale of the same index."""

    least: int
    most: int
    sums_to_one: Callable[[Any], bool]
    """Whether a block keeps the sum of its scales at 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockKindUi:
    """How a kind of block looks, is named, added and edited. Blocks passed in are of that kind.

    The functions may be called very often and by any view: they read, and change nothing. What is
    not about looks, such as scales and layers, the kind in the plan is asked for.
    """

    plan_kind: Kind[Any]
    icon: str
    sentence: str
    """What such a block does, for the palette."""
    search_words: tuple[str, ...]
    """Other words that people look for it by."""
    key: str = ""
    """The canvas's key that adds one."""

    default_title: Callable[[Any], str]
    """What a block is called while it has no title."""
    words: Callable[[PlanEditor, Any], str]
    """What a block does as it is read out: "weight layers 0 to 7, plan layers 0 to 7"."""
    short_words: Callable[[PlanEditor, Any], str]
    """The same as short as it is written in a list: "weights 0-7"."""

    reset_scale: Callable[[Any, int], float] | None = None
    """Where a fader goes when it is reset."""
    inputs: VariableInputs | None = None

    shape: Callable[[Any], Any]
    """The `app.ui.canvas.shapes.Shape` of a block that is not collapsed, the same for the same."""
    figures: Callable[[PlanEditor, Any, LayerFigures], tuple[Any, ...]]
    """What each section of the shape shows, in their order; values that can be compared."""

    new_block: Callable[[Plan, str, int | None, Sequence[str]], Block]
    """A block to start with, by plan, id, number of weight layers and the selected blocks."""
    for_link: Callable[[PlanEditor, str, LinkEnd], Proposal]
    """The block with an id that goes on from, or leads up to, a loose end."""
    from_words: Callable[[PlanEditor, str, str, Sequence[str]], Proposal | None] = (
        lambda _editor, _id, _typed, _sources: None
    )
    """The block with an id that typed words mean, such as "22-29", fed by these blocks if it can
    have several inputs."""
    form: Callable[[PlanEditor, Any], Any]
    """The inspector's form, an `app.ui.views.inspector.form.BlockForm`, by editor and what says
    how much memory a block takes."""

    @property
    def name(self) -> str:
        """The kind in code and on what is dragged, such as "weight"."""
        return self.plan_kind.name

    @property
    def title(self) -> str:
        """What people call such a block, such as "Weight block"."""
        return self.plan_kind.title


_by_record: dict[type[Block], BlockKindUi] = {}


def register(kind: BlockKindUi) -> None:
    """Let the interface know a kind of block. What is shown already does not learn of it."""
    _by_record[kind.plan_kind.record] = kind


def unregister(kind: BlockKindUi) -> None:
    """Let the interface forget a kind of block, of which no plan may hold one any more."""
    del _by_record[kind.plan_kind.record]


def kind_uis() -> Iterable[BlockKindUi]:
    """All kinds, in the order in which they are offered."""
    return tuple(_by_record.values())


def kind_ui(block: Block) -> BlockKindUi:
    """The kind of a block."""
    return _by_record[type(block)]


def kind_ui_named(name: str) -> BlockKindUi:
    """The kind of this name. Raises KeyError where there is none."""
    for kind in _by_record.values():
        if kind.name == name:
            return kind
    raise KeyError(name)


def title_of(block: Block) -> str:
    """The block's title, or what it is called while it has none."""
    return block.title or kind_ui(block).default_title(block)


def layer_range(block: Block) -> range | None:
    """The weight layers of a block, None where it does not run a range of them."""
    layers = kind_of(block).layers(block)
    return layers if isinstance(layers, range) else None


def scales_of(block: Block) -> tuple[float, ...]:
    """The scales of a block, none where its kind has none."""
    scales: tuple[float, ...] = kind_of(block).scales(block)
    return scales
