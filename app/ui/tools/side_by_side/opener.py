"""Opens the window of plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.chat.panel import ChatPanel
from app.ui.state.services import Services
from app.ui.tools.opener import DialogOpener

if TYPE_CHECKING:
    pass


class SideBySideOpener(DialogOpener):
    """The window shares the conversation of the `chat`."""

    def __init__(self, services: Services, chat: ChatPanel) -> None:
        super().__init__(services)
        self._chat = chat

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.side_by_side.window import SideBySide

        if not self.bring_up():
            self.put_up(SideBySide(self._services, self._chat))
