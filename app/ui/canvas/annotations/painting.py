"""How frames and notes look. Wrapped and shortened texts are kept from one frame to the next."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTextLayout, QTextOption

from app.plan.document import Annotation
from app.ui.canvas.annotations.shapes import rect_of, title_of
from app.ui.canvas.items import Box, View
from app.ui.widgets import theme as themes
from app.ui.widgets.theme import NORMAL, TITLE, Theme

NOTE_PAD = 10.0
_ROUND = 6.0
_PLAIN_BELOW = 0.35
_LEAST_TEXT_PIXELS = 5.5
_OUTLINE = 6.0
_PLENTY = 24

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

Lines = tuple[str, ...]


class AnnotationPainting:
    """Draws them in one theme and the system's font of now."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._title = themes.canvas_font(TITLE, strong=True)
        self._text = themes.canvas_font(NORMAL)
        self._title_metrics = QFontMetricsF(self._title)
        self._text_metrics = QFontMetricsF(self._text)
        self._lines: dict[str, tuple[tuple[str, tuple[float, float]], Lines]] = {}

    def paint(
        self,
        painter: QPainter,
        annotations: Iterable[Annotation],
        selection: tuple[str, ...],
        areas_exposed: Iterable[Box],
        view: View,
    ) -> None:
        """Draw those that reach into what is exposed; while many move, bars stand for words."""
        areas, zoom = list(areas_exposed), view.zoom
        in_view = [annotation for annotation in annotations if _is_seen(annotation, areas)]
        scale = 0.0 if view.moving and len(in_view) > _PLENTY else view.scale
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= _PLAIN_BELOW)
        for annotation in in_view:
            if annotation.kind == "frame":
                self._frame(painter, annotation, zoom, scale)
            else:
                self._note(painter, annotation, zoom, scale)
            if annotation.id in selection:
                self._outline(painter, rect_of(annotation), zoom)

    def _frame(self, painter: QPainter, frame: Annotation, zoom: float, scale: float) -> None:
        t, rect, strip = self._theme, rect_of(frame), title_of(frame)
        colour = t.source(frame.colour)
        body, head = themes.mixed(colour, t.canvas, 0.88), themes.mixed(colour, t.canvas, 0.62)
        if zoom < _PLAIN_BELOW:
            painter.fillRect(rect, body)
            painter.fillRect(strip, head)
        else:
            painter.setPen(QPen(head, 1.0))
            painter.setBrush(body)
            painter.drawRoundedRect(rect, _ROUND, _ROUND)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(head)
            painter.drawRoundedRect(strip, _ROUND, _ROUND)
            painter.drawRect(strip.adjusted(0, _ROUND, 0, 0))
        ink = themes.mixed(t.text, head, 0.1)
        words = QRectF(strip).adjusted(12, 0, -12, 0)
        (line,) = self._lines_of(frame, words) or ("",)
        if TITLE * scale >= _LEAST_TEXT_PIXELS:
            painter.setFont(self._title)
            painter.setPen(ink)
            painter.drawText(words, _LEFT, line)
        else:
            width = self._title_metrics.horizontalAdvance(line)
            painter.fillRect(QRectF(words.left(), words.center().y() - 2, width, 4), ink)

    def _note(self, painter: QPainter, note: Annotation, zoom: float, scale: float) -> None:
        t, rect = self._theme, rect_of(note)
        colour = t.source(note.colour)
        fill = note_fill(t, note)
        if zoom < _PLAIN_BELOW:
            painter.fillRect(rect, fill)
        else:
            painter.setPen(QPen(themes.mixed(colour, t.block, 0.4), 1.0))
            painter.setBrush(fill)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        area = rect.adjusted(NOTE_PAD, NOTE_PAD, -NOTE_PAD, -NOTE_PAD)
        lines = self._lines_of(note, area)
        step = self._text_metrics.lineSpacing()
        if NORMAL * scale >= _LEAST_TEXT_PIXELS:
            painter.setFont(self._text)
            painter.setPen(t.text)
            base = area.top() + self._text_metrics.ascent()
            for i, line in enumerate(lines):
                painter.drawText(QPointF(area.left(), base + i * step), line)
        else:
            self._bars(painter, area, lines, step, themes.mixed(t.text, fill, 0.7))

    def _bars(
        self, painter: QPainter, area: QRectF, lines: Lines, step: float, ink: QColor
    ) -> None:
        for i, line in enumerate(lines):
            width = min(area.width(), len(line) * self._text_metrics.averageCharWidth())
            painter.fillRect(QRectF(area.left(), area.top() + i * step + 5, width, 4), ink)

    def _outline(self, painter: QPainter, rect: QRectF, zoom: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.accent, 2.0 / min(1.0, zoom)))
        painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 2), _ROUND + 1, _ROUND + 1)

    def _lines_of(self, annotation: Annotation, area: QRectF) -> Lines:
        """The text as far as there is room for it."""
        state = annotation.text, annotation.size
        layout = self._lines.get(annotation.id)
        if layout is None or layout[0] != state:
            if annotation.kind == "frame":
                width, right = max(0.0, area.width()), Qt.TextElideMode.ElideRight
                lines: Lines = (self._title_metrics.elidedText(annotation.text, right, width),)
            else:
                lines = wrapped(annotation.text, self._text, area.width(), area.height())
            layout = self._lines[annotation.id] = state, lines
        return layout[1]


def note_fill(theme: Theme, note: Annotation) -> QColor:
    """The colour of a note's card."""
    return themes.mixed(theme.source(note.colour), theme.block, 0.78)


def wrapped(text: str, font: QFont, width: float, height: float) -> Lines:
    """The text in lines of at most this width; an ellipsis ends it where the height does."""
    metrics = QFontMetricsF(font)
    room = max(1, int((height + metrics.leading()) // metrics.lineSpacing()))
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _wrapped_paragraph(paragraph, font, max(1.0, width), room + 1 - len(lines))
        if len(lines) > room:
            last = metrics.elidedText(
                f"{lines[room - 1]} …", Qt.TextElideMode.ElideRight, max(1.0, width)
            )
            return (*lines[: room - 1], last)
    return tuple(lines)


def _wrapped_paragraph(text: str, font: QFont, width: float, most: int) -> list[str]:
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    lines: list[str] = []
    layout.beginLayout()
    while len(lines) < most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return lines or [""]


def _is_seen(annotation: Annotation, areas: Iterable[Box]) -> bool:
    (left, top), (width, height) = annotation.position, annotation.size
    return any(
        left - _OUTLINE < area[2]
        and left + width + _OUTLINE > area[0]
        and top - _OUTLINE < area[3]
        and top + height + _OUTLINE > area[1]
        for area in areas
    )
