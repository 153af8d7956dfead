"""Opens the window of plans side by side; it is made when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.chat.panel import ChatPanel
from app.ui.state.services import Services

if TYPE_CHECKING:
    from app.ui.tools.side_by_side.window import SideBySide


class SideBySideOpener:
    """There is one such window at most."""

    def __init__(self, services: Services, chat: ChatPanel) -> None:
        self._services = services
        self._chat = chat
        self.open: SideBySide | None = None

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.side_by_side.window import SideBySide

        if self.open is None:
            self.open = SideBySide(self._services, self._chat)
            self.open.finished.connect(self._forget)
            self.open.show()
        else:
            self.open.raise_()
            self.open.activateWindow()

    def _forget(self, _code: int) -> None:
        self.open = None
