"""Opens the dialog that asks another plan about a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.engine.messages import ContextSettings
from app.ui.chat.conversations.conversations import Conversations
from app.ui.state.documents import Documents
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_check import Room
from app.ui.state.open_model import OpenModel
from app.ui.state.tasks import Tasks
from app.ui.widgets import dialogs

if TYPE_CHECKING:
    from app.ui.tools.other_plan.dialog import OtherPlanDialog


class OtherPlanOpener(QObject):
    """One dialog a reply."""

    def __init__(
        self,
        window: QWidget,
        engine: EngineBridge,
        documents: Documents,
        conversations: Conversations,
        model: OpenModel,
        context: Callable[[], ContextSettings],
        room: Room,
        tasks: Tasks,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._engine = engine
        self._documents = documents
        self._conversations = conversations
        self._model = model
        self._context = context
        self._room = room
        self._tasks = tasks
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
        dialog = self._open[id] = OtherPlanDialog(
            self._window,
            self._engine,
            self._documents,
            RecordedReply(message.text, conversation.prompt_at_end(id), message.record),
            lambda: self._model.files,
            self._context,
            self._room,
            self._tasks,
        )
        self._model.changed.connect(dialog.list_plans)
        dialog.finished.connect(lambda _code: self._open.pop(id, None))
        dialog.show()
