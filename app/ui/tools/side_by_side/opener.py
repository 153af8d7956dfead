"""Opens the window of plans side by side; it is made when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.ui.chat.panel import ChatPanel
from app.ui.state.documents import Documents
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_check import Room
from app.ui.state.tasks import Tasks

if TYPE_CHECKING:
    from app.ui.tools.side_by_side.plan_choice import FilesOf
    from app.ui.tools.side_by_side.window import SideBySide


class SideBySideOpener:
    """There is one such window at most."""

    def __init__(
        self,
        window: QWidget,
        engine: EngineBridge,
        chat: ChatPanel,
        documents: Documents,
        files_of: FilesOf,
        room: Room,
        tasks: Tasks,
    ) -> None:
        self._window = window
        self._made_with = engine, chat, documents, files_of, room, tasks
        self.open: SideBySide | None = None

    def show(self) -> None:
        """Open it, or bring it to the front."""
        from app.ui.tools.side_by_side.window import SideBySide

        if self.open is None:
            self.open = SideBySide(self._window, *self._made_with)
            self.open.finished.connect(self._forget)
            self.open.show()
        else:
            self.open.raise_()
            self.open.activateWindow()

    def _forget(self, _code: int) -> None:
        self.open = None
