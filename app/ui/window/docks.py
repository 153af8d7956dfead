"""Where the docks stand around the canvas at first, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

LAYOUT_VERSION = 3
"""To be raised when there are other docks: a layout saved for fewer would leave them anywhere."""

_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_PLACES = (
    ("Sources", _LEFT, ""),
    ("Palette", _LEFT, ""),
    ("Inspector", _LEFT, ""),
    ("Chat", _RIGHT, ""),
    ("Conversations", _RIGHT, "Chat"),
    ("Problems", _BOTTOM, ""),
    ("Text", _BOTTOM, "Problems"),
    ("List", _BOTTOM, "Problems"),
    ("History", _BOTTOM, "Problems"),
)
"""The title of each, its side, and the dock behind which it is a tab."""


def add_docks(window: QMainWindow, widgets: Mapping[str, QWidget]) -> dict[str, QDockWidget]:
    """The window's docks by title, with these widgets in them; the others are empty as yet."""
    options = QMainWindow.DockOption
    window.setDockOptions(
        options.AnimatedDocks | options.AllowTabbedDocks | options.AllowNestedDocks
    )
    window.setCorner(Qt.Corner.BottomLeftCorner, _LEFT)
    window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
    docks: dict[str, QDockWidget] = {}
    for title, area, behind in _PLACES:
        dock = docks[title] = QDockWidget(title, window)
        dock.setObjectName(title.lower())
        dock.setWidget(widgets.get(title) or QWidget())
        window.addDockWidget(area, dock)
        if behind:
            window.tabifyDockWidget(docks[behind], dock)
            docks[behind].raise_()
    window.resizeDocks([docks["Sources"], docks["Chat"]], [256, 372], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["Problems"]], [130], Qt.Orientation.Vertical)
    left = [docks["Sources"], docks["Palette"], docks["Inspector"]]
    window.resizeDocks(left, [124, 156, 370], Qt.Orientation.Vertical)
    return docks
