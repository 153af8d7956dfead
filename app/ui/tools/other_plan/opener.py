"""Opens the dialog that asks another plan about a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.ui.state.services import Services
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.ui.tools.other_plan.dialog import OtherPlanDialog


class OtherPlanOpener(QObject):
    """One dialog a reply."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.window)
        self._services = services
        self._window = services.window
        self._conversations = services.conversations
        self._model = services.model
        self._tasks = services.tasks
        self._open: dict[str, OtherPlanDialog] = {}

    def show(self, id: str) -> None:
        """Ask about the reply with this id in the conversation that is open."""
        known = self._open.get(id)
        if known is not None:
            known.raise_()
            known.activateWindow()
        elif self._model.files:
            self._show_new(id)
        else:
            self._tasks.start(dialogs.tell(self._window, self._model.why_none))

    def _show_new(self, id: str) -> None:
        from app.ui.tools.other_plan.dialog import OtherPlanDialog, RecordedReply

        conversation = self._conversations.current
        message = conversation.messages[id]
        reply = RecordedReply(message.text, conversation.prompt_at_end(id), message.record)
        dialog = self._open[id] = OtherPlanDialog(self._services, reply)
        dialog.finished.connect(lambda _code: self._open.pop(id, None))
        dialog.show()
