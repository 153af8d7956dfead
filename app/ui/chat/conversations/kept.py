"""What the chat does with conversations: open, begin, delete with undo, and what to do when they
cannot be kept."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.ui.chat.conversations.carrying import Carrying
from app.ui.chat.conversations.keeping import Keeping
from app.ui.chat.reply_flow import ReplyFlow
from app.ui.chat.transcript import Transcript
from app.ui.state.settings import Settings
from app.ui.state.tasks import Tasks
from app.ui.widgets import dialogs
from app.ui.widgets.counted import counted
from app.ui.widgets.strip import Link, Strip

if TYPE_CHECKING:
    from app.ui.chat.conversations.list import ConversationList

TRY_AGAIN, EXPORT_ALL, CLOSE = "Try again", "Export all …", "Close without keeping"
LATER = "Go on for now"


class KeptConversations(QObject):
    """`trouble` is shown while conversations cannot be kept, `undo` after something was deleted."""

    opened = Signal()
    """The user chose a conversation in the list."""
    notice = Signal(str)
    """Something was done that shows nowhere else, in words."""

    def __init__(
        self,
        panel: QWidget,
        keeping: Keeping,
        flow: ReplyFlow,
        transcript: Transcript,
        settings: Settings,
        tasks: Tasks,
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._keeping = keeping
        self._flow = flow
        self._transcript = transcript
        self._settings = settings
        self._tasks = tasks
        self.carrying = Carrying(panel, keeping, self.notice.emit)
        self.trouble = Strip()
        self.trouble.hide()
        self.undo = Strip()
        self.undo.hide()
        self._list: ConversationList | None = None
        keeping.listed.connect(self._remember)
        keeping.replaced.connect(self._remember)
        keeping.state_changed.connect(self._show_trouble)
        flow.busy_changed.connect(self._hide_undo)
        transcript.remove_requested.connect(lambda id: tasks.start(self._remove_message(id)))
        transcript.flipped.connect(self.flip_to)

    def make_list(self) -> ConversationList:
        """The list of conversations."""
        from app.ui.chat.conversations.list import ConversationList

        panel = ConversationList(self._keeping, self.carrying, self._tasks)
        panel.open_requested.connect(self.open)
        panel.new_requested.connect(self.begin)
        panel.remove_requested.connect(self.remove)
        self._list = panel
        return panel

    async def restore(self) -> None:
        """Open the conversation that was open when the program last ended."""
        await self._keeping.begin_with(self._settings.last_conversation())

    def begin(self) -> None:
        """Open a new conversation; a reply that is on its way is stopped first."""
        self._flow.when_idle(self._keeping.begin)

    def open(self, id: str, message: str = "") -> None:
        """Open a kept conversation, at this message where one is given."""
        if id == self._keeping.conversation.id and (not message or self._flow.busy):
            self.opened.emit()
        else:
            self._flow.when_idle(lambda: self._tasks.start(self._open(id, message)))

    def remove(self, id: str) -> None:
        """Delete a conversation."""
        if id == self._keeping.conversation.id:
            self._flow.when_idle(lambda: self._tasks.start(self._remove(id)))
        else:
            self._tasks.start(self._remove(id))

    def flip_to(self, id: str) -> None:
        """Show another variant of a message."""
        if not self._flow.busy:
            conversation = self._keeping.conversation
            self._keeping.note(*(m.id for m in conversation.show(id)))
            self._keeping.replaced.emit()
            self._transcript.look_at(id)

    async def may_close(self) -> bool:
        """Whether the user lets go of what could not be kept."""
        while self._keeping.n_unwritten:
            answer = await dialogs.ask(
                self._panel.window(),
                "Some of what was said is kept in memory only.",
                f"{self._keeping.why_not_kept} Or export the conversations into another folder.",
                (TRY_AGAIN, EXPORT_ALL, CLOSE, dialogs.CANCEL),
            )
            if answer == TRY_AGAIN:
                await self._keeping.ask(lambda store: store.try_again())
            elif answer == EXPORT_ALL:
                await self.carrying.export_all()
            else:
                return answer == CLOSE
        return True

    async def _open(self, id: str, message: str) -> None:
        if id != self._keeping.conversation.id and not await self._keeping.open(id):
            self._keeping.listed.emit()
            return
        self.opened.emit()
        if message in self._keeping.conversation.messages:
            self.flip_to(message)

    async def _remove(self, id: str) -> None:
        taken = await self._keeping.remove(id)
        if taken is not None:
            strips = [self.undo] if self._list is None else [self.undo, self._list.undo]
            words = f"“{taken.title}” was deleted"
            self._offer_undo(strips, words, lambda: self._keeping.restore(taken))

    async def _remove_message(self, id: str) -> None:
        of = self._keeping.conversation
        taken = await self._keeping.remove_message(id)
        were = "was" if len(taken) == 1 else "were"
        words = f"{counted(len(taken), 'message')} {were} deleted"
        self._offer_undo([self.undo], words, lambda: self._keeping.restore_messages(of, taken))

    def _offer_undo(
        self,
        strips: Sequence[Strip],
        words: str,
        restore: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        def hide() -> None:
            for strip in strips:
                strip.hide()

        def undo() -> None:
            hide()
            self._tasks.start(restore())

        for strip in strips:
            strip.say(None, words, (Link("Undo", undo), Link("Dismiss", hide)))
            strip.show()

    def _hide_undo(self, busy: bool) -> None:
        if busy:
            self.undo.hide()

    def _remember(self) -> None:
        conversation = self._keeping.conversation
        self._settings.save_last_conversation(conversation.id if conversation.messages else "")

    def _show_trouble(self) -> None:
        self.trouble.setVisible(bool(self._keeping.why_not_kept))
        if self._keeping.why_not_kept:
            link = Link("Why …", lambda: self._tasks.start(self._tell_trouble()))
            self.trouble.say("error", "Conversations are not kept", (link,))

    async def _tell_trouble(self) -> None:
        while self._keeping.why_not_kept:
            answer = await dialogs.ask(
                self._panel.window(),
                "Conversations are not kept.",
                f"{self._keeping.why_not_kept} What is said meanwhile is in memory only, and is "
                "written once that works.",
                (TRY_AGAIN, EXPORT_ALL, LATER),
            )
            if answer == TRY_AGAIN:
                await self._keeping.ask(lambda store: store.try_again())
                self._keeping.listed.emit()
            elif answer == EXPORT_ALL:
                await self.carrying.export_all()
            else:
                return
