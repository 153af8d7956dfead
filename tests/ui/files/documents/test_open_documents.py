"""Any sequence of opening, showing, editing, moving and closing keeps every plan and its steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.plan import edits
from app.plan.document import Plan
from app.plan.edits import whole_model
from app.ui.state.document import Document
from app.ui.state.editor import PlanEditor
from app.ui.state.open_documents import OpenDocuments

NUMBERS = st.integers(0, 9)


@dataclass
class Expected:
    """What a document must hold: its plan after each step, where it stands, which one is saved."""

    plans: list[Plan]
    at: int = 0
    saved: int | None = field(default=0)


class Tabs(RuleBasedStateMachine):
    """The documents beside a plain list of what they must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.editor = PlanEditor()
        self.documents = OpenDocuments(self.editor)
        self.expected: dict[Document, Expected] = {self.documents.active: Expected([Plan()])}
        self.heard = 0
        self.documents.changed.connect(self._hear)

    def _hear(self) -> None:
        self.heard += 1

    def _pick(self, number: int) -> Document:
        return self.documents.all[number % len(self.documents.all)]

    def _forget_closed(self) -> None:
        self.expected = {d: e for d, e in self.expected.items() if d in self.documents.all}
        for document in self.documents.all:
            self.expected.setdefault(document, Expected([Plan()]))

    @rule(n_layers=st.integers(1, 30), is_dirty=st.booleans())
    def open(self, n_layers: int, is_dirty: bool) -> None:
        plan = whole_model(n_layers)
        document = self.documents.add(plan, is_dirty=is_dirty)
        self.expected[document] = Expected([plan], saved=None if is_dirty else 0)
        self._forget_closed()

    @rule(number=NUMBERS)
    def show(self, number: int) -> None:
        document = self._pick(number)
        self.documents.show(document)
        assert self.documents.active is document

    @rule(step=st.sampled_from((-1, 1)))
    def show_neighbour(self, step: int) -> None:
        here = self.documents.all.index(self.documents.active)
        self.documents.show_neighbour(step)
        wanted = self.documents.all[(here + step) % len(self.documents.all)]
        assert self.documents.active is wanted

    @rule(title=st.text("ab", min_size=1, max_size=3))
    def edit(self, title: str) -> None:
        plan = self.editor.plan
        if not plan.blocks:
            return
        after = edits.rename(plan, next(iter(plan.blocks)), title)
        self.editor.apply("Rename", after)
        if after != plan:
            expected = self.expected[self.documents.active]
            if expected.saved is not None and expected.saved > expected.at:
                expected.saved = None
            expected.plans[expected.at + 1 :] = [after]
            expected.at += 1

    @rule()
    def undo(self) -> None:
        expected = self.expected[self.documents.active]
        self.editor.undo_stack.undo()
        expected.at = max(0, expected.at - 1)

    @rule()
    def redo(self) -> None:
        expected = self.expected[self.documents.active]
        self.editor.undo_stack.redo()
        expected.at = min(len(expected.plans) - 1, expected.at + 1)

    @rule()
    def save(self) -> None:
        self.editor.mark_saved()
        expected = self.expected[self.documents.active]
        expected.saved = expected.at

    @rule(start=NUMBERS, end=NUMBERS)
    def move(self, start: int, end: int) -> None:
        n = len(self.documents.all)
        shown = self.documents.active
        self.documents.move(start % n, end % n)
        assert self.documents.active is shown

    @rule(number=NUMBERS)
    def close(self, number: int) -> None:
        document = self._pick(number)
        self.documents.remove(document)
        assert document not in self.documents.all
        self._forget_closed()

    @invariant()
    def every_document_is_as_it_was_left(self) -> None:
        documents = self.documents
        assert documents.all
        assert documents.active in documents.all
        assert len(set(documents.all)) == len(documents.all)
        assert self.editor.undo_stack is documents.active.undo_stack
        assert self.editor.undo_group.activeStack() is documents.active.undo_stack
        for document in documents.all:
            expected = self.expected[document]
            assert documents.plan_of(document) == expected.plans[expected.at]
            assert document.is_dirty == (expected.saved != expected.at)

    def teardown(self) -> None:
        self.documents.forget()
        for document in self.documents.all:
            document.undo_stack.clear()


@pytest.mark.usefixtures("qapp")
def test_tabs_keep_every_plan_and_its_steps() -> None:
    run_state_machine_as_test(Tabs)


@pytest.mark.usefixtures("qapp")
def test_an_untouched_plan_makes_room_and_a_changed_one_does_not() -> None:
    editor = PlanEditor()
    documents = OpenDocuments(editor)
    documents.add(whole_model(4))
    assert len(documents.all) == 1
    editor.apply("Rename", edits.rename(editor.plan, next(iter(editor.plan.blocks)), "Mine"))
    documents.add(whole_model(5))
    assert len(documents.all) == 2
    documents.forget()
