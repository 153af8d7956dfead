"""The sole mutator of the open plan: every edit becomes one undo step, every view hears of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from app.plan import edits
from app.plan.change import Change
from app.plan.checks import check_numbered
from app.plan.document import TOKENS, Block, Plan
from app.plan.kinds import kind_of, links_into, n_layers_of
from app.plan.lowering import Lowered, lower_blocks
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles, file_order, live_blocks
from app.plan.problem import Problem, errors

_N_JUDGED = 64
"""So many plans, the latest, need not be judged again when a step comes back to them."""


class PlanEditor(QObject):
    """The plan that is shown, its problems and its undo stack. Lives in the interface's thread.

    Each open document has an undo stack of its own in `undo_group`; that of the document that is
    shown is the active one, `undo_stack`.

    `changed` carries the Change that was just made, also for undo and redo. `replaced` says that
    another document was put in. `commit_requested` asks for what is being typed to be applied now,
    before the plan is saved or another one put in. `problems_changed` carries the new tuple of
    Problems. When one of the first two is heard, `plan`, `problems` and `lowered` already agree
    with each other.
    """

    changed = Signal(object)
    replaced = Signal()
    commit_requested = Signal()
    problems_changed = Signal(object)
    weight_layers_changed = Signal()

    def __init__(self, plan: Plan | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_group = QUndoGroup(self)
        self._undo_stack = self.make_undo_stack()
        self.undo_group.setActiveStack(self._undo_stack)
        self._plan = plan if plan is not None else Plan()
        self.unread_texts: WeakKeyDictionary[QUndoStack, str] = WeakKeyDictionary()
        """What was typed as a document's text and is no plan yet, by the undo stack of it."""
        self._n_weight_layers: int | None = None
        self._source_starts: tuple[int, ...] = (0,)
        self._judged: _Judged
        self._judgements: OrderedDict[tuple[int, int | None], _Judged] = OrderedDict()
        self._check()

    @property
    def undo_stack(self) -> QUndoStack:
        """The steps of the document that is shown."""
        return self._undo_stack

    def make_undo_stack(self) -> QUndoStack:
        """An empty undo stack for another document."""
        stack = QUndoStack(self)
        self.undo_group.addStack(stack)
        return stack

    @property
    def plan(self) -> Plan:
        """The open plan."""
        return self._plan

    def commit(self) -> Plan:
        """The plan with everything in it that is being typed."""
        self.commit_requested.emit()
        return self._plan

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong or worth a note, by block id."""
        return self._judged.problems

    @property
    def lowered(self) -> Lowered | None:
        """The plan as it would run, None while it has errors."""
        return self._judged.lowered

    @property
    def n_weight_layers(self) -> int | None:
        """How many weight layers the model has, None while no model is known."""
        return self._n_weight_layers

    @property
    def source_starts(self) -> tuple[int, ...]:
        """The first weight layer of each source."""
        return self._source_starts

    def number(self, block_id: str) -> int | None:
        """The block's number in the file, None while the file cannot hold it (no input, say)."""
        place = self._judged.places.get(block_id)
        return None if place is None else place[0]

    def plan_layers(self, block_id: str) -> tuple[int, int] | None:
        """The block's plan layers `[start, end)`, empty for a merge; None as for `number`."""
        place = self._judged.places.get(block_id)
        return None if place is None else place[1:]

    @property
    def places(self) -> Mapping[str, tuple[int, int, int]]:
        """Number, start and end of the plan layers of each block that has them, in file order."""
        return self._judged.places

    @property
    def live(self) -> frozenset[str]:
        """The blocks that the output depends on, itself among them; muted ones are not."""
        return self._judged.live

    def source_of(self, weight_layer: int) -> int:
        """The index of the source that holds this weight layer."""
        return max(0, bisect_right(self._source_starts, weight_layer) - 1)

    def set_weight_layer_count(self, n: int | None, source_starts: tuple[int, ...] = (0,)) -> None:
        """Check the plan against a model of `n` weight layers, None for no model.

        `source_starts` is the first weight layer of each source, rising from 0.
        """
        if (n, source_starts) == (self._n_weight_layers, self._source_starts):
            return
        self._n_weight_layers = n
        self._source_starts = source_starts
        self._check()
        self.weight_layers_changed.emit()
        self.problems_changed.emit(self.problems)

    def apply(self, label: str, after: Plan, merge_key: object = None) -> None:
        """Make the plan `after`, as one undo step called `label`.

        An equal `merge_key` that is not None continues the step before. Applying the plan in which
        that step began takes the step back. Raises ValueError when `after` names blocks that are
        not in it or runs in a circle; the plan is then as it was.
        """
        if _is_same(self._plan, after):
            return
        if not _links_alike(self._plan, after):
            _require_sound(after)
        self.undo_stack.push(_Step(self, Change(label, self._plan, after), merge_key))

    def replace_document(self, plan: Plan) -> None:
        """Put in another document, with an empty undo stack. Raises ValueError as `apply` does."""
        _require_sound(plan)
        self.undo_stack.clear()
        self._put(plan)

    def show_document(self, plan: Plan, undo_stack: QUndoStack) -> None:
        """Put in another open document with its steps, which were made from and to `plan`."""
        self._undo_stack = undo_stack
        self.undo_group.setActiveStack(undo_stack)
        self._put(plan)

    def _put(self, plan: Plan) -> None:
        self._plan = plan
        self._check()
        self.replaced.emit()
        self.problems_changed.emit(self.problems)

    def place(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Give positions to blocks nobody placed yet: no undo step, the document stays clean."""
        before = self._plan
        self._plan = edits.move(before, positions)
        if self._plan != before:
            self.changed.emit(Change("Place blocks", before, self._plan))

    def mark_saved(self) -> None:
        """Call the plan as it is now the saved one."""
        self.undo_stack.setClean()

    @property
    def is_clean(self) -> bool:
        """Whether the plan is as it was last saved or opened."""
        return self.undo_stack.isClean()

    def _become(self, change: Change) -> None:
        self._plan = change.after
        if _runs_alike(change):
            self.changed.emit(change)
            return
        before = self.problems
        self._check()
        self.changed.emit(change)
        if self.problems != before:
            self.problems_changed.emit(self.problems)

    def _check(self) -> None:
        """Judge the plan as it is now; one seen lately, as undo brings back, is known already."""
        key = id(self._plan), self._n_weight_layers
        known = self._judgements.get(key)
        if known is None:
            known = self._judgements[key] = _judge(self._plan, self._n_weight_layers)
        self._judgements.move_to_end(key)
        if len(self._judgements) > _N_JUDGED:
            self._judgements.popitem(last=False)
        self._judged = known


class _Judged(NamedTuple):
    """What follows from a plan, which is kept so that its id stays its own."""

    plan: Plan
    problems: tuple[Problem, ...]
    lowered: Lowered | None
    places: Mapping[str, tuple[int, int, int]]
    live: frozenset[str]


def _judge(plan: Plan, n_weight_layers: int | None) -> _Judged:
    active = without_muted(plan)
    block_ids = file_order(active)
    number = {block_id: n for n, block_id in enumerate(block_ids)}
    live = live_blocks(active)
    problems = check_numbered(active, number, live, n_weight_layers)
    lowered = None if errors(problems) else lower_blocks(active, block_ids)
    places, start = {}, 0
    for n, block_id in enumerate(block_ids):
        block = active.blocks[block_id]
        end = start + n_layers_of(block)
        places[block_id] = n, start, end
        start = end
    return _Judged(plan, problems, lowered, places, live)


class _Step(QUndoCommand):
    """One undo step. The first redo makes the change, so that pushing is applying."""

    def __init__(self, editor: PlanEditor, change: Change, merge_key: object) -> None:
        super().__init__(change.label)
        self._editor = editor
        self._change = change
        self._merge_key = merge_key

    def redo(self) -> None:
        self._editor._become(self._change)

    def undo(self) -> None:
        self._editor._become(self._change.inverse)

    def id(self) -> int:
        return -1 if self._merge_key is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._merge_key != self._merge_key:
            return False
        if other._change.before != self._change.after:
            return False
        self._change = self._change.merged_with(other._change)
        self.setObsolete(_is_same(self._change.before, self._change.after))
        return True


def _is_same(plan: Plan, other: Plan) -> bool:
    """Whether two plans are equal, also in the order of the blocks, which the numbers follow."""
    return plan == other and tuple(plan.blocks) == tuple(other.blocks)


def _runs_alike(change: Change) -> bool:
    """Whether the step leaves what runs and what is said about it as they were."""
    before, after = change.before, change.after
    if (before.output, before.sources) != (after.output, after.sources):
        return False
    if tuple(before.blocks) != tuple(after.blocks):
        return False
    return all(_same_but_looks(before.blocks[i], after.blocks[i]) for i in change.changed)


def _same_but_looks(block: Block, other: Block) -> bool:
    """Whether two blocks differ at most in place, in being collapsed and in what no statement
    says, such as a kept sum."""
    kind = kind_of(block)
    if kind is not kind_of(other):
        return False
    looked = replace(block, position=other.position, collapsed=other.collapsed)
    return bool(kind.as_stated(looked) == kind.as_stated(other))


def _links_alike(before: Plan, after: Plan) -> bool:
    """Whether the same blocks are linked in the same way, so that a sound plan is still one."""
    if before.output != after.output or before.blocks.keys() != after.blocks.keys():
        return False
    return all(
        block is before.blocks[i]
        or (block.id == i and links_into(block) == links_into(before.blocks[i]))
        for i, block in after.blocks.items()
    )


def _require_sound(plan: Plan) -> None:
    known = plan.blocks
    if plan.output is not None and plan.output not in known:
        raise ValueError(f"The output names block {plan.output!r}, which is not in the plan.")
    for block_id, block in known.items():
        if block.id != block_id:
            raise ValueError(f"Block {block.id!r} is filed under {block_id!r}.")
        for source in links_into(block):
            if source is not None and source != TOKENS and source not in known:
                raise ValueError(f"Block {block_id!r} names block {source!r}, which is not there.")
    if blocks_on_cycles(plan):
        raise ValueError("The links run in a loop.")
