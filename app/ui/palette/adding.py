"""The search palette of the canvas: what can be added at the pointer or at the end of a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QAction, QKeySequence

from app.plan import edits
from app.plan.document import TOKENS, Plan
from app.plan.templates import Template
from app.ui.canvas import Canvas
from app.ui.canvas.annotations import commands as framing
from app.ui.canvas.gestures.drag_link import why_not, with_link
from app.ui.canvas.links import LinkKey
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.surface import Pointer
from app.ui.palette.entries import Entry, ranked
from app.ui.palette.linked_blocks import free_input, with_linked_block
from app.ui.state.block_kinds import BlockKindUi, LinkEnd, Proposal, kind_ui, kind_uis, title_of

if TYPE_CHECKING:
    from app.ui.palette.search_popup import SearchPopup

AskTemplate = Callable[[Template, QPointF], object]

_HINT = "Search, or type layers such as 22-29"
_NEAR = QPointF(8, 8)


class AddingPalette(QObject):
    """Opens the popup when the canvas asks for something to add."""

    def __init__(
        self, canvas: Canvas, templates: Sequence[Template], ask_template: AskTemplate
    ) -> None:
        """`ask_template` asks for a template's numbers and inserts it at a point of the scene."""
        super().__init__(canvas)
        self._canvas = canvas
        self._templates = templates
        self._ask_template = ask_template
        canvas.add_wanted.connect(self.offer_all)
        canvas.block_wanted.connect(self.offer_for_link)

    def offer_all(self, at: Pointer) -> SearchPopup:
        """Offer everything that can be added, at the pointer."""
        return self._offer(at, LinkEnd(), "Add to the plan")

    def offer_for_link(
        self, at: Pointer, source: str | None, target: LinkKey | None
    ) -> SearchPopup:
        """Offer what a link from `source`, or into `target`, can end in where it was dropped.

        The link is seen there as long as this is open.
        """
        name = "Link to something new" if target is None else "Link from something new"
        popup = self._offer(at, LinkEnd(source, target), name)
        self._canvas.dropped_link.show(at.scene, source, target)
        popup.closed.connect(self._canvas.dropped_link.hide)
        return popup

    def _offer(self, at: Pointer, loose: LinkEnd, name: str) -> SearchPopup:
        from app.ui.palette.search_popup import SearchPopup

        offers = _Offers(self._canvas, at, loose, self._templates, self._ask_template)
        nothing = "Nothing that can be added here matches."
        popup = SearchPopup(self._canvas, name, _HINT, offers.found, nothing)
        popup.open_at(self._canvas.viewport().mapToGlobal((at.view + _NEAR).toPoint()))
        return popup


