"""Questions and files asked for without a nested event loop: each dialog is opened and awaited."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

CANCEL = "Cancel"


async def ask(
    parent: QWidget, text: str, explanation: str = "", choices: Sequence[str] = ("OK",)
) -> str:
    """The chosen button's words; CANCEL when the dialog was closed. The first is the default."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setText(text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(explanation)
    roles = QMessageBox.ButtonRole
    buttons = {}
    for words in choices:
        role = roles.AcceptRole if words == choices[0] else roles.ActionRole
        buttons[words] = box.addButton(words, roles.RejectRole if words == CANCEL else role)
    box.setDefaultButton(buttons[choices[0]])
    box.setEscapeButton(buttons[CANCEL if CANCEL in buttons else choices[-1]])
    await finished(box)
    clicked = box.clickedButton()
    return next((words for words, button in buttons.items() if button is clicked), CANCEL)


async def tell(parent: QWidget, text: str, explanation: str = "") -> None:
    """Show a sentence that the user has to know and wait until it is read."""
    await ask(parent, text, explanation)


async def ask_open_path(parent: QWidget, title: str, folder: Path, pattern: str) -> Path | None:
    """The existing file the user picks, None when cancelled."""
    dialog = QFileDialog(parent, title, str(folder), pattern)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return await _picked(dialog)


async def ask_open_paths(
    parent: QWidget, title: str, folder: Path, pattern: str
) -> tuple[Path, ...]:
    """The existing files the user picks, none when cancelled."""
    dialog = QFileDialog(parent, title, str(folder), pattern)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    if await finished(dialog) != QDialog.DialogCode.Accepted:
        return ()
    return tuple(Path(path) for path in dialog.selectedFiles())


async def ask_save_path(parent: QWidget, title: str, proposed: Path, pattern: str) -> Path | None:
    """The file name the user picks (replacing was confirmed by the dialog), None when cancelled."""
    dialog = QFileDialog(parent, title, str(proposed.parent), pattern)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(proposed.suffix.lstrip("."))
    dialog.selectFile(proposed.name)
    dialog.filterSelected.connect(partial(_take_suffix, dialog))
    return await _picked(dialog)


def _take_suffix(dialog: QFileDialog, pattern: str) -> None:
    """Let names that are typed without a suffix have that of the chosen kind, as "(*.svg)"."""
    _, star, suffix = pattern.rstrip(")").rpartition("(*.")
    if star and suffix.isalnum():
        dialog.setDefaultSuffix(suffix)


async def _picked(dialog: QFileDialog) -> Path | None:
    if await finished(dialog) != QDialog.DialogCode.Accepted or not dialog.selectedFiles():
        return None
    return Path(dialog.selectedFiles()[0])


async def finished(dialog: QDialog) -> int:
    """The code with which a dialog ends; it is shown now and deleted then."""
    import asyncio

    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def settle(code: int) -> None:
        if not future.done():
            future.set_result(code)

    dialog.finished.connect(settle)
    QDialog.open(dialog)
    try:
        return await future
    finally:
        dialog.deleteLater()
