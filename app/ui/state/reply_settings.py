"""How replies are made from now on: what the chat's fields show and edit, and the engine is asked
with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.conversations.conversation import SystemMessage, SystemMode
from app.ui.state.bundled_model import BundledModel
from app.ui.state.open_model import OpenModel
from app.ui.state.settings import ChatSettings, Settings

if TYPE_CHECKING:
    from app.memory.context_settings import ContextSettings


class ReplySettings(QObject):
    """The settings of the chat, remembered between starts, and its system message, which is not.

    Another model begins with the system message that suits it.
    """

    changed = Signal()
    """`chat` is another one."""
    system_changed = Signal()
    """`system` is another one."""

    def __init__(self, settings: Settings, model: OpenModel, bundled: BundledModel) -> None:
        super().__init__(model)
        self._settings = settings
        self._model = model
        self._bundled = bundled
        self._model_path: Path | None = None
        self.chat = settings.chat()
        self.system = SystemMessage()
        model.changed.connect(self._model_changed)

    @property
    def context(self) -> ContextSettings:
        """The context in which plans are opened."""
        return self.chat.context

    def set_chat(self, chat: ChatSettings) -> None:
        """Make replies by other settings from now on."""
        if chat != self.chat:
            self.chat = chat
            self._settings.save_chat(chat)
            self.changed.emit()

    def set_context(self, context: ContextSettings) -> None:
        """Open plans in another context from now on."""
        self.set_chat(replace(self.chat, context=context))

    def set_system(self, system: SystemMessage) -> None:
        """Send another system message from now on."""
        if system != self.system:
            self.system = system
            self.system_changed.emit()

    def continue_with(self, system: SystemMessage) -> None:
        """Send the system message of an earlier conversation; the user's own text stays at hand
        where that had none."""
        is_own = system.mode is SystemMode.OWN
        self.set_system(system if is_own else replace(self.system, mode=system.mode))

    def _model_changed(self) -> None:
        file = self._model.file
        if file is not None and file.path != self._model_path:
            self._model_path = file.path
            is_bundled = self._bundled.is_origin_of(file)
            mode = SystemMode.EMPTY if is_bundled else SystemMode.TEMPLATE
            self.set_system(replace(self.system, mode=mode))
