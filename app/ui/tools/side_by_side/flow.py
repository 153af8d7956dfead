"""From a prompt to the replies of all columns, which become variants in the conversation."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.conversations.conversation import Conversation
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import Event, GenerateTogether, OfPlan, Open, OpenedPlan, Progress
from app.ui.chat.panel import ChatPanel
from app.ui.chat.reply_request import request_for
from app.ui.state.plan_runner import RUN, ExtraPlan
from app.ui.state.services import Services
from app.ui.state.slots import new_slot
from app.ui.tools.side_by_side.column import Column
from app.ui.tools.side_by_side.plan_choice import NamedRecipe
from app.ui.tools.side_by_side.plan_reply import PlanReply, by_plan

SLOTS = tuple(new_slot() for _ in range(4))
"""The engine's slots for columns."""


class SideBySideFlow(QObject):
    """One prompt at a time. All replies are stored as they come, the first one's is shown."""

    progressed = Signal(str)
    """What the engine does before the first token, in words."""
    changed = Signal()
    """Further tokens came."""
    failed = Signal(str)

    def __init__(self, services: Services, chat: ChatPanel, window: QWidget) -> None:
        """Questions are asked over the `window` of the columns."""
        super().__init__(window)
        self._engine = services.engine
        self._reply_settings = services.reply_settings
        self._conversations = services.conversations
        self._memory_check = services.memory_check
        self._runner = services.runner
        self._chat = chat
        self._window = window
        self.is_answering = False
        self._open: dict[int, Open] = {}
        """By slot, as far as is known."""

    def send(self, prompt: str, answers: Sequence[tuple[NamedRecipe, Column]]) -> None:
        """Ask all of them, after what the chat shows."""
        conversation = self._conversation
        path = conversation.path
        message = conversation.add("user", prompt, path[-1].id if path else None)
        self.ask(message.id, answers)

    def ask(self, prompt: str, answers: Sequence[tuple[NamedRecipe, Column]]) -> None:
        """Ask all of them to answer a message of the conversation; earlier replies to it stay."""
        conversation = self._conversation
        conversation.system = self._reply_settings.system
        self._conversations.save((conversation.messages[prompt],))
        self._chat.transcript.remove_last_errors()
        self._chat.transcript.show_path(conversation)
        self._chat.flow.occupy(self._answer(conversation, prompt, answers))

    async def close(self) -> None:
        """Free the columns' contexts."""
        while self._open:
            slot = next(iter(self._open))
            del self._open[slot]
            with contextlib.suppress(EngineError, JobCancelled):  # they ended with the engine
                await self._runner.close_extra(slot)

    @property
    def _conversation(self) -> Conversation:
        return self._conversations.current

    async def _answer(
        self,
        conversation: Conversation,
        prompt: str,
        answers: Sequence[tuple[NamedRecipe, Column]],
    ) -> None:
        settings = self._reply_settings.chat
        files = max((named.files for named, _ in answers), key=len)
        paths = tuple(str(file.path) for file in files)
        plans = tuple(
            Open(paths, named.recipe, settings.context, slot)
            for (named, _), slot in zip(answers, SLOTS, strict=False)
        )
        coming = [plan for plan in plans if self._open.get(plan.slot) != plan]
        staying = [plan for plan in self._open.values() if plan not in coming]
        if not await self._memory_check.may_open(self._window, files, coming, staying):
            return
        columns = [column for _, column in answers]
        replies = [PlanReply(named, conversation, prompt, settings) for named, _ in answers]

        def on_events(events: Sequence[Event]) -> None:
            for event in events:
                if isinstance(event, Progress):
                    self.progressed.emit(f"{event.phase} {event.fraction:.0%}")
                elif isinstance(event, OfPlan) and isinstance(event.event, OpenedPlan):
                    self._runner.add_extra(ExtraPlan(plans[event.at], event.event, files))
            self._show(replies, columns, events)

        self.is_answering = True
        for column in columns:
            column.begin()
        self._open.update((plan.slot, plan) for plan in plans)
        try:
            request = request_for(conversation, prompt, settings)
            await self._engine.stream(GenerateTogether(plans, request), on_events, RUN)
        except JobCancelled:
            pass
        except EngineDied as error:
            self._open.clear()
            self.failed.emit(str(error))
        except EngineError as error:
            self.failed.emit(str(error))
        finally:
            self.is_answering = False
            self._keep(conversation, columns)

    def _show(
        self, replies: Sequence[PlanReply], columns: Sequence[Column], events: Sequence[Event]
    ) -> None:
        n_tokens, ids = 0, []
        of_replies = by_plan(events, len(replies))
        for reply, column, of_reply in zip(replies, columns, of_replies, strict=True):
            tokens = reply.take(of_reply)
            n_tokens += len(tokens)
            if reply.reply is not None:
                ids.append(reply.reply.id)
                column.show_reply(reply.reply, tokens)
        if n_tokens:
            self.changed.emit()
        if ids:
            self._chat.flow.tokens_came(n_tokens, *ids)

    def _keep(self, conversation: Conversation, columns: Sequence[Column]) -> None:
        """Keep what came; where nothing did, there is no reply."""
        ids = [column.id for column in columns if column.settle()]
        if ids:
            conversation.show(ids[0])
        self.changed.emit()
        self._conversations.save(conversation.messages[id] for id in ids)
        self._chat.transcript.show_path(conversation)
