"""The menus that open on the canvas: on a block, on a link, and on empty space."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.plan.document import Block
from app.plan.kinds import kind_of, links_into
from app.ui.canvas import block_commands, in_place
from app.ui.canvas.actions import CanvasActions
from app.ui.canvas.block_actions import BlockActions
from app.ui.canvas.edit_view import EditView
from app.ui.canvas.links import LinkKey
from app.ui.canvas.problem_menu import offer_mends
from app.ui.canvas.scene import Hit
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.shapes import is_terminal
from app.ui.canvas.surface import Pointer
from app.ui.state.block_kinds import kind_ui, layer_range
from app.ui.widgets import icons


def menu_for(canvas: EditView, commands: CanvasActions, hit: Hit, pointer: Pointer) -> QMenu:
    """The menu for what was hit; it selects that first and is gone when closed."""
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if hit.link is not None:
        canvas.plan_scene.select(())
        canvas.plan_scene.select_link(hit.link)
        menu.addAction(commands.delete)
        _offer_join(menu, canvas, hit.link)
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
        for action in (commands.block.mute, commands.block.collapse):
            menu.addAction(action)
        _offer_shaping(menu, canvas, commands.block, hit)
        commands.block.add_line_up(menu)
        menu.addSeparator()
        menu.addAction(commands.fit_selection)
        menu.addAction(commands.add_kind["merge"])
        menu.addAction(commands.annotations.frame)
    elif hit.annotation is not None:
        if hit.annotation.id not in canvas.plan_scene.annotations.selected:
            canvas.plan_scene.select((hit.annotation.id,))
        shared = (commands.cut, commands.copy, commands.duplicate, commands.delete)
        commands.annotations.fill(menu, commands.rename, shared)
    else:
        add = menu.addAction("Add …\tTab")
        icons.set_icon(add, "add")
        add.triggered.connect(lambda _checked=False: canvas.add_wanted.emit(pointer))
        menu.setActiveAction(add)
        menu.addSeparator()
        commands.annotations.fill_for_place(menu, pointer.scene)
        menu.addSeparator()
        for action in (commands.paste, commands.select_all, commands.arrange, commands.fit_all):
            menu.addAction(action)
    return menu


def _offer_join(menu: QMenu, canvas: EditView, key: LinkKey) -> None:
    """Offer to join the two blocks that a link lies between, where one continues the other."""
    if canvas.join_marks.on_link(key, canvas.editor.plan):
        source = canvas.plan_scene.links[key].source
        run = partial(block_commands.join_two, canvas, source, key[0])
        _offer(menu, canvas, "Join blocks", run)


def _offer_shaping(menu: QMenu, canvas: EditView, actions: BlockActions, hit: Hit) -> None:
    """What can be done to what this kind of block has: layers, or inputs that can be added."""
    block = canvas.editor.plan.blocks[hit.block_id or ""]
    if layer_range(block) is not None:
        shape = canvas.plan_scene.blocks[block.id].block_shape
        if shape.section(StripSection) is not None:
            words, run = "Type the weight layers …", partial(in_place.type_range, canvas, block.id)
            _offer(menu, canvas, words, run)
        menu.addAction(actions.join)
        if len(canvas.selected_ids()) > 1:
            menu.addAction(actions.link)
    if kind_ui(block).inputs is not None:
        menu.addSeparator()
        for action in (actions.add_input, actions.equalise, actions.sum_lock):
            menu.addAction(action)
        is_input = hit.part is not None and hit.part.kind in ("in", "fader", "number")
        if hit.part is not None and is_input and not block.collapsed:
            _offer_for_input(menu, canvas, block, hit.part.index)
    elif hit.part is not None and hit.part.kind in ("fader", "number"):
        _offer_sweep(menu, canvas, block, hit.part.index)


def _offer_for_input(menu: QMenu, canvas: EditView, block: Block, port: int) -> None:
    """What can be done to one of the inputs of a block that can have more or fewer of them."""
    inputs, n_inputs = kind_ui(block).inputs, len(links_into(block))
    assert inputs is not None
    remove = partial(block_commands.remove_input, canvas, block.id, port)
    can_shrink = n_inputs > inputs.least
    _offer(menu, canvas, f"Remove input {port + 1}", remove).setEnabled(can_shrink)
    _offer_sweep(menu, canvas, block, port)
    swap = QMenu(f"Swap input {port + 1} with", menu)
    menu.addMenu(swap)
    for other in range(n_inputs):
        if other != port:
            run = partial(block_commands.swap_inputs, canvas, block.id, port, other)
            _offer(swap, canvas, f"Input {other + 1}", run)


def _offer_sweep(menu: QMenu, canvas: EditView, block: Block, index: int) -> None:
    words = f"Sweep the fader of {kind_of(block).scale_name(block, index)} …"
    _offer(menu, canvas, words, partial(canvas.sweep_wanted.emit, block.id, index))


def _offer(menu: QMenu, canvas: EditView, words: str, run: Callable[[], object]) -> QAction:
    action = menu.addAction(words)
    action.triggered.connect(lambda _checked=False: canvas.attempt(run))
    return action
