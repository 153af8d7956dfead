"""What becomes of a template: its numbers are asked, and its plan is opened or inserted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QWidget

from app.plan import edits
from app.plan.document import Plan
from app.plan.templates import Template
from app.plan.writer import write_document
from app.ui.canvas import Canvas, clipboard
from app.ui.canvas.grid import inside
from app.ui.canvas.shapes import shape_of

if TYPE_CHECKING:
    from app.ui.palette.template_dialog import MemoryWords, TemplateDialog

_STEP = 24.0
_AROUND = (-_STEP, -_STEP, _STEP, _STEP)


class Templates(QObject):
    """Opens the dialog of a template over a window."""

    def __init__(
        self,
        window: QWidget,
        canvas: Canvas,
        put_new: Callable[[Plan], object],
        memory_words: MemoryWords,
    ) -> None:
        """`put_new` opens a plan as a new document; `memory_words` says what a plan will need."""
        super().__init__(window)
        self._window = window
        self._canvas = canvas
        self._put_new = put_new
        self._memory_words = memory_words

    def ask_for_new(self, template: Template) -> TemplateDialog:
        """Ask for the template's numbers, to make a new plan first of all."""
        return self._ask(template, None, inserts=False)

    def ask_to_insert(self, template: Template, at: QPointF | None = None) -> TemplateDialog:
        """Ask for them, to insert the blocks at a point of the scene or where one looks."""
        return self._ask(template, at, inserts=True)

    def _ask(self, template: Template, at: QPointF | None, *, inserts: bool) -> TemplateDialog:
        from app.ui.palette.template_dialog import ModelLayers, TemplateDialog

        editor = self._canvas.editor
        layers = ModelLayers(editor.n_weight_layers, editor.source_starts)
        dialog = TemplateDialog(self._window, template, layers, self._memory_words, inserts=inserts)
        dialog.new_wanted.connect(self._put_new)
        dialog.insert_wanted.connect(lambda built: self._insert(template, built, at))
        dialog.open()
        return dialog

    def _insert(self, template: Template, built: Plan, at: QPointF | None) -> None:
        canvas = self._canvas
        centre = canvas.seen_rect().center() if at is None else at
        after, ids = with_inserted(canvas.editor.plan, built, centre)
        canvas.editor.apply(f"Insert {template.title.lower()}", after)
        canvas.plan_scene.select(ids)
        if not canvas.seen_rect().contains(canvas.plan_scene.bounds_of(ids)):
            canvas.fit_selection()
        canvas.setFocus()


def with_inserted(plan: Plan, built: Plan, centre: QPointF) -> tuple[Plan, tuple[str, ...]]:
    """The plan with the blocks of another one around a point, below what stands there; their ids.

    An empty plan becomes the other one, linked to the output as that is.
    """
    if not plan.blocks:
        return replace(plan, blocks=built.blocks, output=built.output), tuple(built.blocks)
    insertion = clipboard.with_text(plan, write_document(built), centre)
    assert insertion is not None
    after, ids = insertion
    rects = [_rect_of(after, i).adjusted(*_AROUND) for i in plan.blocks]
    whole = QRectF()
    for block_id in ids:
        whole |= _rect_of(after, block_id)
    down = 0.0
    while any(rect.intersects(whole.translated(0, down)) for rect in rects):
        down += _STEP
    corners = {i: _rect_of(after, i).topLeft() for i in ids}
    return edits.move(after, {i: inside(c.x(), c.y() + down) for i, c in corners.items()}), ids


def _rect_of(plan: Plan, block_id: str) -> QRectF:
    block = plan.blocks[block_id]
    return QRectF(QPointF(*(block.position or (0.0, 0.0))), shape_of(block).rect.size())
