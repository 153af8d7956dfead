"""The search palette of the canvas: what can be added at the pointer or at the end of a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QAction, QKeySequence

from app.plan.document import LAYER_LIMIT, TOKENS, MergeBlock, Plan
from app.plan.edits import MAX_MERGE_INPUTS
from app.plan.templates import Template
from app.ui.canvas import Canvas
from app.ui.canvas.annotations import commands as framing
from app.ui.canvas.faces import range_text, title_of
from app.ui.canvas.gestures.drag_link import why_not, with_link
from app.ui.canvas.links import LinkKey
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.surface import Pointer
from app.ui.palette.entry import Entry
from app.ui.palette.kinds import MERGE, WEIGHT, KindWords
from app.ui.palette.linked_blocks import (
    LooseEnd,
    free_input,
    layers_at,
    with_merge_block,
    with_weight_block,
)
from app.ui.palette.matching import ranked

if TYPE_CHECKING:
    from app.ui.palette.search_popup import SearchPopup

AskTemplate = Callable[[Template, QPointF], object]

_RANGE = re.compile(r"(?:layers?\s*)?(\d{1,6})(?:\s*(?:-|–|\.\.+|to)\s*(\d{1,6}))?")
_INPUTS = re.compile(r"(?:merge|sum|blend|mix|add)\D{0,12}(\d{1,3})\D{0,8}|(\d{1,3}) inputs?")
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
        return self._offer(at, LooseEnd(), "Add to the plan")

    def offer_for_link(
        self, at: Pointer, source: str | None, target: LinkKey | None
    ) -> SearchPopup:
        """Offer what a link from `source`, or into `target`, can end in where it was dropped.

        The link is seen there as long as this is open.
        """
        name = "Link to something new" if target is None else "Link from something new"
        popup = self._offer(at, LooseEnd(source, target), name)
        self._canvas.dropped_link.show(at.scene, source, target)
        popup.closed.connect(self._canvas.dropped_link.hide)
        return popup

    def _offer(self, at: Pointer, loose: LooseEnd, name: str) -> SearchPopup:
        from app.ui.palette.search_popup import SearchPopup

        offers = _Offers(self._canvas, at, loose, self._templates, self._ask_template)
        nothing = "Nothing that can be added here is called so."
        popup = SearchPopup(self._canvas, name, _HINT, offers.found, nothing)
        popup.open_at(self._canvas.viewport().mapToGlobal((at.view + _NEAR).toPoint()))
        return popup


class _Offers:
    """What can be added at one place, as entries that do it in one undo step."""

    def __init__(
        self,
        canvas: Canvas,
        at: Pointer,
        loose: LooseEnd,
        templates: Sequence[Template],
        ask_template: AskTemplate,
    ) -> None:
        self._canvas = canvas
        self._at = at
        self._loose = loose
        self._templates = templates
        self._ask_template = ask_template
        linked = loose.source is not None or loose.target is not None
        self._fixed = self._for_link() if linked else self._for_place()

    def found(self, typed: str) -> list[Entry]:
        """What the typed words ask for, best first."""
        return [*self._from_numbers(typed), *ranked(self._fixed, typed)]

    def _for_place(self) -> list[Entry]:
        commands = self._canvas.commands
        at = self._at.scene
        return [
            self._kind(WEIGHT, partial(self._canvas.add_block, "weight", at), commands.add_weight),
            self._kind(MERGE, partial(self._canvas.add_block, "merge", at), commands.add_merge),
            self._frame(),
            Entry(
                "Note",
                "Words beside the blocks, for whoever reads the plan.",
                "add-note",
                partial(framing.add_note, self._canvas, at),
                _key_of(commands.annotations.add_note),
                ("comment", "remark", "text"),
            ),
            *self._from_templates(),
        ]

    def _kind(self, words: KindWords, run: Callable[[], object], action: QAction) -> Entry:
        return Entry(words.name, words.sentence, words.icon, run, _key_of(action), words.also)

    def _frame(self) -> Entry:
        """A frame around what is selected, or an empty one here."""
        also = ("group", "box", "section")
        key = _key_of(self._canvas.commands.annotations.frame)
        if self._canvas.plan_scene.selection():
            words = "A titled area behind all that is selected; it takes them along."
            run = partial(framing.frame_selection, self._canvas)
            return Entry("Frame around the selection", words, "frame", run, key, also)
        words = "A titled area behind blocks; what stands in it moves with it."
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
        start, n_layers = layers_at(plan, self._canvas.editor.n_weight_layers, loose)
        weight = f"A new block on weight layers {range_text(start, start + n_layers)}, linked."
        merge = "A new sum of several blocks, linked."
        if loose.source is not None:
            merge = "A new sum whose first input this is."
        add_weight = partial(self._add_layers, start, n_layers)
        add_merge = partial(self._add_merge, 2)
        entries = [
            Entry(WEIGHT.name, weight, WEIGHT.icon, add_weight, also=WEIGHT.also),
            Entry(MERGE.name, merge, MERGE.icon, add_merge, also=MERGE.also),
        ]
        if loose.source is not None:
            return [*entries, *self._merges(plan, loose.source), *self._output(plan, loose.source)]
        assert loose.target is not None
        if why_not(plan, TOKENS, loose.target) is None:
            words = "What the model's first layer would get."
            run = partial(self._link, TOKENS, loose.target)
            entries.append(Entry("Tokens", words, "tokens", run, also=("input", "embeddings")))
        return entries

    def _merges(self, plan: Plan, source: str) -> list[Entry]:
        """The merges with an input that waits for a link."""
        entries = []
        for block in plan.blocks.values():
            port = free_input(block) if isinstance(block, MergeBlock) else None
            if port is not None and why_not(plan, source, (block.id, port)) is None:
                number = self._canvas.editor.number(block.id)
                title = title_of(block) if number is None else f"{number}  {title_of(block)}"
                run = partial(self._link, source, (block.id, port))
                words = f"Input {port + 1} of this merge is free."
                entries.append(Entry(title, words, "merge-block", run, also=("merge",)))
        return entries

    def _output(self, plan: Plan, source: str) -> list[Entry]:
        if why_not(plan, source, OUTPUT_LINK) is not None:
            return []
        words = "What the plan says in the end."
        if plan.output is not None:
            words = f"In the place of “{title_of(plan.blocks[plan.output])}”."
        run = partial(self._link, source, OUTPUT_LINK)
        return [Entry("Output", words, "output", run, also=("end", "head"))]

    def _from_numbers(self, typed: str) -> list[Entry]:
        """The block that is meant by layers such as 22-29, or by a merge's number of inputs."""
        inputs = _INPUTS.fullmatch(typed.casefold())
        if inputs is not None:
            n_inputs = max(2, min(int(inputs[1] or inputs[2]), MAX_MERGE_INPUTS))
            words = "Adds up what they put out, each by its own scale."
            title = f"Merge block with {n_inputs} inputs"
            return [Entry(title, words, "merge-block", partial(self._add_merge, n_inputs))]
        layers = _RANGE.fullmatch(typed.casefold())
        if layers is None:
            return []
        first, last = sorted((int(layers[1]), int(layers[2] or layers[1])))
        n = self._canvas.editor.n_weight_layers
        end = LAYER_LIMIT if n is None else n
        if first >= end:
            return []
        stop = min(last + 1, end)
        words = "Runs them one after the other."
        if stop <= last:
            words = f"The last layer there is is {end - 1}."
        title = f"Weight block on layer{'s' if stop - first > 1 else ''} {range_text(first, stop)}"
        run = partial(self._add_layers, first, stop - first)
        return [Entry(title, words, "weight-block", run)]

    def _add_layers(self, start: int, n_layers: int) -> None:
        plan = self._canvas.editor.plan
        after, block_id = with_weight_block(plan, start, n_layers, self._at.scene, self._loose)
        self._apply("Add weight block", after, block_id)

    def _add_merge(self, n_inputs: int) -> None:
        plan, selected = self._canvas.editor.plan, self._canvas.selected_ids()
        sources = selected if self._loose == LooseEnd() and len(selected) > 1 else ()
        after, block_id = with_merge_block(plan, n_inputs, sources, self._at.scene, self._loose)
        self._apply("Add merge block", after, block_id)

    def _link(self, source: str, target: LinkKey) -> None:
        editor = self._canvas.editor
        editor.apply("Add link", with_link(editor.plan, source, target))

    def _apply(self, label: str, after: Plan, block_id: str) -> None:
        self._canvas.editor.apply(label, after)
        self._canvas.plan_scene.select((block_id,))
        self._canvas.setFocus()


def _key_of(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
