"""The actions for frames and notes, for the menus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QPointF
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QMenu

from app.ui.canvas.annotations import commands
from app.ui.canvas.surface import GestureSurface
from app.ui.widgets import icons

Make = Callable[..., QAction]

_SWATCH = 16


class AnnotationActions:
    """What makes a frame or a note, and what is done to those that are selected."""

    def __init__(self, canvas: GestureSurface, make: Make) -> None:
        self._canvas = canvas
        self.frame = make(
            "Frame selection", "frame", lambda: commands.frame_selection(canvas), "Ctrl+G"
        )
        self.add_note = make("Add note", "add-note", self._add_note, "N")
        self.select_contents = make(
            "Select contents", "select-all", lambda: commands.select_contents(canvas)
        )
        self.fit = make("Fit to contents", "fit", lambda: commands.fit_to_contents(canvas))
        self._colours: QAction | None = None

    def fill(self, menu: QMenu, rename: QAction, others: Iterable[QAction]) -> None:
        """Make the menu of the selected frames and notes, with the canvas's own actions."""
        menu.addAction(rename)
        if commands.selected_frames(self._canvas):
            menu.addAction(self.select_contents)
            menu.addAction(self.fit)
        self._add_colours(menu)
        menu.addSeparator()
        for action in others:
            menu.addAction(action)

    def fill_for_place(self, menu: QMenu, at: QPointF) -> None:
        """Add what can be put at a point of the scene."""
        canvas = self._canvas
        for words, icon, add in (
            ("Add frame", "frame", commands.add_frame),
            ("Add note", "add-note", commands.add_note),
        ):
            action = menu.addAction(words)
            icons.set_icon(action, icon)
            self._on_trigger(action, partial(add, canvas, at))

    def fill_menu_bar(self, menu: QMenu) -> None:
        """Add to a menu that stays what makes them, and a submenu of what can be done to them."""
        menu.addAction(self.frame)
        menu.addAction(self.add_note)
        submenu = QMenu("Frames and notes", menu)
        menu.addMenu(submenu)
        submenu.addAction(self.select_contents)
        submenu.addAction(self.fit)
        self._colours = self._add_colours(submenu).menuAction()
        self.enable()

    def _add_colours(self, menu: QMenu) -> QMenu:
        submenu = QMenu("Colour", menu)
        menu.addMenu(submenu)
        actions = [submenu.addAction(words) for words in commands.COLOURS]
        for index, action in enumerate(actions):
            self._on_trigger(action, partial(commands.recolour, self._canvas, index))

        def show_colours() -> None:
            for index, action in enumerate(actions):
                action.setIcon(_swatch(self._canvas.theme.source(index)))

        submenu.aboutToShow.connect(show_colours)
        return submenu

    def enable(self) -> None:
        """Offer what can be done to the selection."""
        has_frame = bool(commands.selected_frames(self._canvas))
        self.select_contents.setEnabled(has_frame)
        self.fit.setEnabled(has_frame)
        if self._colours is not None:
            self._colours.setEnabled(bool(self._canvas.plan_scene.annotations.selected))
        self.frame.setText(
            "Frame selection" if self._canvas.plan_scene.selection() else "Add frame"
        )

    def _add_note(self) -> None:
        commands.add_note(self._canvas, self._canvas.to_scene(self._canvas.menu_point()))

    def _on_trigger(self, action: QAction, run: Callable[[], object]) -> None:
        """Run it when the action is triggered, without the word of whether it is checked."""
        action.triggered.connect(lambda _checked=False: self._canvas.attempt(run))


def _swatch(colour: QColor) -> QIcon:
    picture = QPixmap(_SWATCH, _SWATCH)
    picture.fill(colour)
    return QIcon(picture)
