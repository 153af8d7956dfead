"""Typing a frame's title or a note's text where it stands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFont, QKeyEvent, QPalette
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from app.plan import annotating
from app.ui.canvas.annotations.painting import NOTE_PAD, note_fill
from app.ui.canvas.annotations.shapes import rect_of, title_of
from app.ui.canvas.inline_edit import FieldCloser, InlineEdit, font_at, is_enter
from app.ui.canvas.surface import GestureSurface

_LEAST_WIDTH, _LEAST_HEIGHT = 160.0, 64.0


def type_text(canvas: GestureSurface, id_: str) -> None:
    """Let the title of a frame or the text of a note be typed."""
    annotation = canvas.plan_scene.annotations.shown[id_]
    viewport = canvas.viewport()
    is_frame = annotation.kind == "frame"
    typed_in = title_of(annotation) if is_frame else rect_of(annotation)
    if not canvas.seen_rect().contains(typed_in.center()):
        canvas.bring_into_sight(typed_in)
    font = font_at(canvas.zoom)

    def take(text: str) -> None:
        plan = canvas.editor.plan
        if id_ in plan.annotations:
            label = "Rename frame" if is_frame else "Write note"
            canvas.editor.apply(label, annotating.change_annotation(plan, id_, text=text))

    if is_frame:
        area = _on_screen(canvas, typed_in, 28.0)
        InlineEdit(viewport, area, annotation.text, font, "Title of the frame", take)
    else:
        area = _on_screen(canvas, typed_in, _LEAST_HEIGHT)
        edit = NoteEdit(viewport, area, annotation.text, font, take)
        palette = edit.palette()
        palette.setColor(QPalette.ColorRole.Base, note_fill(canvas.theme, annotation))
        edit.setPalette(palette)


class NoteEdit(QPlainTextEdit):
    """Ctrl+Enter or leaving it takes the text, Escape does not; then it is gone."""

    def __init__(
        self, parent: QWidget, area: QRect, text: str, font: QFont, take: Callable[[str], None]
    ) -> None:
        super().__init__(text, parent)
        FieldCloser(self, _is_ctrl_enter, self._typed, take)
        self.setFont(font)
        self.setFrameShape(QFrame.Shape.Box)
        self.document().setDocumentMargin(NOTE_PAD - 2)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Text of the note")
        self.setAccessibleDescription("Ctrl+Enter saves the text, Esc cancels.")
        self.setGeometry(area)
        self.selectAll()
        self.show()
        self.setFocus()

    def _typed(self) -> str | None:
        return self.toPlainText() if self.document().isModified() else None


def _is_ctrl_enter(event: QKeyEvent) -> bool:
    return is_enter(event) and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _on_screen(canvas: GestureSurface, rect: QRectF, least_height: float) -> QRect:
    """Where a rectangle of the scene is seen, large enough to type in."""
    on_screen = canvas.viewportTransform().mapRect(rect)
    width, height = max(_LEAST_WIDTH, on_screen.width()), max(least_height, on_screen.height())
    return QRectF(on_screen.left(), on_screen.top(), width, height).toRect()