class _Offers:
    """What can be added at one place, as entries that do it in one undo step."""

    def __init__(
        self,
        canvas: Canvas,
        at: Pointer,
        loose: LinkEnd,
        templates: Sequence[Template],
        ask_template: AskTemplate,
    ) -> None:
        self._canvas = canvas
        self._at = at
        self._loose = loose
        self._templates = templates
        self._ask_template = ask_template
        has_link = loose.source is not None or loose.target is not None
        self._entries = self._for_link() if has_link else self._for_place()

    def found(self, text: str) -> list[Entry]:
        """What the typed words ask for, best first."""
        return [*self._from_numbers(text), *ranked(self._entries, text)]

    def _for_place(self) -> list[Entry]:
        commands, at = self._canvas.commands, self._at.scene
        return [
            *(self._kind(kind) for kind in kind_uis()),
            self._frame(),
            Entry(
                "Note",
                "Text beside the blocks, for readers of the plan.",
                "add-note",
                partial(framing.add_note, self._canvas, at),
                _key_of(commands.annotations.add_note),
                ("comment", "remark", "text"),
            ),
            *self._from_templates(),
        ]

    def _kind(self, kind: BlockKindUi) -> Entry:
        key = _key_of(self._canvas.commands.add_kind[kind.name])
        run = partial(self._canvas.add_block, kind.name, self._at.scene)
        return Entry(kind.title, kind.sentence, kind.icon, run, key, kind.search_words)

    def _frame(self) -> Entry:
        """A frame around what is selected, or an empty one here."""
        also = ("group", "box", "section")
        key = _key_of(self._canvas.commands.annotations.frame)
        if self._canvas.plan_scene.selection():
            words = "A titled area behind the selection, which moves with it."
            run = partial(framing.frame_selection, self._canvas)
            return Entry("Frame around the selection", words, "frame", run, key, also)
        words = "A titled area behind blocks; what is in it moves with it."
        run = partial(framing.add_frame, self._canvas, self._at.scene)
        return Entry("Frame", words, "frame", run, also=also)

    def _from_templates(self) -> list[Entry]:
        return [
            Entry(
                f"{template.title} …",
                template.sentence,
                "template",
                partial(self._ask_template, template, self._at.scene),
                also=("insert template",),
            )
            for template in self._templates
        ]

    def _for_link(self) -> list[Entry]:
        """A new block and the ends and merges there are, as far as the link may lead there."""
        plan, loose = self._canvas.editor.plan, self._loose
        id_ = edits.new_id(plan)
        entries = [
            self._proposed(kind, kind.for_link(self._canvas.editor, id_, loose))
            for kind in kind_uis()
        ]
        if loose.source is not None:
            return [
                *entries,
                *self._free_inputs(plan, loose.source),
                *self._output(plan, loose.source),
            ]
        assert loose.target is not None
        if why_not(plan, TOKENS, loose.target) is None:
            words = "The token input: what the model's first layer gets."
            run = partial(self._link, TOKENS, loose.target)
            entries.append(Entry("Tokens", words, "tokens", run, also=("input", "embeddings")))
        return entries

    def _proposed(self, kind: BlockKindUi, proposal: Proposal) -> Entry:
        """The entry that adds a block as its kind proposes it."""
        run = partial(self._add, kind, proposal)
        title, sentence = proposal.title, proposal.sentence
        return Entry(title, sentence, kind.icon, run, also=kind.search_words)

    def _free_inputs(self, plan: Plan, source: str) -> list[Entry]:
        """The blocks of several inputs with one that waits for a link."""
        entries = []
        for block in plan.blocks.values():
            kind = kind_ui(block)
            port = None if kind.inputs is None else free_input(block)
            if port is not None and why_not(plan, source, (block.id, port)) is None:
                number = self._canvas.editor.number(block.id)
                title = title_of(block) if number is None else f"{number}  {title_of(block)}"
                run = partial(self._link, source, (block.id, port))
                words = f"Input {port + 1} of this {kind.name} is free."
                entries.append(Entry(title, words, kind.icon, run, also=(kind.name,)))
        return entries

    def _output(self, plan: Plan, source: str) -> list[Entry]:
        if why_not(plan, source, OUTPUT_LINK) is not None:
            return []
        words = "The output of the plan."
        if plan.output is not None:
            words = f"Instead of “{title_of(plan.blocks[plan.output])}”."
        run = partial(self._link, source, OUTPUT_LINK)
        return [Entry("Output", words, "output", run, also=("end", "head"))]

    def _from_numbers(self, text: str) -> list[Entry]:
        """The blocks that are meant by layers such as 22-29, or by a number of inputs."""
        editor, selected = self._canvas.editor, self._canvas.selected_ids()
        sources = selected if self._loose == LinkEnd() and len(selected) > 1 else ()
        id_, words = edits.new_id(editor.plan), text.casefold()
        readings = ((kind, kind.from_words(editor, id_, words, sources)) for kind in kind_uis())
        return [self._proposed(kind, found) for kind, found in readings if found is not None]

    def _add(self, kind: BlockKindUi, proposal: Proposal) -> None:
        canvas, block = self._canvas, proposal.block
        after = with_linked_block(canvas.editor.plan, block, self._at.scene, self._loose)
        canvas.editor.apply(f"Add {kind.title.lower()}", after)
        canvas.plan_scene.select((block.id,))
        canvas.setFocus()

    def _link(self, source: str, target: LinkKey) -> None:
        editor = self._canvas.editor
        editor.apply("Add link", with_link(editor.plan, source, target))


def _key_of(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
