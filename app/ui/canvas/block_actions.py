"""The actions that shape the selected blocks and line them up, for the menus."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.plan.kinds import links_into
from app.ui.canvas import block_commands as commands
from app.ui.canvas.surface import GestureSurface
from app.ui.widgets import icons

Make = Callable[..., QAction]


class BlockActions:
    """`all` and `line_up` list the actions in menu order; None stands for a separator."""

    def __init__(self, canvas: GestureSurface, make: Make) -> None:
        self._canvas = canvas

        def sums() -> Iterable[str]:
            return commands.selected_sums(canvas)

        self.mute = make("Mute", "mute", lambda: commands.turn_muted(canvas), "M")
        self.collapse = make("Collapse", "collapse", lambda: commands.turn_collapsed(canvas), "H")
        self.join = make("Join blocks", "join", lambda: commands.join(canvas), "J")
        self.link = make("Link selected", "link", lambda: commands.link_selected(canvas), "C")
        self.add_input = make("Add input", "add", lambda: commands.add_input(canvas, sums()))
        self.equalise = make(
            "Equalise scales", "equalise", lambda: commands.equalise(canvas, sums())
        )
        self.sum_lock = make(
            "Keep the sum at 1", "lock", lambda: commands.turn_sum_lock(canvas, sums())
        )
        for action in (self.mute, self.collapse, self.sum_lock):
            action.setCheckable(True)
        self.line_up: list[QAction | None] = [
            make("Align left", None, lambda: commands.align(canvas, "left")),
            make("Align centre", None, lambda: commands.align(canvas, "centre")),
            make("Align right", None, lambda: commands.align(canvas, "right")),
            None,
            make("Align top", None, lambda: commands.align(canvas, "top")),
            make("Align middle", None, lambda: commands.align(canvas, "middle")),
            make("Align bottom", None, lambda: commands.align(canvas, "bottom")),
            None,
            make("Distribute across", None, lambda: commands.distribute(canvas, "across")),
            make("Distribute down", None, lambda: commands.distribute(canvas, "down")),
        ]
        self.all: list[QAction | None] = [
            *(self.mute, self.collapse, None, self.join, self.link, None),
            *(self.add_input, self.equalise, self.sum_lock),
        ]

    def fill(self, menu: QMenu) -> None:
        """Add all actions to a menu, with a submenu to line the blocks up."""
        _add(menu, [*self.all, None])
        self.add_line_up(menu)

    def add_line_up(self, menu: QMenu) -> None:
        """Add the submenu to line the blocks up."""
        submenu = QMenu("Line up", menu)
        menu.addMenu(submenu)
        icons.set_icon(submenu.menuAction(), "align")
        _add(submenu, self.line_up)

    def enable(self) -> None:
        """Offer what can be done to the selection, checked where it is so already."""
        plan, selected = self._canvas.editor.plan, self._canvas.selected_ids()
        blocks = [plan.blocks[i] for i in selected]
        sums = commands.selected_sums(self._canvas)
        self.mute.setEnabled(bool(blocks))
        self.collapse.setEnabled(bool(blocks))
        self.mute.setChecked(bool(blocks) and all(b.muted for b in blocks))
        self.collapse.setChecked(bool(blocks) and all(b.collapsed for b in blocks))
        self.join.setEnabled(bool(plan.blocks))
        self.link.setEnabled(len(blocks) > 1)
        can_grow = all(len(links_into(plan.blocks[i])) < s.most for i, s in sums.items())
        self.add_input.setEnabled(bool(sums) and can_grow)
        self.equalise.setEnabled(bool(sums))
        self.sum_lock.setEnabled(bool(sums))
        self.sum_lock.setChecked(
            bool(sums) and all(s.sums_to_one(plan.blocks[i]) for i, s in sums.items())
        )
        for action in self.line_up:
            if action is not None:
                action.setEnabled(len(blocks) > 1)


def _add(menu: QMenu, actions: list[QAction | None]) -> None:
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)
