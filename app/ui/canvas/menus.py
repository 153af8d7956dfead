"""The menus that open on the canvas: on a block, on a link, and on empty space."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from app.ui import icons
from app.ui.canvas.gestures.gesture import Pointer
from app.ui.canvas.problem_menu import offer_mends
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import is_terminal

if TYPE_CHECKING:
    from app.ui.canvas.canvas import Canvas

Take = Callable[[str], None]


def menu_for(canvas: Canvas, hit: Hit, pointer: Pointer) -> QMenu:
    """The menu for what was hit; it selects that first and is gone when closed."""
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    commands = canvas.commands
    if hit.link is not None:
        canvas.plan_scene.select(())
        canvas.plan_scene.select_link(hit.link)
        menu.addAction(commands.delete)
    elif hit.block_id is not None and not is_terminal(hit.block_id):
        if hit.block_id not in canvas.selected_ids():
            canvas.plan_scene.select((hit.block_id,))
        offer_mends(menu, canvas, hit.block_id)
        for action in commands.edit[3:10]:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.addSeparator()
        menu.addAction(commands.fit_selection)
        menu.addAction(commands.add_merge)
    elif hit.annotation is not None:
        if hit.annotation.id not in canvas.plan_scene.annotations.selected:
            canvas.plan_scene.select((hit.annotation.id,))
        commands.annotations.fill(menu)
    else:
        add = menu.addAction("Add …\tTab")
        icons.dress(add, "add")
        add.triggered.connect(lambda _checked=False: canvas.add_wanted.emit(pointer))
        menu.setActiveAction(add)
        menu.addSeparator()
        commands.annotations.fill_for_place(menu, pointer.scene)
        menu.addSeparator()
        for action in (commands.paste, commands.select_all, commands.arrange, commands.fit_all):
            menu.addAction(action)
    return menu
