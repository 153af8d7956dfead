"""Opens the dialogs that ask another plan about a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.tools.opener import DialogOpener

if TYPE_CHECKING:
    pass


class OtherPlanOpener(DialogOpener):
    """One dialog a reply."""

    def show(self, id: str) -> None:
        """Ask about the reply with this id in the conversation that is open."""
        from app.ui.tools.other_plan.dialog import OtherPlanDialog, RecordedReply

        if self.bring_up(id) or not self.has_model():
            return
        conversation = self._services.conversations.current
        message = conversation.messages[id]
        reply = RecordedReply(message.text, conversation.prompt_at_end(id), message.record)
        self.put_up(OtherPlanDialog(self._services, reply), id)
