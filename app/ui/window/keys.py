"""What keys and mouse do: the keys are read from the menus, so that they are never out of date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar


class Way(NamedTuple):
    """What is done, and the keys or the hand that do it."""

    words: str
    hand: str


MOUSE = (
    Way("Zoom at the pointer", "Wheel, or pinch"),
    Way("Pan", "Drag with the middle button, or with Space held; two fingers"),
    Way("Go to another part of a large plan", "Click or drag in the minimap"),
    Way("Search for something to add", "Double-click on the empty canvas"),
    Way("Select a block", "Click"),
    Way("Select more", "Shift or Ctrl and click, or drag over the empty canvas"),
    Way("Move blocks", "Drag, with Alt without snapping"),
    Way("Insert a block into a link", "Drop it on the link"),
    Way("Link blocks", "Drag from a port to another"),
    Way("Add a block at the end of a link", "Drag from a port to the empty canvas"),
    Way("Move a link", "Drag it by one of its ends"),
    Way("Cut links", "Alt and click, Alt and drag across them; or K first"),
    Way("Change a block's range", "Drag an edge of its strip"),
    Way("Slide a block's range", "Drag its strip"),
    Way("Leave layers out of a block", "Click on its cells when it is selected; Alt and drag"),
    Way("Change a scale", "Drag its fader, with Shift for fine steps"),
    Way("Reset a scale", "Double-click on its fader"),
    Way("Type a scale, a range or a title", "Double-click on it"),
    Way("Move a frame with its contents", "Drag its title"),
    Way("Change the size of a frame or a note", "Drag an edge or a corner"),
    Way("Rename a frame, write in a note", "Double-click on it; Ctrl+Enter keeps a note"),
    Way("Swap two inputs of a merge", "Drag one's number onto the other"),
    Way("Menu of a block, a link or the canvas", "Right button"),
    Way("Close a tab", "Middle button"),
    Way("Open plans and models", "Drop the files on the window"),
    Way("Add model files to the plan", "Drop them on the Sources panel"),
    Way("Reorder the sources", "Drag them in their panel"),
)

KEYBOARD = (
    Way("Move the selected blocks; the canvas when none is", "Arrow keys, with Shift in far steps"),
    Way("Make the selected frames and notes larger or smaller", "Ctrl+Shift and arrow keys"),
    Way("Choose an input of the selected merge", "1 to 9, and 0 for the tenth"),
    Way("Change the chosen scale", "Up and Down, with Shift in fine steps"),
    Way("Go to the next port, cell or fader, once on one", "Left and Right"),
    Way("Delete the chosen link, layer or input", "Delete"),
    Way("Choose the other end of a link being made; confirm it", "Arrow keys; Enter"),
    Way("Cancel the current action, leave a port or fader", "Esc"),
)

SOURCES = (
    Way("Move the source up or down, in the panel", "Alt and Up or Down"),
    Way("Remove the source", "Delete"),
    Way("Open and close its details", "Right and Left"),
)

CHAT = (
    Way("Send the message", "Enter"),
    Way("New line in the message", "Shift+Enter"),
    Way("Stop the reply; cancel editing a message", "Esc"),
    Way("Go from token to token, in Ask another plan", "Arrow keys"),
    Way("Go to the next difference, there", "Ctrl and Left or Right"),
    Way("Rename the conversation, in the list", "F2"),
    Way("Delete the conversation, in the list", "Delete"),
)


def all_ways(menu_bar: QMenuBar) -> list[tuple[str, list[Way]]]:
    """Every way to do something, under the menu it is in, then mouse, canvas and chat."""
    menus = [(_plain(a.text()), ways_in(_menu(a))) for a in menu_bar.actions()]
    others = [("Mouse", MOUSE), ("On the canvas", KEYBOARD)]
    others += [("Sources", SOURCES), ("Chat", CHAT)]
    return [(title, ways) for title, ways in menus if ways] + [(t, [*w]) for t, w in others]


def ways_in(menu: QMenu | None) -> list[Way]:
    """What a menu and its submenus do by keys, in their order."""
    return [
        Way(_plain(action.text()), keys_of(action))
        for action in actions_in(menu)
        if action.shortcuts()
    ]


def actions_in(menu: QMenu | None) -> Iterator[QAction]:
    """The actions of a menu and of its submenus, in their order."""
    for action in () if menu is None else menu.actions():
        if _menu(action) is not None:
            yield from actions_in(_menu(action))
        elif not action.isSeparator():
            yield action


def keys_of(action: QAction) -> str:
    """The keys of an action, two at most, in the system's words."""
    native = QKeySequence.SequenceFormat.NativeText
    names = [key.toString(native) for key in action.shortcuts() if _is_on_keyboards(key)]
    return " or ".join(names[:2])


def _is_on_keyboards(keys: QKeySequence) -> bool:
    """Not so: F14, or a key of its own for “Undo”."""
    key = keys[0].key()  # type: ignore[index]
    return key < Qt.Key.Key_F13 or Qt.Key.Key_F35 < key < Qt.Key.Key_Back


def _menu(action: QAction) -> QMenu | None:
    menu = action.menu()
    return menu if isinstance(menu, QMenu) else None


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…").rstrip()
