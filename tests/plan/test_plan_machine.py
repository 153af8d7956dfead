"""Random hands on a plan's history: no sequence of edits breaks what the format promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import app.ui.kinds  # noqa: F401  # the clipboard asks kinds for their sizes
from app.plan import annotating, edits, shaping
from app.plan.change import Change
from app.plan.checks import check_plan
from app.plan.document import TOKENS, Annotation, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.fixes import fixes_for
from app.plan.kinds import links_into as links
from app.plan.lowering import lower
from app.plan.muting import without_muted
from app.plan.ordering import blocks_on_cycles
from app.plan.problem import PlanError, errors
from app.plan.reader import read_plan
from app.plan.templates import TEMPLATES
from app.plan.text_match import matched
from app.plan.text_view import write_text_view
from app.plan.writer import write_document, write_strict
from app.ui.canvas import clipboard
from tests.plan.edited_plans import canonical

N_LAYERS = 30
MOST_BLOCKS = 60
picks = st.integers(0, 50)
scales = st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.25, 1.5])
coordinates = st.floats(-1e6, 1e6)


class PlanMachine(RuleBasedStateMachine):
    """Edits, undo, redo, saving and loading of one plan."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = Plan()
        self.done: list[Change] = []
        self.undone: list[Change] = []

    @initialize(whole=st.booleans())
    def start(self, whole: bool) -> None:
        self.plan = edits.whole_model(N_LAYERS) if whole else Plan()

    def _apply(self, label: str, edit: Callable[[], Plan]) -> None:
        """Take the edit's plan as one step; a refused edit changes nothing."""
        try:
            after = edit()
        except PlanError as error:
            assert all(p.message and p.fix for p in error.problems)
            return
        self.done.append(Change(label, self.plan, after))
        self.undone.clear()
        self.plan = after

    def _id(self, pick: int) -> str:
        ids = tuple(self.plan.blocks)
        return ids[pick % len(ids)] if ids else "none"

    def _port(self, id_: str, pick: int) -> int:
        block = self.plan.blocks.get(id_)
        return pick % len(links(block)) if block else 0

    @rule(start=st.integers(0, 40), n=st.integers(1, 12), source=picks)
    def add_weight(self, start: int, n: int, source: int) -> None:
        link = self._id(source) if source % 3 and self.plan.blocks else TOKENS
        block = WeightBlock(edits.new_id(self.plan), start, n, link)
        self._apply("Add", lambda: edits.add_block(self.plan, block))

    @rule(a=picks, b=picks, scale=scales, lock=st.booleans())
    def add_merge(self, a: int, b: int, scale: float, lock: bool) -> None:
        inputs = tuple(MergeInput(self._id(p) if self.plan.blocks else None, scale) for p in (a, b))
        id_ = edits.new_id(self.plan)
        self._apply(
            "Add",
            lambda: shaping.set_sums_to_one(
                edits.add_block(self.plan, MergeBlock(id_, inputs)), id_, lock
            ),
        )

    @rule(a=picks, b=picks, port=picks)
    def connect(self, a: int, b: int, port: int) -> None:
        to = self._id(b)
        self._apply("Link", lambda: edits.connect(self.plan, self._id(a), to, self._port(to, port)))

    @rule(a=picks)
    def connect_output(self, a: int) -> None:
        self._apply("Link", lambda: edits.connect_output(self.plan, self._id(a)))

    @rule(a=picks, port=picks)
    def disconnect(self, a: int, port: int) -> None:
        id_ = self._id(a)
        self._apply("Unlink", lambda: edits.disconnect(self.plan, id_, self._port(id_, port)))

    @rule(a=picks, heal=st.booleans())
    def remove(self, a: int, heal: bool) -> None:
        self._apply("Delete", lambda: edits.remove(self.plan, (self._id(a),), heal=heal))

    @rule(a=picks, b=picks, port=picks)
    def insert_on_link(self, a: int, b: int, port: int) -> None:
        to = self._id(b)
        self._apply(
            "Insert", lambda: edits.insert_on_link(self.plan, self._id(a), to, self._port(to, port))
        )

    @rule(a=picks, layers=st.sets(st.integers(0, 30), max_size=4))
    def cut(self, a: int, layers: set[int]) -> None:
        self._apply("Cut", lambda: shaping.cut_layers(self.plan, self._id(a), layers))

    @rule(a=picks, at=st.integers(1, 30))
    def join_what_was_cut_apart(self, a: int, at: int) -> None:
        """A block in two, and joined again, is the block it was."""
        block = self.plan.blocks.get(self._id(a))
        if not isinstance(block, WeightBlock) or block.muted or at >= block.n_layers:
            return
        middle = block.weight_start + at
        both = range(middle, block.weight_end)
        head = shaping.cut_layers(self.plan, block.id, both)
        tail = WeightBlock(edits.new_id(head), middle, len(both), block.id)
        users = [
            (id_, port)
            for id_, other in head.blocks.items()
            for port, link in enumerate(links(other))
            if link == block.id
        ]
        halves = edits.add_block(head, tail)
        for id_, port in users:
            halves = edits.connect(halves, tail.id, id_, port)
        if halves.output == block.id:
            halves = edits.connect_output(halves, tail.id)
        assert shaping.joinable(halves, (block.id, tail.id)) == ((block.id, tail.id),)
        assert shaping.join(halves, (block.id, tail.id)) == self.plan

    @rule(a=picks, layers=st.sets(st.integers(0, 30), min_size=1, max_size=4))
    def cut_some_layers(self, a: int, layers: set[int]) -> None:
        """What is cut is gone, and all the rest runs in the order it ran in."""
        block = self.plan.blocks.get(self._id(a))
        if not isinstance(block, WeightBlock):
            return
        after = shaping.cut_layers(self.plan, block.id, layers)
        pieces = [b for i, b in after.blocks.items() if i not in self.plan.blocks or i == block.id]
        ranges = [range(b.weight_start, b.weight_end) for b in pieces if hasattr(b, "n_layers")]
        kept = [n for n in range(block.weight_start, block.weight_end) if n not in layers]
        assert [n for layers_ in ranges for n in layers_] == kept

    @rule()
    def join(self) -> None:
        before = self.plan
        self._apply("Join", lambda: shaping.join(before, tuple(before.blocks)))
        if not errors(check_plan(before)):
            n_layers = lower(before).recipe.n_plan_layers
            assert lower(self.plan).recipe.n_plan_layers == n_layers

    @rule(a=picks, muted=st.booleans(), collapsed=st.booleans())
    def set_state(self, a: int, muted: bool, collapsed: bool) -> None:
        ids = tuple(self.plan.blocks)[: a % 4]
        self._apply("Mute", lambda: shaping.set_muted(self.plan, ids, muted))
        self._apply("Collapse", lambda: shaping.set_collapsed(self.plan, ids, collapsed))

    def _merge(self, pick: int) -> MergeBlock | None:
        merges = [b for b in self.plan.blocks.values() if isinstance(b, MergeBlock)]
        return merges[pick % len(merges)] if merges else None

    def _merge_at(self, id_: str) -> MergeBlock:
        merge = self.plan.blocks[id_]
        assert isinstance(merge, MergeBlock)
        return merge

    @rule(a=picks, port=picks, scale=scales)
    def set_scale(self, a: int, port: int, scale: float) -> None:
        merge = self._merge(a)
        if merge is not None:
            at = port % len(merge.inputs)
            self._apply("Scale", lambda: edits.set_scale(self.plan, merge.id, at, scale))
            after = self._merge_at(merge.id)
            assert after.inputs[at].scale == scale
            others = [i for n, i in enumerate(after.inputs) if n != at]
            if not merge.sums_to_one:
                assert others == [i for n, i in enumerate(merge.inputs) if n != at]

    @rule(a=picks, port=picks, other=picks)
    def swap(self, a: int, port: int, other: int) -> None:
        merge = self._merge(a)
        if merge is not None:
            at, to = port % len(merge.inputs), other % len(merge.inputs)
            self._apply("Swap", lambda: edits.swap_inputs(self.plan, merge.id, at, to))
            after = self._merge_at(merge.id)
            expected = list(links(merge))
            expected[at], expected[to] = expected[to], expected[at]
            assert list(links(after)) == expected
            assert [i.scale for i in after.inputs] == [i.scale for i in merge.inputs]

    @rule(a=picks)
    def equalise(self, a: int) -> None:
        merge = self._merge(a)
        if merge is not None:
            self._apply("Equalise", lambda: shaping.equalise(self.plan, merge.id))
            share = 1.0 / len(merge.inputs)
            assert {i.scale for i in self._merge_at(merge.id).inputs} == {share}

    @rule(a=picks, on=st.booleans())
    def keep_the_sum(self, a: int, on: bool) -> None:
        merge = self._merge(a)
        if merge is not None:
            self._apply("Lock", lambda: shaping.set_sums_to_one(self.plan, merge.id, on))
            assert self._merge_at(merge.id).sums_to_one == on
            assert links(self._merge_at(merge.id)) == links(merge)

    @rule(a=picks, scale=scales, port=picks, more=st.booleans())
    def more_or_fewer_inputs(self, a: int, scale: float, port: int, more: bool) -> None:
        merge = self._merge(a)
        if merge is not None:
            at = port % len(merge.inputs)
            edit = (
                lambda: edits.remove_input(self.plan, merge.id, at),
                lambda: edits.add_input(self.plan, merge.id, TOKENS, scale),
            )[more]
            self._apply("Inputs", edit)

    @rule(pick=picks, own=st.booleans(), some=st.sets(picks, min_size=1, max_size=6))
    def paste(self, pick: int, own: bool, some: set[int]) -> None:
        """Put in what was copied from this plan or another one; what was there stays as it was."""
        made = TEMPLATES[pick % len(TEMPLATES)]
        values = {n.name: n.default(N_LAYERS) for n in made.numbers}
        source = self.plan if own else made.make(N_LAYERS, values)
        copied = {i for n, i in enumerate((*source.blocks, *source.annotations)) if n in some}
        before = self.plan
        if not copied or len(before.blocks) > MOST_BLOCKS:
            return
        text = clipboard.text_of(source, copied)
        self._apply("Paste", lambda: clipboard.with_text(before, text, None)[0])
        assert {i: self.plan.blocks[i] for i in before.blocks} == before.blocks
        new = {i: b for i, b in self.plan.blocks.items() if i not in before.blocks}
        n_marks = len(self.plan.annotations) - len(before.annotations)
        assert len(new) + n_marks == len(copied)
        assert {k for b in new.values() for k in links(b)} <= {TOKENS, None, *new}
        assert self.plan.output == before.output

    @rule(kind=st.sampled_from(["frame", "note"]), text=st.text(max_size=8), x=coordinates)
    def annotate(self, kind: str, text: str, x: float) -> None:
        id_ = annotating.new_annotation_id(self.plan)
        note = Annotation(id_, "frame" if kind == "frame" else "note", text, (x, 0.0), (90.0, 60.0))
        self._apply("Note", lambda: annotating.add_annotation(self.plan, note))

    @rule(pick=picks)
    def template(self, pick: int) -> None:
        made = TEMPLATES[pick % len(TEMPLATES)]
        values = {n.name: n.default(N_LAYERS) for n in made.numbers}
        self._apply("Template", lambda: made.make(N_LAYERS, values))

    @rule(pick=picks)
    def fix(self, pick: int) -> None:
        ways = [m for p in check_plan(self.plan, N_LAYERS) for m in fixes_for(p, self.plan, 30)]
        if ways:
            self._apply("Fix", lambda: ways[pick % len(ways)].after)

    @rule()
    def edit_nothing_in_the_text(self) -> None:
        read = read_plan(write_text_view(self.plan).text).plan
        if read is not None:
            assert replace(matched(read, self.plan).plan, comments=()).blocks.keys() == (
                self.plan.blocks.keys()
            )

    @rule()
    def undo(self) -> None:
        if self.done:
            change = self.done.pop()
            assert change.inverse.before == self.plan
            self.plan = change.inverse.after
            self.undone.append(change)

    @rule()
    def redo(self) -> None:
        if self.undone:
            change = self.undone.pop()
            assert change.before == self.plan
            self.plan = change.after
            self.done.append(change)

    @rule()
    def save_and_load(self) -> None:
        read = read_plan(write_document(self.plan)).plan
        assert read == canonical(self.plan)
        self._apply("Reload", lambda: read)

    @invariant()
    def names_only_blocks_it_has_and_has_no_circle(self) -> None:
        known = {TOKENS, None, *self.plan.blocks}
        assert all(k in known for b in self.plan.blocks.values() for k in links(b))
        assert self.plan.output in known - {TOKENS}
        assert not blocks_on_cycles(self.plan)

    @invariant()
    def a_sum_that_is_kept_is_1(self) -> None:
        for block in self.plan.blocks.values():
            if isinstance(block, MergeBlock) and block.sums_to_one:
                assert abs(sum(i.scale for i in block.inputs) - 1.0) < 1e-9

    @invariant()
    def the_document_says_all_of_it(self) -> None:
        text = write_document(self.plan)
        read = read_plan(text).plan
        assert read == canonical(self.plan)
        assert write_document(read) == text

    @invariant()
    def what_runs_is_what_strict_text_says(self) -> None:
        if errors(check_plan(self.plan)):
            return
        strict = write_strict(self.plan)
        read = read_plan(strict)
        assert not errors(read.problems)
        assert read.plan is not None
        assert write_strict(read.plan) == strict == write_strict(without_muted(self.plan))


TestPlanMachine = PlanMachine.TestCase
TestPlanMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
