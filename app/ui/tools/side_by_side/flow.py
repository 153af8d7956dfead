"""From a prompt to the replies of all columns, which become variants in the conversation."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.conversations.conversation import Conversation, Made
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import (
    Event,
    GenerateTogether,
    OfPlan,
    Open,
    OpenedPlan,
    Progress,
    Reply,
    TextPiece,
)
from app.ui.chat.account import INTERRUPTED, account_of
from app.ui.chat.making import made_at_the_end, made_so_far, request_for
from app.ui.chat.panel import ChatPanel
from app.ui.chat.reply_flow import Speedometer
from app.ui.state.engine_bridge import EngineBridge
from app.ui.state.memory_check import Room
from app.ui.state.plan_runner import RUN
from app.ui.state.settings import ChatSettings
from app.ui.tools.side_by_side.column import Column
from app.ui.tools.side_by_side.plan_choice import NamedRecipe

SLOTS = (-1, -2, -3, -4)
"""The engine's slots for columns; documents have those from 0 on."""


class TogetherFlow(QObject):
    """One prompt at a time. All replies are kept as they come, the first one's is shown."""

    progressed = Signal(str)
    """What the engine does before the first token, in words."""
    told = Signal()
    """Further tokens came."""
    failed = Signal(str)

    def __init__(
        self,
        engine: EngineBridge,
        chat: ChatPanel,
        room: Room,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._engine = engine
        self._chat = chat
        self._room = room
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
        conversation.system = self._chat.system.message
        self._chat.keeping.keep((conversation.messages[prompt],))
        self._chat.transcript.remove_last_errors()
        self._chat.transcript.show_path(conversation)
        self._chat.flow.occupy(self._answer(conversation, prompt, answers))

    async def close(self) -> None:
        """Free the columns' contexts."""
        while self._open:
            slot = next(iter(self._open))
            del self._open[slot]
            with contextlib.suppress(EngineError, JobCancelled):  # they ended with the engine
                await self._room.close(slot)

    @property
    def _conversation(self) -> Conversation:
        return self._chat.keeping.conversation

    async def _answer(
        self,
        conversation: Conversation,
        prompt: str,
        answers: Sequence[tuple[NamedRecipe, Column]],
    ) -> None:
        settings = self._chat.sampling.chat
        files = max((named.files for named, _ in answers), key=len)
        paths = tuple(str(file.path) for file in files)
        plans = tuple(
            Open(paths, named.recipe, settings.context, slot)
            for (named, _), slot in zip(answers, SLOTS, strict=False)
        )
        coming = [plan for plan in plans if self._open.get(plan.slot) != plan]
        staying = [plan for plan in self._open.values() if plan not in coming]
        if not await self._room.may_open(self._window, files, coming, staying):
            return
        replies = [_Coming(conversation, prompt, settings, *answer) for answer in answers]
        speed = Speedometer()

        def on_events(events: Sequence[Event]) -> None:
            for event in events:
                if isinstance(event, Progress):
                    self.progressed.emit(f"{event.phase} {event.fraction:.0%}")
                elif isinstance(event, OfPlan):
                    if isinstance(event.told, OpenedPlan):
                        self._room.take_note(plans[event.at], event.told, files)
                    replies[event.at].take(event.told)
            n_new = sum(reply.show() for reply in replies)
            if n_new:
                self.told.emit()
                if speed.count(n_new):
                    self._chat.flow.speed_changed.emit(speed.per_s)
            self._chat.keeping.note(*(reply.id for reply in replies if reply.id))

        self.is_answering = True
        for _, column in answers:
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
            self._keep(conversation, replies)

    def _keep(self, conversation: Conversation, replies: Sequence[_Coming]) -> None:
        """Keep what came; where nothing did, there is no reply."""
        kept = [reply for reply in replies if reply.settle()]
        if kept:
            conversation.show(kept[0].id)
        self.told.emit()
        self._chat.keeping.keep(conversation.messages[reply.id] for reply in kept)
        self._chat.transcript.show_path(conversation)


class _Coming:
    """A reply that is on its way into its column and into the conversation."""

    def __init__(
        self,
        conversation: Conversation,
        prompt: str,
        settings: ChatSettings,
        named: NamedRecipe,
        column: Column,
    ) -> None:
        self._conversation = conversation
        self._prompt = prompt
        self._settings = settings
        self._named = named
        self._column = column
        self._made = Made(named.name)
        self._pieces: list[str] = []
        self.id = ""

    def take(self, told: OpenedPlan | TextPiece | Reply) -> None:
        """What the engine tells of it; text is seen with the next `show`."""
        if isinstance(told, TextPiece):
            self._pieces.append(told.text)
        elif isinstance(told, Reply):
            self.show()
            self._made = made_at_the_end(self._made, told)
            self._conversation.write(self.id, told.text, self._made)
            self._column.footer.setText(account_of(self._made))
        else:
            named, conversation = self._named, self._conversation
            self._made = made_so_far(
                named.name, named.recipe, told, named.files, conversation, self._settings
            )
            self.id = self._column.id = conversation.add("assistant", "", self._prompt).id
            conversation.write(self.id, "", self._made)

    def show(self) -> int:
        """Shows what has come since last time; how many tokens that is."""
        pieces, self._pieces = self._pieces, []
        if pieces:
            if not self._column.tokens:
                self._column.footer.setText("")
            self._column.add(pieces)
            self._conversation.write(self.id, self._column.text, self._made)
        return len(pieces)

    def settle(self) -> bool:
        """Whether there is a reply, when no more of it comes."""
        if self._column.text and not self._made.stop_reason:
            self._column.footer.setText(INTERRUPTED)
        if self.id and not self._column.text:
            self._conversation.remove(self.id)
            self.id = self._column.id = ""
        return bool(self.id)
