"""Random hands on a plan's history: no sequence of edits breaks what the format promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.plan import annotating, edits, shaping
from app.plan.change import Change
from app.plan.checks import check_plan
from app.plan.document import TOKENS, Annotation, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.document import links_into as links
from app.plan.lowering import lower
from app.plan.mends import mends_for
from app.plan.muting import heard
from app.plan.ordering import blocks_on_cycles
from app.plan.problem import PlanError, errors
from app.plan.reader import read_plan
from app.plan.templates import TEMPLATES
from app.plan.text_match import matched
from app.plan.text_view import write_text_view
from app.plan.writer import write_document, write_strict

N_LAYERS = 30
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

    @rule(at=picks)
    def cutting_leaves_the_rest_and_joining_undoes_a_split(self, at: int) -> None:
        whole = edits.whole_model(N_LAYERS)
        cut = shaping.cut_layers(whole, "b0", {at % N_LAYERS})
        kept = sum(b.n_layers for b in cut.blocks.values() if isinstance(b, WeightBlock))
        assert kept == N_LAYERS - 1
        halves = edits.set_weights(whole, "b0", 0, 1 + at % (N_LAYERS - 1))
        rest = WeightBlock("b1", 1 + at % (N_LAYERS - 1), N_LAYERS - 1 - at % (N_LAYERS - 1), "b0")
        halves = edits.connect_output(edits.add_block(halves, rest), "b1")
        assert shaping.join(halves, ("b0", "b1")) == whole

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

    @rule(a=picks, port=picks, other=picks, scale=scales, what=st.integers(0, 3))
    def shape_merge(self, a: int, port: int, other: int, scale: float, what: int) -> None:
        merges = [i for i, b in self.plan.blocks.items() if isinstance(b, MergeBlock)]
        if not merges:
            return
        id_ = merges[a % len(merges)]
        at, to = self._port(id_, port), self._port(id_, other)
        edit = (
            lambda: shaping.set_scale(self.plan, id_, at, scale),
            lambda: shaping.swap_inputs(self.plan, id_, at, to),
            lambda: shaping.equalise(self.plan, id_),
            lambda: shaping.set_sums_to_one(self.plan, id_, scale > 0),
        )[what]
        self._apply("Shape", edit)

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
    def mend(self, pick: int) -> None:
        ways = [m for p in check_plan(self.plan, N_LAYERS) for m in mends_for(p, self.plan, 30)]
        if ways:
            self._apply("Mend", lambda: ways[pick % len(ways)].after)

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
        assert read is not None
        self._apply("Reload", lambda: read)

    @invariant()
    def names_only_blocks_it_has_and_has_no_circle(self) -> None:
        known = {TOKENS, None, *self.plan.blocks}
        assert all(k in known for b in self.plan.blocks.values() for k in links(b))
        assert self.plan.output in known - {TOKENS}
        assert not blocks_on_cycles(self.plan)

    @invariant()
    def the_document_says_all_of_it(self) -> None:
        text = write_document(self.plan)
        read = read_plan(text).plan
        assert read is not None
        assert write_document(read) == text
        assert len(read.blocks) == len(self.plan.blocks)
        assert list(read.annotations.values()) == list(self.plan.annotations.values())

    @invariant()
    def what_runs_is_what_strict_text_says(self) -> None:
        if errors(check_plan(self.plan)):
            return
        strict = write_strict(self.plan)
        read = read_plan(strict)
        assert not errors(read.problems)
        assert read.plan is not None
        assert write_strict(read.plan) == strict == write_strict(heard(self.plan))


TestPlanMachine = PlanMachine.TestCase
TestPlanMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
