"""The menus and the toolbar: every action with its words, icon and key, in one table a menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from app.ui.widgets.icons import set_icon

Key = QKeySequence.StandardKey | str | None


class FlatToolBar(QToolBar):
    """A toolbar in the window's plain colour, where the style would shade it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self.palette().window())


def add_action(
    menu: QMenu, words: str, run: Callable[[], object], key: Key = None, icon: str = ""
) -> QAction:
    """An action in a menu; `run` is called without Qt's arguments."""
    action = QAction(words, menu)
    if key is not None:
        action.setShortcut(QKeySequence(key))
    if icon:
        set_icon(action, icon)
    action.triggered.connect(lambda _checked=False: run())
    menu.addAction(action)
    return action


def add_path_menu(
    menu: QMenu,
    words: str,
    paths: Callable[[], Iterable[Path]],
    choose: Callable[[Path], object],
    forget: Callable[[], object],
) -> QMenu:
    """A submenu of files that is filled each time it is opened."""
    submenu = menu.addMenu(words)

    def fill() -> None:
        submenu.clear()
        for path in paths():
            words = f"{path.name}\t{_short(path.parent)}"
            add_action(submenu, words, partial(choose, path))
        if submenu.isEmpty():
            submenu.addAction("No recent files").setEnabled(False)
        else:
            submenu.addSeparator()
            add_action(submenu, "Clear recent files", forget)

    submenu.aboutToShow.connect(fill)
    return submenu


def make_tool_bar(
    window: QMainWindow, left: Iterable[QAction | None], right: Iterable[QAction]
) -> None:
    """The toolbar: quiet icons on the left, None between groups; words and icons on the right."""
    bar = FlatToolBar("Toolbar", window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    for action in left:
        if action is None:
            bar.addSeparator()
        else:
            bar.addAction(action)
    space = QWidget()
    space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(space)
    for action in right:
        bar.addAction(action)
        button = bar.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAccessibleName(action.text().replace("&", ""))
    window.addToolBar(bar)


def _short(folder: Path) -> str:
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        return str(folder)
