"""From a prompt to the replies of all columns, which become variants in the conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.conversations.conversation import Conversation, Made
from app.engine.errors import EngineDied, EngineError, JobCancelled
from app.engine.messages import (
    ClosePlan,
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
from app.ui.engine_bridge import EngineBridge
from app.ui.plan_runner import RUN
from app.ui.side_by_side.column import Column
from app.ui.side_by_side.plan_choice import NamedRecipe

if TYPE_CHECKING:
    from app.model_files.model_file import ModelFile

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
        may_open: Callable[[Sequence[ModelFile], Sequence[Open], Sequence[Open]], Awaitable[bool]],
        parent: QObject | None = None,
    ) -> None:
        """`may_open` asks the user where plans on these files do not fit beside others."""
        super().__init__(parent)
        self._engine = engine
        self._chat = chat
        self._may_open = may_open
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
            await self._engine.run(ClosePlan(slot))

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
        files = answers[0][0].files
        paths = tuple(str(file.path) for file in files)
        plans = tuple(
            Open(paths, named.recipe, settings.context, slot)
            for (named, _), slot in zip(answers, SLOTS, strict=False)
        )
        coming = [plan for plan in plans if self._open.get(plan.slot) != plan]
        staying = [plan for plan in self._open.values() if plan not in coming]
        if not await self._may_open(files, coming, staying):
            return
        replies = [_Coming(conversation, prompt, *answer) for answer in answers]

        def on_events(events: Sequence[Event]) -> None:
            pieces: dict[int, list[str]] = {}
            for event in events:
                if isinstance(event, Progress):
                    self.progressed.emit(f"{event.phase} {event.fraction:.0%}")
                elif not isinstance(event, OfPlan):
                    continue
                elif isinstance(event.told, OpenedPlan):
                    opened, named = event.told, answers[event.at][0]
                    made = made_so_far(named.name, named.recipe, opened, conversation, settings)
                    replies[event.at].begin(made)
                elif isinstance(event.told, TextPiece):
                    pieces.setdefault(event.at, []).append(event.told.text)
                else:
                    replies[event.at].add(pieces.pop(event.at, []))
                    replies[event.at].end(event.told)
            for at, new in pieces.items():
                replies[at].add(new)
            if pieces:
                self.told.emit()
            self._chat.keeping.note(*(reply.id for reply in replies if reply.id))

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
        self, conversation: Conversation, prompt: str, named: NamedRecipe, column: Column
    ) -> None:
        self._conversation = conversation
        self._prompt = prompt
        self._column = column
        self._made = Made(named.name)
        self.id = ""

    def begin(self, made: Made) -> None:
        self.id = self._column.id = self._conversation.add("assistant", "", self._prompt).id
        self._made = made
        self._conversation.write(self.id, "", made)

    def add(self, pieces: Sequence[str]) -> None:
        if pieces:
            if not self._column.tokens:
                self._column.footer.setText("")
            self._column.add(pieces)
            self._conversation.write(self.id, self._column.text, self._made)

    def end(self, reply: Reply) -> None:
        self._made = made_at_the_end(self._made, reply)
        self._conversation.write(self.id, reply.text, self._made)
        self._column.footer.setText(account_of(self._made))

    def settle(self) -> bool:
        """Whether there is a reply, when no more of it comes."""
        if self._column.text and not self._made.stop_reason:
            self._column.footer.setText(INTERRUPTED)
        if self.id and not self._column.text:
            self._conversation.remove(self.id)
            self.id = self._column.id = ""
        return bool(self.id)
