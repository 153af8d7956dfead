"""What the chat does with conversations: open, begin, delete with undo, and what to do when they
cannot be stored."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui.chat.conversations.exchange import ConversationExchange
from app.ui.chat.reply_flow import ReplyFlow
from app.ui.chat.transcript import Transcript
from app.ui.state.services import Services
from app.ui.widgets import dialogs
from app.ui.widgets.message_bar import Link, MessageBar
from app.ui.widgets.quantity import quantity

if TYPE_CHECKING:
    from app.ui.chat.conversations.list import ConversationList

TRY_AGAIN, EXPORT_ALL, CLOSE = "Try again", "Export all …", "Close without saving"
LATER = "Continue for now"


class ConversationActions(QObject):
    """`trouble` is shown while the database cannot be used, `undo` after something was deleted."""

    opened = Signal()
    """The user chose a conversation in the list."""

    def __init__(self, services: Services, flow: ReplyFlow, transcript: Transcript) -> None:
        super().__init__(transcript)
        self._window = services.window
        self._conversations = services.conversations
        self._settings = services.settings
        self._tasks = services.tasks
        self._flow = flow
        self._transcript = transcript
        self.exchange = ConversationExchange(services)
        self.trouble = MessageBar()
        self.trouble.hide()
        self.undo = MessageBar()
        self.undo.hide()
        self._list: ConversationList | None = None
        self._conversations.list_changed.connect(self._remember)
        self._conversations.replaced.connect(self._remember)
        self._conversations.state_changed.connect(self._show_trouble)
        flow.busy_changed.connect(self._hide_undo)
        transcript.remove_requested.connect(lambda id: self._tasks.start(self._remove_message(id)))
        transcript.flipped.connect(self.flip_to)

    def make_list(self) -> ConversationList:
        """The list of conversations."""
        from app.ui.chat.conversations.list import ConversationList

        panel = ConversationList(self._conversations, self.exchange, self._tasks)
        panel.open_requested.connect(self.open)
        panel.new_requested.connect(self.begin)
        panel.remove_requested.connect(self.remove)
        self._list = panel
        return panel

    async def restore(self) -> None:
        """Open the conversation that was open when the program last ended."""
        await self._conversations.open_store(self._settings.last_conversation())

    def begin(self) -> None:
        """Open a new conversation; a reply that is on its way is stopped first."""
        self._flow.when_idle(self._conversations.begin)

    def open(self, id: str, message: str = "") -> None:
        """Open a stored conversation, at this message where one is given."""
        if id == self._conversations.current.id and (not message or self._flow.busy):
            self.opened.emit()
        else:
            self._flow.when_idle(lambda: self._tasks.start(self._open(id, message)))

    def remove(self, id: str) -> None:
        """Delete a conversation."""
        if id == self._conversations.current.id:
            self._flow.when_idle(lambda: self._tasks.start(self._remove(id)))
        else:
            self._tasks.start(self._remove(id))

    def flip_to(self, id: str) -> None:
        """Show another variant of a message."""
        if not self._flow.busy:
            conversation = self._conversations.current
            self._conversations.autosave(*(m.id for m in conversation.show(id)))
            self._conversations.replaced.emit()
            self._transcript.look_at(id)

    async def may_close(self) -> bool:
        """Whether the user lets go of what could not be stored."""
        while self._conversations.n_unwritten:
            answer = await dialogs.ask(
                self._window,
                "Some messages are only in memory.",
                f"{self._conversations.problem} Or export the conversations into another folder.",
                (TRY_AGAIN, EXPORT_ALL, CLOSE, dialogs.CANCEL),
            )
            if answer == TRY_AGAIN:
                await self._conversations.with_store(lambda store: store.try_again())
            elif answer == EXPORT_ALL:
                await self.exchange.export_all()
            else:
                return answer == CLOSE
        return True

    async def _open(self, id: str, message: str) -> None:
        if id != self._conversations.current.id and not await self._conversations.open(id):
            self._conversations.list_changed.emit()
            return
        self.opened.emit()
        if message in self._conversations.current.messages:
            self.flip_to(message)

    async def _remove(self, id: str) -> None:
        taken = await self._conversations.remove(id)
        if taken is not None:
            bars = [self.undo] if self._list is None else [self.undo, self._list.undo]
            words = f"“{taken.title}” was deleted"
            self._offer_undo(bars, words, lambda: self._conversations.restore(taken))

    async def _remove_message(self, id: str) -> None:
        of = self._conversations.current
        taken = await self._conversations.remove_message(id)
        were = "was" if len(taken) == 1 else "were"
        words = f"{quantity(len(taken), 'message')} {were} deleted"
        self._offer_undo(
            [self.undo], words, lambda: self._conversations.restore_messages(of, taken)
        )

    def _offer_undo(
        self,
        bars: Sequence[MessageBar],
        words: str,
        restore: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        def hide() -> None:
            for bar in bars:
                bar.hide()

        def undo() -> None:
            hide()
            self._tasks.start(restore())

        for bar in bars:
            bar.say(None, words, (Link("Undo", undo), Link("Dismiss", hide)))
            bar.show()

    def _hide_undo(self, busy: bool) -> None:
        if busy:
            self.undo.hide()

    def _remember(self) -> None:
        conversation = self._conversations.current
        self._settings.save_last_conversation(conversation.id if conversation.messages else "")

    def _show_trouble(self) -> None:
        self.trouble.setVisible(bool(self._conversations.problem))
        if self._conversations.problem:
            link = Link("Why …", lambda: self._tasks.start(self._tell_trouble()))
            self.trouble.say("error", "Conversations are not saved", (link,))

    async def _tell_trouble(self) -> None:
        while self._conversations.problem:
            answer = await dialogs.ask(
                self._window,
                "Conversations are not saved.",
                f"{self._conversations.problem} New messages stay in memory until they can be "
                "saved.",
                (TRY_AGAIN, EXPORT_ALL, LATER),
            )
            if answer == TRY_AGAIN:
                await self._conversations.with_store(lambda store: store.try_again())
                self._conversations.list_changed.emit()
            elif answer == EXPORT_ALL:
                await self.exchange.export_all()
            else:
                return
