"""Find a block, a frame or a note: a popup that lists them and shows each as one moves."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF

from app.plan.document import Annotation, Block
from app.plan.layer_ranges import ends_in
from app.ui.canvas import Canvas
from app.ui.palette.entries import Entry, ranked
from app.ui.state.block_kinds import kind_ui, layer_range, title_of
from app.ui.state.document import ViewState

if TYPE_CHECKING:
    from app.ui.palette.search_popup import SearchPopup

_LAYERS = re.compile(r"^(?:weight )?layers?(?=[\s\d])")
_NUMBER = re.compile(r"(?:block\s*)?(\d{1,6})")
_MARGIN = 16


class FindBlock(QObject):
    """Opens the popup. Enter keeps what is shown, Escape goes back to where one looked."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas

    def open(self) -> SearchPopup:
        """Search the plan's blocks, frames and notes from the top of the canvas."""
        from app.ui.palette.search_popup import SearchPopup

        canvas = self._canvas
        canvas.keep_view()
        state = canvas.view_state()
        blocks = _Blocks(canvas)
        popup = SearchPopup(
            canvas,
            "Find a block",
            "Title, number, “layer 17”, muted, unused, problem",
            blocks.found,
            "No block matches." if canvas.editor.plan.blocks else "This plan has no blocks yet.",
        )
        popup.moved_to.connect(lambda entry: self._show(popup, blocks.id_of(entry)))
        popup.escaped.connect(lambda: self._go_back(state))
        room = canvas.viewport().rect()
        popup.open_at(
            canvas.viewport().mapToGlobal(
                QPoint(room.center().x() - popup.width() // 2, room.top() + _MARGIN)
            )
        )
        return popup

    def _show(self, popup: SearchPopup, block_id: str | None) -> None:
        """Bring the block into sight, beside the popup."""
        canvas = self._canvas
        if block_id is None:
            return
        bounds = canvas.plan_scene.bounds_of((block_id,))
        canvas.plan_scene.select((block_id,))
        canvas.bring_into_sight(bounds)
        viewport = canvas.viewport()
        on_screen = canvas.viewportTransform().mapRect(bounds)
        popup_area = popup.geometry().translated(-viewport.mapToGlobal(QPoint()))
        if on_screen.intersects(popup_area.toRectF()):
            down = popup_area.bottom() + _MARGIN - on_screen.top()
            canvas.pan_by(QPointF(0.0, float(down)))

    def _go_back(self, state: ViewState | None) -> None:
        if state is not None:
            self._canvas.restore_view(state)


class _Blocks:
    """The blocks as entries, in the order of their numbers, and then the frames and notes."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        editor = canvas.editor
        self._live = editor.live
        self._wrong = {p.block_id for p in editor.problems if p.code != "unused"}
        self._numbers = {i: editor.number(i) for i in editor.plan.blocks}
        last = len(self._numbers)
        ids = sorted(self._numbers, key=lambda i: last if (n := self._numbers[i]) is None else n)
        self._entries = {i: self._entry(editor.plan.blocks[i]) for i in ids}
        self._entries |= {i: self._remark(a) for i, a in editor.plan.annotations.items()}
        self._ids = {id(entry): i for i, entry in self._entries.items()}

    def found(self, text: str) -> list[Entry]:
        """The blocks that are meant: by weight layer, by a word for their state, or by name."""
        words = text.casefold()
        numbers = _LAYERS.sub("", words, count=1)
        ends = ends_in(numbers)
        if ends is not None and not words.strip().isdigit():  # a number alone is a block's
            first, last = sorted(ends)
            return [e for i, e in self._entries.items() if self._borrows(i, first, last)]
        number = _NUMBER.fullmatch(words)
        if number is not None:
            return [
                entry
                for i, entry in self._entries.items()
                if str(self._numbers.get(i)).startswith(number[1])
            ]
        matches = [e for e in self._entries.values() if len(words) > 2 and _says(e, words)]
        return matches or ranked(self._entries.values(), text)

    def id_of(self, entry: Entry | None) -> str | None:
        """The block that an entry stands for."""
        return self._ids.get(id(entry))

    def _borrows(self, block_id: str, first: int, last: int) -> bool:
        block = self._canvas.editor.plan.blocks.get(block_id)
        layers = None if block is None else layer_range(block)
        return layers is not None and layers.start <= last and layers.stop > first

    def _entry(self, block: Block) -> Entry:
        states, number = self._states(block), self._numbers[block.id]
        title = title_of(block) if number is None else f"{number}  {title_of(block)}"
        kind, run = kind_ui(block), partial(self._keep, block.id)
        words = (kind.short_words(self._canvas.editor, block), *states)
        return Entry(title, " · ".join(words), kind.icon, run, also=tuple(states))

    def _remark(self, annotation: Annotation) -> Entry:
        lines = annotation.text.split("\n", 1)
        icon, kind = ("frame", "Frame") if annotation.kind == "frame" else ("add-note", "Note")
        title = lines[0].strip() or kind
        run = partial(self._keep, annotation.id)
        return Entry(title, kind.lower(), icon, run, also=(kind.lower(),))

    def _keep(self, id_: str) -> None:
        """Leave what was chosen selected and in sight, and give the canvas the keys."""
        self._canvas.plan_scene.select((id_,))
        self._canvas.bring_into_sight(self._canvas.plan_scene.bounds_of((id_,)))
        self._canvas.setFocus()

    def _states(self, block: Block) -> list[str]:
        states = []
        if block.muted:
            states.append("muted")
        elif block.id not in self._live:
            states.append("unused")
        return [*states, "problem"] if block.id in self._wrong else states


def _says(entry: Entry, words: str) -> bool:
    return any(word.startswith(words) for word in entry.also)
