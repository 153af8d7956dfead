"""The base of what opens a tool's dialogs, which are made when they are asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog

from app.ui.state.services import Services
from app.ui.widgets import dialogs


class DialogOpener:
    """Of each dialog there is one at most, told apart by a key where a tool has several."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._dialogs: dict[str, QDialog] = {}

    @property
    def open(self) -> QDialog | None:
        """The tool's only dialog, None while it is closed."""
        return self._dialogs.get("")

    def bring_up(self, key: str = "") -> bool:
        """Whether the dialog is open; then it is brought to the front."""
        dialog = self._dialogs.get(key)
        if dialog is None:
            return False
        dialog.raise_()
        dialog.activateWindow()
        return True

    def put_up(self, dialog: QDialog, key: str = "") -> None:
        """Show a dialog that is not open yet."""
        self._dialogs[key] = dialog
        dialog.finished.connect(lambda _code: self._dialogs.pop(key, None))
        dialog.show()

    def has_model(self) -> bool:
        """Whether the shown plan has its model files; else the user is told why not."""
        model = self._services.model
        if not model.files:
            self._services.tasks.start(dialogs.tell(self._services.window, model.why_none))
        return bool(model.files)
