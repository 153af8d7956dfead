"""What a kind of block is asked: its ports and layers, its rules, its words, what it runs as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from app.plan.document import Block, Plan
from app.plan.kinds.statement import Statement
from app.plan.problem import PlanError, Problem
from app.plan.recipe import RecipeBlock

BlockT = TypeVar("BlockT", bound=Block)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a statement: what its form calls it, and what its number stands for.

    "start" and "end" are plan layers, "weight" is a weight layer, "link" the number of a block.
    """

    name: str
    role: Literal["start", "end", "weight", "link", "scale"]


class Kind(ABC, Generic[BlockT]):
    """A kind of block. An object of it has no state; it is asked about blocks, which are records.

    Whatever reads, writes, checks, edits, lays out or runs a plan asks the kind and knows none by
    name. A kind becomes known by `app.plan.kinds.register`.
    """

    name: ClassVar[str]
    """A stable word for code: "weight"."""
    title: ClassVar[str]
    """What people call such a block: "Weight block"."""
    keyword: ClassVar[str]
    """How its statement begins in a file."""
    form: ClassVar[str]
    """How its statement is written."""
    draft_keys: ClassVar[frozenset[str]]
    """The keys of a draft's data that only the kind understands."""
    comment_keys: ClassVar[frozenset[str]] = frozenset()
    """The keys of the data behind a statement that only the kind understands."""
    adds_ports: ClassVar[bool] = False
    """Whether inputs can be added to a block and taken away."""

    record: type[BlockT]
    """The class of its blocks."""

    # --- ports -----------------------------------------------------------------------------------

    @abstractmethod
    def links(self, block: BlockT) -> tuple[str | None, ...]:
        """What feeds the block, one entry a port, in port order; None for an unlinked port."""

    @abstractmethod
    def with_links(self, block: BlockT, links: Sequence[str | None]) -> BlockT:
        """The block with these links into its ports, as many as it has."""

    def port_name(self, _block: BlockT, _port: int) -> str:
        """The port in the middle of a sentence: "input 2"."""
        return "input"

    def with_port(self, block: BlockT, _scale: float) -> BlockT:
        """The block with one more port at its end, unlinked, of this scale if ports have one.

        Raises PlanError where it cannot have another.
        """
        raise _fixed_ports(self.title, block)

    def without_port(self, block: BlockT, _port: int) -> BlockT:
        """The block without a port that it has. Raises PlanError where it needs all of them."""
        raise _fixed_ports(self.title, block)

    # --- layers ----------------------------------------------------------------------------------

    def layers(self, _block: BlockT) -> Sequence[int]:
        """The weight layer of each plan layer that the block runs, in the order in which it runs
        them; a layer that it runs twice stands there twice. A `range` where they follow each other:
        then the interface lets it be slid, made longer and cut."""
        return ()

    def on_layers(
        self, block: BlockT, _runs: Sequence[range], _new_ids: Iterator[str]
    ) -> Sequence[Block]:
        """The block on other weight layers, in runs of numbers that follow each other.

        Where it cannot run them alone, several blocks that do the same: the first has its id, looks
        and inputs, the others ids of `new_ids` and no position, and the last feeds what it fed.
        """
        return (block,)

    def joined(self, _block: BlockT, _following: Block) -> BlockT | None:
        """One block that does what the block and one that it alone feeds do; None without one."""
        return None

    # --- scales ----------------------------------------------------------------------------------

    def scales(self, _block: BlockT) -> tuple[float, ...]:
        """The numbers of the block that may be moved while the plan runs."""
        return ()

    def scale_name(self, block: BlockT, index: int) -> str:
        """A scale in the middle of a sentence: "input 2"."""
        return self.port_name(block, index)

    def with_scale(self, _block: BlockT, index: int, scale: float) -> BlockT:
        """The block with another scale, a finite one, and what else follows from it.

        Raises PlanError where the block cannot have it.
        """
        raise NotImplementedError(f"A {self.title.lower()} has no scale {index} for {scale}.")

    # --- rules -----------------------------------------------------------------------------------

    def refusal(self, _block: BlockT) -> Problem | None:
        """Why no plan may hold the block; None when one may. Its links are looked at elsewhere."""
        return None

    def can_be_written(self, _block: BlockT) -> bool:
        """Whether a statement can say the block, once all that feeds it can be said."""
        return True

    def broken_rules(
        self, _block: BlockT, _name: str, _plan: Plan, _n_weight_layers: int | None
    ) -> Iterator[Problem]:
        """What keeps the block from running. `name` is what a sentence calls it at its start.

        `n_weight_layers` are those of all the plan's sources, None while they are not known.
        """
        return iter(())

    def oddities(self, _block: BlockT, _name: str) -> Iterator[Problem]:
        """What is legal and yet perhaps not meant."""
        return iter(())

    def fixes(
        self, _code: str, _block: BlockT, _n_weight_layers: int | None
    ) -> Iterator[tuple[str, BlockT | None]]:
        """Ways to fix a problem of the kind's own, best first: what the user is told each does,
        and the block in the place of this one, None to remove it."""
        return iter(())

    # --- running ---------------------------------------------------------------------------------

    @abstractmethod
    def lower(
        self, block: BlockT, start: int, inputs: Sequence[int], number: int
    ) -> Sequence[RecipeBlock]:
        """What runs: one or more recipe blocks, the last of which gives the block's output.

        Its plan layers are numbered from `start`, as many as `layers` has; `inputs` are the recipe
        numbers of what feeds its ports, and its own recipe blocks are numbered from `number`.
        """

    # --- the statement in a file -----------------------------------------------------------------

    @abstractmethod
    def field(self, at: int) -> Field | None:
        """What the field at a place (from 0) behind the keyword stands for; None past the last."""

    @abstractmethod
    def takes(self, n_fields: int) -> bool:
        """Whether a statement can have so many fields behind the keyword."""

    @abstractmethod
    def statement(self, block: BlockT, start: int, inputs: Sequence[int]) -> str:
        """The block's line. `start` is its first plan layer, `inputs` the file's numbers of what
        feeds its ports."""

    @abstractmethod
    def read(self, statement: Statement) -> BlockT:
        """The block that a line says, however broken it is; its problems go to the statement."""

    # --- the editor's own data -------------------------------------------------------------------

    @abstractmethod
    def draft_data(self, block: BlockT, links: Sequence[int | None]) -> Json:
        """What a draft's line says of the block; `links` are the numbers of what feeds its ports,
        None for an unlinked one."""

    @abstractmethod
    def draft_in(self, data: Json, id_: str) -> tuple[BlockT, tuple[int | None, ...]] | None:
        """The block that a draft's data says, unlinked, and the numbers of what feeds its ports;
        None where it is a draft of another kind or makes no sense."""

    def comment_data(self, _block: BlockT) -> Json:
        """What is said behind the block's statement of what the statement does not say."""
        return {}

    def with_comment_data(self, block: BlockT, _data: Json) -> tuple[BlockT, Problem | None]:
        """The block with what `comment_data` says of it, and what is odd about that."""
        return block, None

    # --- the text beside the canvas --------------------------------------------------------------

    @abstractmethod
    def content(self, block: BlockT) -> tuple[object, ...]:
        """What tells the block from others of its kind, apart from its title and links."""

    @abstractmethod
    def words(self, block: BlockT) -> str:
        """What the block does, in a few words: "weight layers 0 to 21"."""

    def unnamed(self, _block: BlockT) -> str:
        """What a sentence calls a block that has neither number nor title, at its start."""
        return f"A {self.title.lower()}"

    def as_stated(self, block: BlockT) -> BlockT:
        """The block without what only `comment_data` says of it."""
        return block

    def with_state_of(self, block: BlockT, _old: Block) -> BlockT:
        """The block, read from its statement, with what only `comment_data` said of the old one."""
        return block


def _fixed_ports(title: str, block: Block) -> PlanError:
    message = f"A {title.lower()} has a fixed number of inputs."
    return PlanError([Problem("fixed-inputs", message, "Use a merge block.", block_id=block.id)])
