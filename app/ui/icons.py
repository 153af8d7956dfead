"""Our icons, drawn from `resources/icons` in the text colour of the palette."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"
SIZES = (16, 20, 32, 40)


class HasIcon(Protocol):
    """A widget or an action that shows an icon."""

    def setIcon(self, icon: QIcon, /) -> None: ...


_dressed: WeakKeyDictionary[HasIcon, str] = WeakKeyDictionary()
_following: list[QGuiApplication] = []


def icon(name: str) -> QIcon:
    """The icon `resources/icons/NAME.svg` in the palette's colours of now."""
    palette, text = QGuiApplication.palette(), QPalette.ColorRole.ButtonText
    usual = palette.color(QPalette.ColorGroup.Active, text)
    faint = palette.color(QPalette.ColorGroup.Disabled, text)
    return _icon(name, usual.name(), faint.name())


@cache
def _icon(name: str, usual: str, faint: str) -> QIcon:
    result = QIcon()
    for size in SIZES:
        result.addPixmap(pixmap(name, size, QColor(usual)), QIcon.Mode.Normal)
        result.addPixmap(pixmap(name, size, QColor(faint)), QIcon.Mode.Disabled)
    return result


def dress(target: HasIcon, name: str) -> None:
    """Set the icon of a button or an action and keep it in the palette's colour from then on."""
    app = QGuiApplication.instance()
    if isinstance(app, QGuiApplication) and app not in _following:
        _following[:] = [app]
        app.paletteChanged.connect(_dress_again)
    _dressed[target] = name
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


def _dress_again() -> None:
    for target, name in list(_dressed.items()):
        if shiboken6.isValid(target):
            target.setIcon(icon(name))
