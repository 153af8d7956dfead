"""The reply of one of several plans that answer a prompt together."""

from __future__ import annotations

from collections.abc import Sequence

from app.conversations.conversation import Conversation
from app.engine.messages import Event, OfPlan, OpenedPlan, Reply, TextPiece
from app.ui.chat.reply_in_progress import ReplyInProgress
from app.ui.chat.reply_request import record_for
from app.ui.state.settings import ChatSettings
from app.ui.tools.side_by_side.plan_choice import NamedRecipe

OfReply = OpenedPlan | TextPiece | Reply


class PlanReply:
    """`reply` is None until the plan is open: its record tells how it was opened."""

    def __init__(
        self,
        named: NamedRecipe,
        conversation: Conversation,
        prompt: str,
        settings: ChatSettings,
    ) -> None:
        """`prompt` is the message of the conversation that it answers."""
        self._named = named
        self._conversation = conversation
        self._prompt = prompt
        self._settings = settings
        self.reply: ReplyInProgress | None = None

    def take(self, events: Sequence[OfReply]) -> list[str]:
        """Take in what the engine told of it, in order; the tokens among it."""
        for event in events:
            if isinstance(event, OpenedPlan):
                self.reply = self._begin(event)
        if self.reply is None:
            return []
        tokens = self.reply.take(events)
        for event in events:
            if isinstance(event, Reply):
                self.reply.finish(event)
        return tokens

    def _begin(self, opened: OpenedPlan) -> ReplyInProgress:
        named, conversation = self._named, self._conversation
        record = record_for(
            named.name, named.recipe, opened, named.files, conversation, self._settings
        )
        return ReplyInProgress(conversation, self._prompt, record)


def by_plan(events: Sequence[Event], n: int) -> list[list[OfReply]]:
    """What of it was told of each of `n` plans."""
    of_plans: list[list[OfReply]] = [[] for _ in range(n)]
    for event in events:
        if isinstance(event, OfPlan):
            of_plans[event.at].append(event.event)
    return of_plans
