"""Our icons, drawn from `resources/icons` in the text colour of the palette."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "icons"


class HasIcon(Protocol):
    """A widget or an action that shows an icon."""

    def setIcon(self, icon: QIcon, /) -> None: ...


_with_icons: WeakKeyDictionary[HasIcon, str] = WeakKeyDictionary()
_following: list[QGuiApplication] = []
_engines: list[QIconEngine] = []
"""Copies that Qt asked for and uses, but would let Python delete."""


def icon(name: str) -> QIcon:
    """The icon `resources/icons/NAME.svg` in the palette's colours of now."""
    palette, text = QGuiApplication.palette(), QPalette.ColorRole.ButtonText
    usual = palette.color(QPalette.ColorGroup.Active, text)
    faint = palette.color(QPalette.ColorGroup.Disabled, text)
    return _icon(name, usual.name(), faint.name())


@cache
def _icon(name: str, usual: str, faint: str) -> QIcon:
    return QIcon(_Engine(name, usual, faint))


class _Engine(QIconEngine):
    """Draws an icon when it is first seen, and in the size that is wanted: most never are."""

    def __init__(self, name: str, usual: str, faint: str) -> None:
        super().__init__()
        self._name = name
        self._usual = usual
        self._faint = faint
        self._drawn: dict[tuple[int, str], QPixmap] = {}

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        paint(painter, QRectF(rect), self._name, QColor(self._colour(mode)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        key = min(size.width(), size.height()), self._colour(mode)
        if key not in self._drawn:
            self._drawn[key] = pixmap(self._name, key[0], QColor(key[1]))
        return self._drawn[key]

    def clone(self) -> QIconEngine:
        copy = _Engine(self._name, self._usual, self._faint)
        _engines.append(copy)
        return copy

    def _colour(self, mode: QIcon.Mode) -> str:
        return self._faint if mode == QIcon.Mode.Disabled else self._usual


def set_icon(target: HasIcon, name: str) -> None:
    """Set the icon of a button or an action and keep it in the palette's colour from then on."""
    app = QGuiApplication.instance()
    if isinstance(app, QGuiApplication) and app not in _following:
        _following[:] = [app]
        app.paletteChanged.connect(_colour_again)
    _with_icons[target] = name
    target.setIcon(icon(name))


def pixmap(name: str, size: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """The icon in one colour, `size` logical pixels wide on a screen with this pixel ratio."""
    picture = QPixmap(QSize(size, size) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, QRectF(0, 0, size, size), name, colour)
    painter.end()
    return picture


def paint(painter: QPainter, area: QRectF, name: str, colour: QColor) -> None:
    """Draw the icon into this area."""
    drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour.name()).encode()))
    renderer.render(painter, area)


def _colour_again() -> None:
    for target, name in list(_with_icons.items()):
        if shiboken6.isValid(target):
            target.setIcon(icon(name))
